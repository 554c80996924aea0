//! `run`: load, bind, and work until a signal.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::{ExitStatus, output, sources};
use crate::agent::{Agent, Files, Reloading};
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
        web_config: args.web_config.clone(),
        ..Settings::default()
    };
    let sources = sources(common, flags, environment).of_a_server();
    let mut files = Files::default();
    let inputs = sources.load(&mut files)?;
    let config = &inputs.config;
    let logging = logging::start(
        config.log_level,
        config.log_format,
        output::colour_wanted(environment),
    );
    // One thread probes: timings are true when nothing else runs on it. Another one reads files; a second is for when
    // that one hangs.
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::MAX)
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        // It is made now and stays: on a node that has run out of threads, the runtime panics for want of the first.
        spawn_blocking(|| {})
            .await
            .context("cannot start a thread that reads files")?;
        let stop = shutdown::token().context("cannot listen for signals")?;
        let hangups = signal(SignalKind::hangup()).context("cannot listen for signals")?;
        let agent = tokio::select! {
            () = stop.cancelled() => return Ok(ExitStatus::Success),
            agent = Agent::bind(inputs) => agent?,
        };
        let reloading = Reloading {
            sources,
            files,
            hangups,
            logging,
        };
        Box::pin(agent.run(reloading, stop)).await?;
        tracing::info!("the agent has stopped");
        Ok(ExitStatus::Success)
    });
    // A file system that hangs holds up a thread, which must not hold up the end.
    runtime.shutdown_background();
    ended
}
