//! `egress-lab up`: from the agent's plan to a running lab with the agent in it, until somebody ends it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use egress_lab::{Cluster, HostSpec, Lab, LabSpec};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::agent::{Agent, configuration};
use super::beacon::Claim;
use super::{UpArguments, say};

pub(super) fn run(arguments: &UpArguments, beacon: &Path) -> Result<ExitCode> {
    let stop = stop_signal()?;
    let mut claim = Claim::stake(beacon)?;
    let cluster = Cluster::of(&arguments.cloud)?;
    let plan = cluster.plan(&arguments.agent, &arguments.edition, &[])?;
    let mut spec = LabSpec::from_plan_json(&plan)?;
    spec.metadata = Some(cluster.metadata());
    spec.middleboxes = true;

    let lab = Lab::start(&spec)?;
    fs::write(lab.folder().join("plan.json"), &plan)?;
    let configuration = configuration(arguments, &cluster, &lab)?;
    let mut agent = Agent::start(&lab, &arguments.agent, &configuration)?;
    claim.light(&lab)?;
    say(&instructions(&lab, &spec, &agent))?;

    while !stop.load(Ordering::Relaxed) {
        if let Some(status) = agent.ended()? {
            let log = fs::read_to_string(&agent.log).unwrap_or_default();
            say(&format!(
                "the agent has ended ({status}); its log:\n{}",
                tail(&log)
            ))?;
            return Ok(ExitCode::FAILURE);
        }
        thread::sleep(Duration::from_millis(100));
    }
    agent.stop()?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes true at the first signal to end; whatever has been built by then is taken down in order.
fn stop_signal() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("handling signals")?;
    }
    Ok(stop)
}

fn instructions(lab: &Lab, spec: &LabSpec, agent: &Agent) -> String {
    let node = lab.node().name();
    // In every list of every cloud, and known to everybody.
    let known = |host: &&HostSpec| host.name == "mcr.microsoft.com";
    let example = spec.hosts.iter().find(known).or(spec.hosts.first());
    let example = example.map_or("HOST", |host| &host.name);
    format!(
        "The lab is up: {hosts} hosts, and the agent on its node. From another terminal:

  ip netns exec {node} curl -s http://127.0.0.1:9100/status
  make lab-status                     what runs, and which faults stand
  make lab-faults                     what can break
  make lab-fault NAME=sni-reset       breaks it, on a host on which it shows
  make lab-block HOST={example} FAULT=tls-reset
  make lab-heal                       every host is well again
  make lab-exec CMD='curl https://{example}/'

The agent's log: {log}
Everything else: {folder}
Ctrl-C ends the lab and removes all of it.",
        hosts = spec.hosts.len(),
        log = agent.log.display(),
        folder = lab.folder().display(),
    )
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
