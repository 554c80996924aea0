//! `catalog`: list, validate, diff, schema.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Builder;

use super::{ExitStatus, load, output};
use crate::catalog::diff::{Diff, Listed, diff};
use crate::catalog::{Catalog, Cloud, Edition, SCHEMA};
use crate::cli::{CatalogCommand, Common, ListFormat};
use crate::config::{Config, Settings};
use crate::discover::Environment;
use crate::plan::Listing;
use crate::problem::Problem;
use crate::table::Table;

pub(super) fn catalog(
    common: &Common,
    command: &CatalogCommand,
    environment: &Environment,
) -> Result<ExitStatus> {
    match command {
        CatalogCommand::List { format } => list(common, *format, environment),
        CatalogCommand::Validate { files, format } => validate(common, files, *format),
        CatalogCommand::Diff { from, to, format } => {
            print_diff(common, (from, to), *format, environment)
        }
        // A schema has one form; asking for text gives the same.
        CatalogCommand::Schema { .. } => {
            output::print(SCHEMA)?;
            Ok(ExitStatus::Success)
        }
    }
}

fn list(common: &Common, format: ListFormat, environment: &Environment) -> Result<ExitStatus> {
    let inputs = load(common, Settings::default(), environment)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let situation = runtime.block_on(inputs.observe());
    let listing = Listing::new(&inputs.plan(&situation));
    match format {
        ListFormat::Json => output::print_json(&listing)?,
        ListFormat::Text => output::print(&listing_text(&listing, situation.surroundings.cloud.0))?,
    }
    Ok(ExitStatus::Success)
}

fn listing_text(listing: &Listing, cloud: Cloud) -> String {
    let mut targets = Table::new(["TARGET", "PROBE", "REQUIREMENT", "GROUPS", "DOCUMENTED AS"]);
    for row in &listing.targets {
        targets.add([
            row.target.clone(),
            row.probe.to_string(),
            row.requirement.to_string(),
            row.groups_text(),
            row.pattern.clone(),
        ]);
    }
    let mut text = format!(
        "{} rows of cloud {cloud} can be tested\n\n{targets}",
        listing.targets.len()
    );
    if !listing.untestable.is_empty() {
        let mut rows = Table::new([
            "DOCUMENTED AS",
            "PROBE",
            "PORT",
            "REQUIREMENT",
            "GROUPS",
            "NEEDS",
        ]);
        for row in &listing.untestable {
            rows.add([
                row.pattern.clone(),
                row.probe.to_string(),
                row.port.to_string(),
                row.requirement.to_string(),
                row.groups_text(),
                row.needs.join(", "),
            ]);
        }
        text += &format!(
            "\n{} rows cannot be tested until something is given\n\n{rows}",
            listing.untestable.len()
        );
    }
    text
}

fn validate(common: &Common, files: &[PathBuf], format: ListFormat) -> Result<ExitStatus> {
    #[derive(Serialize)]
    struct Report<'a> {
        valid: bool,
        problems: Vec<&'a Problem>,
    }
    let config = Config::from(common.settings());
    let mut sources = config.catalog_sources();
    sources.files.extend_from_slice(files);
    let loaded = Catalog::load(&sources);
    let problems: Vec<&Problem> = loaded
        .as_ref()
        .err()
        .into_iter()
        .flat_map(|p| p.iter())
        .collect();
    let valid = problems.is_empty();
    match format {
        ListFormat::Json => output::print_json(&Report { valid, problems })?,
        ListFormat::Text if valid => {
            output::print(&format!("{} files: nothing wrong\n", files.len()))?
        }
        ListFormat::Text => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            output::print(&format!("{}\n{} problems\n", lines.join("\n"), lines.len()))?;
        }
    }
    Ok(if valid {
        ExitStatus::Success
    } else {
        ExitStatus::Trouble
    })
}

fn print_diff(
    common: &Common,
    (from, to): (&Edition, &Edition),
    format: ListFormat,
    environment: &Environment,
) -> Result<ExitStatus> {
    #[derive(Serialize)]
    struct Report {
        cloud: Cloud,
        from: String,
        to: String,
        #[serde(flatten)]
        diff: Diff,
    }
    let inputs = load(common, Settings::default(), environment)?;
    let cloud = inputs
        .config
        .cloud
        .as_ref()
        .map_or(Cloud::Public, |(cloud, _)| *cloud);
    let diff = diff(&inputs.catalog, cloud, from, to);
    let (from, to) = (from.to_string(), to.to_string());
    match format {
        ListFormat::Json => output::print_json(&Report {
            cloud,
            from,
            to,
            diff,
        })?,
        ListFormat::Text => output::print(&diff_text(cloud, &from, &to, &diff))?,
    }
    Ok(ExitStatus::Success)
}

fn diff_text(cloud: Cloud, from: &str, to: &str, diff: &Diff) -> String {
    let Diff {
        added,
        removed,
        changed,
    } = diff;
    let mut text = format!("Cloud {cloud}, from edition {from} to {to}\n");
    text += &section("must be added", '+', added);
    text += &section("may be removed", '-', removed);
    if !changed.is_empty() {
        text += &format!("\n{} are listed on other terms\n\n", changed.len());
        let mut table = Table::new(["", "HOST", "PROTOCOL", "PORT", "BEFORE", "AFTER"]);
        for change in changed {
            table.add([
                "~".to_owned(),
                change.rule.pattern.clone(),
                change.rule.protocol.to_string(),
                change.rule.port.to_string(),
                change.before.to_string(),
                change.after.to_string(),
            ]);
        }
        text += &table.to_string();
    }
    text
}

fn section(title: &str, sign: char, rules: &[Listed]) -> String {
    if rules.is_empty() {
        return format!("\nnothing {title}\n");
    }
    let mut table = Table::new(["", "HOST", "PROTOCOL", "PORT", "TERMS", "PURPOSE"]);
    for Listed { rule, terms } in rules {
        table.add([
            sign.to_string(),
            rule.pattern.clone(),
            rule.protocol.to_string(),
            rule.port.to_string(),
            terms.to_string(),
            terms.purpose.clone(),
        ]);
    }
    format!("\n{} {title}\n\n{table}", rules.len())
}
