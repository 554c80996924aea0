//! What a scrape costs, and whether probes feel it.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::time::Instant;

use super::agent;
use super::servers::Servers;
use super::work::{Kind, Load};
use crate::http::get;
use crate::spread::{Spread, median};

/// Between two scrapes: Prometheus would ask fifteen to sixty times less often.
const PAUSE: Duration = Duration::from_millis(250);

/// The agent on one load of `https`.
pub(crate) struct Scrapes {
    pub(crate) load: Load,
    pub(crate) bytes: usize,
    /// Of one scrape, in milliseconds.
    pub(crate) cpu: f64,
    /// To the end of the answer, in seconds, while probes go on.
    pub(crate) took: Spread,
    /// Of probes, in seconds, in windows without and with scrapes.
    pub(crate) quiet: Vec<Spread>,
    pub(crate) scraped: Vec<Spread>,
}

impl Scrapes {
    /// How many times as long the worst probe takes when there are scrapes: typical windows are compared, because the
    /// worst of all would be the machine's.
    pub(crate) fn slowed(&self) -> f64 {
        let worst = |windows: &[Spread]| median(windows.iter().map(|window| window.worst));
        worst(&self.scraped) / worst(&self.quiet)
    }
}

pub(crate) fn measure(
    program: &Path,
    folder: &Path,
    servers: &Servers,
    load: Load,
    rounds: usize,
) -> Result<Scrapes> {
    let agent = agent::start(program, folder, servers, Kind::Https, &load)?;
    sleep(load.warm_up);
    let (mut quiet, mut scraped, mut took) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bytes, mut spent) = (0, Vec::new());
    for _ in 0..rounds {
        let begin = agent.cpu()?;
        quiet.push(window(load.window, || {
            sleep(load.window);
            Ok(())
        })?);
        let (between, mut count) = (agent.cpu()?, 0_u32);
        scraped.push(window(load.window, || {
            let end = Instant::now() + load.window;
            while Instant::now() < end {
                let answer = get(agent::ADDRESS, "/metrics")?;
                bytes = answer.body.len();
                took.push(answer.took.as_secs_f64());
                count += 1;
                sleep(PAUSE);
            }
            Ok(())
        })?);
        let of_scrapes = (agent.cpu()? + begin).saturating_sub(between * 2);
        spent.push(of_scrapes.as_secs_f64() * 1e3 / f64::from(count));
    }
    Ok(Scrapes {
        load,
        bytes,
        cpu: median(spent),
        took: Spread::of(took),
        quiet,
        scraped,
    })
}

/// Durations of the attempts that began while `meanwhile` ran. The agent remembers the last 30 of each target, and tells of
/// them when the window is over.
fn window(length: Duration, meanwhile: impl FnOnce() -> Result<()>) -> Result<Spread> {
    meanwhile()?;
    let report = get(agent::ADDRESS, "/api/v1/status")?.body;
    let report: Value = serde_json::from_str(&report)?;
    let now = report["generated_at"]
        .as_str()
        .context("no time in a report")?;
    let now = seconds_of_day(now)?;
    let mut values = Vec::new();
    let targets = report["targets"].as_array().into_iter().flatten();
    for target in targets.filter(|target| target["probe"] == Kind::Https.as_str()) {
        for attempt in target["history"].as_array().into_iter().flatten() {
            let at = seconds_of_day(attempt["at"].as_str().context("no time of an attempt")?)?;
            // Midnight may lie between them.
            let age = (now - at).rem_euclid(86_400.0);
            if age <= length.as_secs_f64() {
                values.push(
                    attempt["duration_seconds"]
                        .as_f64()
                        .context("no duration")?,
                );
            }
        }
    }
    Ok(Spread::of(values))
}

/// Of a time such as `2026-11-24T01:23:08.123Z`.
fn seconds_of_day(time: &str) -> Result<f64> {
    let clock = time
        .get(11..)
        .context("a short time")?
        .trim_end_matches('Z');
    let mut parts = clock.split(':').map(str::parse::<f64>);
    let mut next = || parts.next().context("a time without seconds");
    Ok(next()?? * 3600.0 + next()?? * 60.0 + next()??)
}
