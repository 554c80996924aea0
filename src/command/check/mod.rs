//! `check`: everything once, a report, and an exit code. The same attempts as the agent's, without its schedule.

mod experiments;
mod live;
mod near;
mod round;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use tokio::runtime::Builder;

use super::{ExitStatus, glob, load, output};
use crate::agent::Inputs;
use crate::cli::{CheckArgs, Common, ReportFormat};
use crate::config::{LogLevel, Settings};
use crate::discover::Environment;
use crate::logging;
use crate::metrics::{self, AgentGauges, CatalogInfo};
use crate::plan::Plan;
use crate::status::text::{self, Detail};
use crate::status::{About, StatusReport, junit};
use crate::store::{Record, Store};
use crate::target::Target;
use live::Live;

/// Attempts in flight unless configured otherwise: all at once, so that the round ends within two deadlines, as long as
/// the descriptors last that a process may usually have (1,024; an attempt takes three at most).
const CONCURRENCY: std::ops::RangeInclusive<usize> = 64..=256;

pub(super) fn check(
    common: &Common,
    args: &CheckArgs,
    environment: &Environment,
) -> Result<ExitStatus> {
    let mut inputs = load(common, Settings::default(), environment)?;
    // Who asks for a group has it switched on.
    inputs.config.features.extend(&args.groups);
    let config = &inputs.config;
    // The report says what happened; the log would only say it again.
    let level = common.log_level.unwrap_or(LogLevel::Error);
    logging::start(level, config.log_format, output::colour_wanted(environment));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let live = Live::new(args.quiet, output::colour_wanted(environment));
    let (about, records) = runtime.block_on(probe(&inputs, args, live))?;
    let report = StatusReport::new(&about, &records, Timestamp::now());
    print(&report, &about, &records, &inputs, args, environment)?;
    Ok(verdict::exit_status(&report, args.strict))
}

async fn probe(inputs: &Inputs, args: &CheckArgs, mut live: Live) -> Result<(About, Vec<Record>)> {
    let situation = inputs.observe().await;
    let mut plan = inputs.plan(&situation);
    let prober = inputs.prober(&situation, &plan);
    select(&mut plan, args)?;
    let about = inputs.about(&situation, &plan, Timestamp::now());
    let store = Store::default();
    store.set_targets(&plan.targets);
    let at_once = plan
        .targets
        .len()
        .clamp(*CONCURRENCY.start(), *CONCURRENCY.end());
    let concurrency = inputs.config.concurrency.unwrap_or(at_once);
    live.begin(&plan.targets);
    round::run(
        &plan.targets,
        Arc::new(prober),
        &store,
        concurrency,
        &mut live,
    )
    .await;
    if let Some(experiment) = inputs.experiment() {
        live.look_into_failures();
        experiments::run(&Arc::new(experiment), &store).await;
    }
    live.settle();
    Ok((about, store.snapshot()))
}

/// Keeps only what the flags ask for.
fn select(plan: &mut Plan, args: &CheckArgs) -> Result<()> {
    ensure!(
        !plan.targets.is_empty(),
        "there is nothing to test: the catalogue has no row that applies here"
    );
    let in_groups = |target: &Target| {
        args.groups.is_empty()
            || target
                .groups
                .iter()
                .any(|group| args.groups.contains(group))
    };
    let named = |target: &Target| {
        let like = |pattern: &String| glob::matches(pattern, &target.id.target);
        args.targets.is_empty() || args.targets.iter().any(like)
    };
    let near = near::near(&plan.targets, &args.targets);
    plan.targets
        .retain(|target| in_groups(target) && named(target));
    plan.untestable.retain(|row| {
        let in_groups =
            args.groups.is_empty() || row.groups.iter().any(|g| args.groups.contains(g));
        in_groups && args.targets.is_empty()
    });
    ensure!(
        !plan.targets.is_empty(),
        "no target matches --group and --target; {near}`egress-probe catalog list --all-features` shows what there is"
    );
    Ok(())
}

fn print(
    report: &StatusReport,
    about: &About,
    records: &[Record],
    inputs: &Inputs,
    args: &CheckArgs,
    environment: &Environment,
) -> Result<()> {
    match args.format {
        ReportFormat::Text => {
            let style = text::Style {
                colour: output::colour(environment),
                width: output::width(),
            };
            let detail = match (args.quiet, args.verbose) {
                (true, _) => Detail::Brief,
                (false, true) => Detail::Phases,
                (false, false) => Detail::Usual,
            };
            let mut page = text::render_in(report, detail, style);
            if output::scrolls(&page) {
                // The last line is what is seen.
                page = page + "\n" + &text::render_headline(report, style);
            }
            output::print(&page)?;
        }
        ReportFormat::Json => output::print_json(report)?,
        ReportFormat::Junit => output::print(&junit::render(report)?)?,
        ReportFormat::Prometheus => {
            let gauges = AgentGauges {
                scheduler_lag: Duration::ZERO,
                last_reload_successful: true,
                last_reload_success: about.agent.started_at,
                catalog: CatalogInfo::of(&about.environment, &inputs.catalog.sha256),
            };
            let format = metrics::Format::Text;
            output::print(&metrics::exposition(records, about, &gauges, format)?)?;
        }
    }
    Ok(())
}
