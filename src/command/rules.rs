//! `rules`: the allow-list of the plan, or what a report shows to be missing in it.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Builder;

use super::{ExitStatus, load, output};
use crate::cli::{Common, RulesArgs};
use crate::config::Settings;
use crate::discover::Environment;
use crate::rules::{self, LONGEST_REPORT, RuleSet};

pub(super) fn rules(
    common: &Common,
    args: &RulesArgs,
    environment: &Environment,
) -> Result<ExitStatus> {
    let mut set = match &args.failing {
        Some(report) => failing(report)?,
        None => planned(common, environment)?,
    };
    set.node_subnets.clone_from(&args.sources);
    set.fqdn_tag = args.fqdn_tag;
    output::print(&set.write(args.format)?)?;
    Ok(ExitStatus::Success)
}

fn planned(common: &Common, environment: &Environment) -> Result<RuleSet> {
    let inputs = load(common, Settings::default(), environment)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let situation = runtime.block_on(inputs.observe());
    let surroundings = &situation.surroundings;
    let location = surroundings.parameters.get("location");
    Ok(RuleSet::of_plan(
        &inputs.plan(&situation),
        surroundings.cloud.0,
        &inputs.config.edition,
        location.map(|given| given.values.join(", ")),
    ))
}

fn failing(report: &Path) -> Result<RuleSet> {
    let (name, text) = if report.as_os_str() == "-" {
        ("standard input".to_owned(), read(stdin().lock()))
    } else {
        let text = File::open(report)
            .context("cannot be opened")
            .and_then(read);
        (report.display().to_string(), text)
    };
    text.and_then(|text| Ok(rules::of_report(&text)?))
        .with_context(|| format!("--failing {name}"))
}

/// A report, and no more than that: a pipe may have no end.
fn read(from: impl Read) -> Result<String> {
    let mut text = String::new();
    let mut bounded = from.take(LONGEST_REPORT + 1);
    bounded
        .read_to_string(&mut text)
        .context("cannot be read")?;
    let longest = LONGEST_REPORT;
    ensure!(
        u64::try_from(text.len()).is_ok_and(|length| length <= longest),
        "is longer than {} MiB: it is no report",
        longest >> 20
    );
    Ok(text)
}
