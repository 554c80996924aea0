//! One change in one laboratory: agents, the change, and what each of them saw.

use std::path::Path;
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use egress_lab::{Cluster, Lab, LabSpec};
use tokio::time::Instant;

use super::watch::{Seen, hit_by, watch};
use super::{Change, Interval};
use crate::lab_agent::LabAgent;
use crate::say;

const NODES: u8 = 10;
/// Beyond the interval: the deadline of two attempts, the pause between them, a sweep.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of one change.
pub(super) struct Outcome {
    /// Targets that it hits.
    pub(super) hit: usize,
    /// What every node saw, for each interval.
    pub(super) seen: Vec<Vec<Seen>>,
}

pub(super) fn outcome(program: &Path, change: &Change, intervals: &[Interval]) -> Result<Outcome> {
    let spec = LabSpec {
        nodes: NODES,
        ..LabSpec::from_plan_json(&Cluster::PUBLIC.plan(program, "latest", &[])?)?
    };
    let lab = Lab::start(&spec)?;
    let mut agents = Vec::new();
    for interval in intervals {
        agents.push(agents_of(program, &lab, change, interval)?);
    }
    let longest = intervals.iter().map(|interval| interval.time).max();
    let longest = longest.context("no interval to measure")?;
    say(&format!("{}: the agents are ready", change.name));
    // After the first round, every target comes to its own place in the interval.
    sleep(longest + Duration::from_secs(2));
    let hit = hit_by(change, &agents[0][0].get("/metrics")?.body, "1").len();
    let watchers = lay(change, &lab, &agents, longest + PATIENCE)?;
    let mut seen = Vec::new();
    for of_interval in watchers {
        let ended = of_interval.into_iter().map(|watcher| match watcher.join() {
            Ok(result) => result.context(change.name),
            Err(_) => bail!("a watcher panicked"),
        });
        seen.push(ended.collect::<Result<_>>()?);
    }
    say(&format!("{}: seen everywhere", change.name));
    Ok(Outcome { hit, seen })
}

/// One on every node, each with a name of its own, which decides its places in time. Their first round is over.
fn agents_of<'a>(
    program: &Path,
    lab: &'a Lab,
    change: &Change,
    interval: &Interval,
) -> Result<Vec<LabAgent<'a>>> {
    let cluster = Cluster::PUBLIC;
    let api_server = format!("apiserver_fqdn={}", cluster.api_server());
    let every = format!("{}s", interval.time.as_secs());
    let arguments = [
        ["--cloud", cluster.cloud],
        ["--location", cluster.location],
        ["--set", &api_server],
        ["--interval", &every],
    ];
    let arguments: Vec<String> = arguments.concat().into_iter().map(str::to_owned).collect();
    let mut agents = Vec::new();
    for (number, (node, _)) in lab.nodes().enumerate() {
        let name = format!("{} {number}", change.name);
        let place = (name.as_str(), interval.port);
        agents.push(LabAgent::start(program, lab, node, place, &arguments)?);
    }
    for agent in &mut agents {
        agent.wait()?;
    }
    Ok(agents)
}

type Watcher = JoinHandle<Result<Seen>>;

/// Lays the fault and has every agent watched from the moment before.
fn lay(
    change: &Change,
    lab: &Lab,
    agents: &[Vec<LabAgent>],
    patience: Duration,
) -> Result<Vec<Vec<Watcher>>> {
    let (change, begin) = (*change, Instant::now());
    lab.block_port(change.host, change.scope, change.fault)?;
    let watcher = |agent: &LabAgent| {
        let address = agent.address;
        let work = move || watch(address, change, begin, begin + patience);
        agent.node.thread(work)
    };
    let of_interval = |agents: &Vec<LabAgent>| agents.iter().map(watcher).collect();
    agents.iter().map(of_interval).collect()
}
