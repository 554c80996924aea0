//! Seconds from a change of the firewall to `/metrics`: in one laboratory for each kind of change, on ten nodes at once,
//! each with its own places in time, as on the nodes of a cluster.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use egress_lab::{ANYWHERE, Cluster, Fault, Lab, LabSpec, Scope};
use tokio::time::Instant;

use crate::http::get;
use crate::lab_agent::LabAgent;
use crate::machine::facts;
use crate::say;
use crate::spread::Spread;
use crate::table::Table;

/// What happens to the network.
#[derive(Clone, Copy)]
struct Change {
    name: &'static str,
    host: &'static str,
    scope: Scope,
    fault: Fault,
    /// Whether a target, by its label, and its probe are hit by it.
    hits: fn(&str, &str) -> bool,
}

const NAME: &str = "mcr.microsoft.com";

const CHANGES: [Change; 4] = [
    Change {
        name: "one name is reset",
        host: NAME,
        scope: Scope::Tcp(443),
        fault: Fault::TlsReset,
        hits: |target, probe| target == "mcr.microsoft.com:443" && probe == "https",
    },
    Change {
        name: "one name is dropped",
        host: NAME,
        scope: Scope::Tcp(443),
        fault: Fault::Drop,
        hits: |target, probe| target == "mcr.microsoft.com:443" && probe == "https",
    },
    Change {
        name: "all of 443 is dropped",
        host: ANYWHERE,
        scope: Scope::Tcp(443),
        fault: Fault::Drop,
        hits: |target, probe| target.ends_with(":443") && probe != "ntp",
    },
    Change {
        name: "DNS is dead",
        host: "nameserver",
        scope: Scope::Everything,
        fault: Fault::Drop,
        // Time servers have a pace of their own, and what is an address needs no name.
        hits: |target, probe| match probe {
            "ntp" => false,
            "dns-udp" | "dns-tcp" => true,
            _ => !is_address(target),
        },
    },
];

/// The default, and a short one.
const INTERVALS: [(&str, Duration, u16); 2] = [
    ("60 s", Duration::from_secs(60), 9100),
    ("15 s", Duration::from_secs(15), 9101),
];
const NODES: u8 = 10;
/// Between two looks at an agent: the times are this exact.
const LOOK: Duration = Duration::from_millis(500);
/// Beyond the interval: the deadline of two attempts, the pause between them, a sweep.
const PATIENCE: Duration = Duration::from_secs(60);

/// When an agent showed the first target as unreachable, and when all of them.
struct Seen {
    first: f64,
    all: f64,
}

const HEAD: &str = "\
# Seconds from a change of the firewall to /metrics

Written by `make bench-change`, whole: change the programs, not this file. How it is measured stands in [README.md](README.md).

";

/// The results as a document. A quick one has the short interval only.
pub(crate) fn run(program: &Path, quick: bool) -> Result<String> {
    let program = program.canonicalize();
    let program = program.context("the agent is not built: cargo build --release")?;
    let skipped = usize::from(quick);
    let rows: Result<Vec<_>> = thread::scope(|scope| {
        let program = &program;
        let of = |change| scope.spawn(move || one(program, change, &INTERVALS[skipped..]));
        let running: Vec<_> = CHANGES.iter().map(of).collect();
        let ended = running.into_iter().map(|lab| match lab.join() {
            Ok(result) => result,
            Err(_) => bail!("a laboratory's thread panicked"),
        });
        ended.collect()
    });
    let what = "median / worst, s";
    let mut table = Table::new(&[
        "change", "interval", "targets hit", "nodes",
        &format!("first target unreachable: {what}"), &format!("all of them: {what}"),
    ]);
    for (change, (results, hit)) in CHANGES.iter().zip(rows?) {
        for ((interval, _, _), seen) in INTERVALS[skipped..].iter().zip(results) {
            let times = |of: fn(&Seen) -> f64| {
                let spread = Spread::of(seen.iter().map(of));
                format!("{:.1} / {:.1}", spread.median, spread.worst)
            };
            let (first, all) = (times(|seen| seen.first), times(|seen| seen.all));
            table.row([change.name, *interval, &hit.to_string(), &seen.len().to_string(), &first, &all]);
        }
    }
    Ok(format!("{HEAD}{}\n{table}", facts(&program, &[])))
}

/// For each interval, what every node saw; and the number of targets that are hit.
fn one(program: &Path, change: &Change, intervals: &[(&str, Duration, u16)]) -> Result<(Vec<Vec<Seen>>, usize)> {
    let cluster = Cluster::PUBLIC;
    let spec = LabSpec {
        nodes: NODES,
        ..LabSpec::from_plan_json(&cluster.plan(program, "latest", &[])?)?
    };
    let lab = Lab::start(&spec)?;
    let mut agents = Vec::new();
    let api_server = format!("apiserver_fqdn={}", cluster.api_server());
    for (_, interval, port) in intervals {
        for (number, (node, _)) in lab.nodes().enumerate() {
            let arguments = ["--cloud", cluster.cloud, "--location", cluster.location, "--set", &api_server];
            let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
            arguments.extend(["--interval".to_owned(), format!("{}s", interval.as_secs())]);
            let name = format!("node-{number}-{}", change.name);
            agents.push(LabAgent::start(program, &lab, node, (&name, *port), &arguments)?);
        }
    }
    for agent in &mut agents {
        agent.wait()?;
    }
    say(&format!("{}: {} agents are ready", change.name, agents.len()));
    let longest = intervals.iter().map(|(_, interval, _)| *interval).max();
    // After the first round, every target comes to its own place in the interval.
    thread::sleep(longest.unwrap_or_default() + Duration::from_secs(2));
    let hit = hit_by(change, &agents[0].get("/metrics")?.body, "1").len();
    let watchers: Result<Vec<_>> = {
        let begin = Instant::now();
        lab.block_port(change.host, change.scope, change.fault)?;
        let (change, until) = (*change, begin + longest.unwrap_or_default() + PATIENCE);
        let watch = |agent: &LabAgent| {
            let address = agent.address;
            let work = move || watch(address, change, begin, until);
            agent.node.thread(work)
        };
        agents.iter().map(watch).collect()
    };
    let mut seen = Vec::new();
    for watcher in watchers? {
        match watcher.join() {
            Ok(result) => seen.push(result.with_context(|| change.name)?),
            Err(_) => bail!("a watcher panicked"),
        }
    }
    say(&format!("{}: seen everywhere", change.name));
    let mut by_interval = Vec::new();
    while !seen.is_empty() {
        let rest = seen.split_off(NODES.into());
        by_interval.push(std::mem::replace(&mut seen, rest));
    }
    Ok((by_interval, hit))
}

/// Looks at an agent's metrics until every target that the change hits is unreachable.
fn watch(address: SocketAddr, change: Change, begin: Instant, until: Instant) -> Result<Seen> {
    let mut first = None;
    loop {
        let exposition = get(address, "/metrics")?.body;
        let elapsed = begin.elapsed().as_secs_f64();
        let (down, up) = (hit_by(&change, &exposition, "0"), hit_by(&change, &exposition, "1"));
        if !down.is_empty() {
            let first = *first.get_or_insert(elapsed);
            if up.is_empty() {
                return Ok(Seen { first, all: elapsed });
            }
        }
        if Instant::now() > until {
            bail!("{address} still shows as reachable: {up:?}");
        }
        thread::sleep(LOOK);
    }
}

/// The targets that a change hits and whose state is this one.
fn hit_by(change: &Change, exposition: &str, state: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in exposition.lines() {
        let Some(labels) = line.strip_prefix("egress_probe_success{") else {
            continue;
        };
        let label = |name: &str| {
            let value = labels.split_once(&format!("{name}=\""))?.1;
            value.split_once('"').map(|(value, _)| value)
        };
        if let (Some(target), Some(probe)) = (label("target"), label("probe"))
            && (change.hits)(target, probe)
            && line.ends_with(&format!(" {state}"))
        {
            found.insert(format!("{target} {probe}"));
        }
    }
    found
}

fn is_address(target: &str) -> bool {
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    host.parse::<std::net::IpAddr>().is_ok()
}
