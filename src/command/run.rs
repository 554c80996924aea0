//! `run`: load, bind, and work until a signal.

use anyhow::{Context, Result};
use tokio::runtime::Builder;

use super::{ExitStatus, load, output};
use crate::agent::Agent;
use crate::cli::{Common, RunArgs};
use crate::config::{ProbeSettings, Settings};
use crate::discover::Environment;
use crate::{logging, shutdown};

pub(super) fn run(
    common: &Common,
    args: &RunArgs,
    environment: &Environment,
) -> Result<ExitStatus> {
    let flags = Settings {
        listen: args.listen.map(|listen| listen.0),
        probe: ProbeSettings {
            interval: args.interval,
            ..ProbeSettings::default()
        },
        ..Settings::default()
    };
    let inputs = load(common, flags, environment)?;
    let config = &inputs.config;
    logging::start(
        config.log_level,
        config.log_format,
        output::colour_wanted(environment),
    );
    // One thread probes: timings are true when nothing else runs on it.
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let stop = shutdown::token().context("cannot listen for signals")?;
        let agent = tokio::select! {
            () = stop.cancelled() => return Ok(ExitStatus::Success),
            agent = Agent::bind(inputs) => agent?,
        };
        agent.run(stop).await?;
        tracing::info!("the agent has stopped");
        Ok(ExitStatus::Success)
    })
}
