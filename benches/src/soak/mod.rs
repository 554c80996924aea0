//! The agent in a laboratory at fifty times its usual pace, with faults that come and go and pages that are read. Fails if
//! memory, descriptors or threads grow.

mod faults;
mod judge;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use egress_lab::{Cluster, Lab};
use serde_json::Value;
use tokio::time::Instant;

use crate::lab_agent::LabAgent;
use crate::say;
use faults::Faults;
use judge::{Judgement, Sample, Watched};

/// A fiftieth of the default interval.
const INTERVAL: &str = "1200ms";
/// Shorter than the default by less, so that a busy machine is not mistaken for a fault.
const TIMEOUT: &str = "1s";
/// Faults of a round, and the time between them.
const FAULTS: usize = 4;
const BETWEEN: Duration = Duration::from_secs(2);
/// Thirty attempts and their pauses fill the histories of targets; until then memory grows as it should.
const WARM_UP: Duration = Duration::from_mins(1);
/// Fewer rounds than this say nothing.
const LEAST_ROUNDS: usize = 8;
/// Until everything is reachable again. Time servers are tried every 64 s only, and do not count.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// The agent's release build
    #[arg(long)]
    agent: PathBuf,
    /// How long to go on after the warm-up, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    time: u64,
    /// Which faults come when; the same again for the same number
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &SoakArguments) -> Result<()> {
    let program = arguments.agent.canonicalize();
    let program = program.context("the agent is not built: cargo build --release")?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    say(&format!("seed {seed}"));
    let spec = Faults::spec(&program)?;
    let lab = Lab::start(&spec)?;
    let mut faults = Faults::new(&lab, &spec, seed);
    let mut options = vec!["--cloud", Cluster::PUBLIC.cloud, "--all-features"];
    options.extend(["--interval", INTERVAL, "--timeout", TIMEOUT]);
    let mut options: Vec<String> = options.into_iter().map(str::to_owned).collect();
    for (name, value) in Cluster::PUBLIC.parameters() {
        options.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    let mut agent = LabAgent::start(&program, &lab, lab.node(), ("soak", 9100), &options)?;
    agent.wait()?;
    let begin = Instant::now();
    let end = begin + WARM_UP + Duration::from_secs(arguments.time);
    let (mut samples, mut measured_from) = (Vec::new(), None);
    while Instant::now() < end {
        let sample = round(&agent, &mut faults)?;
        if begin.elapsed() >= WARM_UP {
            measured_from.get_or_insert(attempts(&agent)?);
            samples.push(sample);
        }
    }
    let attempts = attempts(&agent)? - measured_from.unwrap_or_default();
    judge(&samples, attempts)
}

fn judge(samples: &[Sample], attempts: f64) -> Result<()> {
    ensure!(
        samples.len() >= LEAST_ROUNDS,
        "{} rounds are too few to judge; give it more TIME",
        samples.len()
    );
    say(&format!("{} rounds, {attempts} attempts:", samples.len()));
    let judgements = Watched::ALL.map(|watched| Judgement::of(watched, samples));
    for judgement in &judgements {
        say(&format!("  {judgement}"));
    }
    let least = Judgement::least_leak(Watched::Memory, attempts);
    say(&format!(
        "a leak of {least:.0} bytes in every attempt would have been seen"
    ));
    ensure!(!judgements.iter().any(Judgement::grows), "the agent grows");
    Ok(())
}

/// Some faults, one upon the other, then none; what is seen once everything is well again.
fn round(agent: &LabAgent, faults: &mut Faults) -> Result<Sample> {
    let mut laid = Vec::new();
    for _ in 0..FAULTS {
        laid.push(faults.lay()?);
        read_pages(agent)?;
        sleep(BETWEEN);
    }
    faults.heal()?;
    let until = Instant::now() + PATIENCE;
    while let troubled @ 1.. = troubled(agent)? {
        ensure!(
            Instant::now() < until,
            "{troubled} targets are not reachable {PATIENCE:?} after {laid:?} were healed"
        );
        sleep(Duration::from_millis(200));
    }
    // What waits for a deadline that began during the faults is over by then.
    sleep(Duration::from_secs(2));
    let sample = sample(agent)?;
    say(&format!(
        "{:.0} KiB, {} descriptors, {} threads; after {}",
        sample.memory / 1024.0,
        sample.descriptors,
        sample.threads,
        laid.join(", ")
    ));
    Ok(sample)
}

/// What is always there: attempts under way come and go, so that the least of several looks counts.
fn sample(agent: &LabAgent) -> Result<Sample> {
    let mut least = Sample {
        memory: f64::MAX,
        descriptors: f64::MAX,
        threads: f64::MAX,
    };
    for _ in 0..20 {
        let process = &agent.process;
        #[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
        let now = Sample {
            memory: process.memory()?.anonymous as f64,
            descriptors: process.descriptors()? as f64,
            threads: process.threads()? as f64,
        };
        least.memory = least.memory.min(now.memory);
        least.descriptors = least.descriptors.min(now.descriptors);
        least.threads = least.threads.min(now.threads);
        sleep(Duration::from_millis(50));
    }
    Ok(least)
}

/// As scrapers and people do, and somebody who goes away in the middle of an answer.
fn read_pages(agent: &LabAgent) -> Result<()> {
    for path in [
        "/metrics",
        "/status",
        "/status?format=html",
        "/api/v1/status",
    ] {
        agent.get(path)?;
    }
    let address: SocketAddr = agent.address;
    agent.node.enter(move || {
        use std::io::Write;
        let mut gone = std::net::TcpStream::connect(address)?;
        gone.write_all(b"GET /status?watch HTTP/1.1\r\nHost: soak\r\n\r\n")?;
        Ok(())
    })
}

/// Targets that are not reachable, those of time servers left out.
fn troubled(agent: &LabAgent) -> Result<usize> {
    let report: Value = serde_json::from_str(&agent.get("/api/v1/status")?.body)?;
    let targets = report["targets"]
        .as_array()
        .context("a report without targets")?;
    let in_trouble = |target: &&Value| target["state"] != "reachable" && target["probe"] != "ntp";
    Ok(targets.iter().filter(in_trouble).count())
}

fn attempts(agent: &LabAgent) -> Result<f64> {
    let exposition = agent.get("/metrics")?.body;
    let counters = exposition
        .lines()
        .filter(|line| line.starts_with("egress_probe_attempts_total{"));
    let values = counters.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    Ok(values.sum())
}
