//! The agent at work on the bench's servers.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::prometheus::Prometheus;
use super::run::{MOSTLY, Run, measure};
use super::servers::{NAME, Servers};
use super::work::{Kind, Load};
use crate::http::{get, is_up};
use crate::measured::Measured;

pub(crate) const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9100);

/// As on a node: its own schedule, public roots beside the given CA.
pub(crate) fn start(
    program: &Path,
    folder: &Path,
    servers: &Servers,
    kind: Kind,
    load: &Load,
) -> Result<Measured> {
    let ports: Vec<String> = kind
        .ports(load.targets)
        .map(|port| port.to_string())
        .collect();
    let catalog = format!(
        "entries:\n  - {{name: bench, hosts: [\"{NAME}\"], protocols: {{{}: {{port: [{}]}}}}}}\n",
        kind.as_str(),
        ports.join(", ")
    );
    fs::write(folder.join("catalog.yaml"), catalog)?;
    let (interval, ca_file) = (load.interval.as_secs(), servers.ca_file.display());
    // A thousand connects that each wait 1.2 s for their control need more at a time than the usual 32.
    let configuration = format!(
        "builtin: false\n\
         catalogs: [catalog.yaml]\n\
         nameservers: [\"127.0.0.1\"]\n\
         metadata: \"off\"\n\
         ca_files: [\"{ca_file}\"]\n\
         probe: {{interval: {interval}s, timeout: 5s, concurrency: 256}}\n\
         web: {{listen: \"{ADDRESS}\"}}\n"
    );
    let file = folder.join("config.yaml");
    fs::write(&file, configuration)?;
    let mut command = Command::new(program);
    command.env_clear().arg("run").arg("--config").arg(file);
    let mut agent = Measured::start("the agent", &mut command, folder.join("agent.log"))?;
    agent.wait(|| is_up(ADDRESS, "/readyz"))?;
    Ok(agent)
}

/// What the agent costs while Prometheus scrapes it once in an interval.
pub(crate) fn run(
    program: &Path,
    folder: &Path,
    servers: &Servers,
    kind: Kind,
    load: &Load,
) -> Result<Run> {
    let kind = kind.of_agent();
    let agent = start(program, folder, servers, kind, load)?;
    let job = format!("  - {{job_name: agent, static_configs: [{{targets: [\"{ADDRESS}\"]}}]}}\n");
    let mut prometheus = Prometheus::start(folder, load, &job)?;
    prometheus.wait(1)?;
    let mut counted = Vec::new();
    let mut count = || {
        counted.push(Counted::now(kind)?);
        anyhow::Ok(())
    };
    let run = measure(&agent, &prometheus, load, &mut count)?;
    let [before, after] = &counted[..] else {
        unreachable!("counted before and after");
    };
    let (probes, failed) = (
        after.attempts - before.attempts,
        after.failures - before.failures,
    );
    ensure!(
        f64::from(failed) <= f64::from(probes) * (1.0 - MOSTLY),
        "{failed} of the agent's {probes} attempts failed"
    );
    let label = format!(
        "egress_probe_duration_seconds{{probe=\"{}\"}}",
        kind.as_str()
    );
    Ok(Run {
        probes,
        latency: prometheus.samples(&label)?,
        request: prometheus.samples("scrape_duration_seconds")?,
        ..run
    })
}

/// The agent's own counters.
struct Counted {
    attempts: u32,
    failures: u32,
}

impl Counted {
    fn now(kind: Kind) -> Result<Self> {
        let exposition = get(ADDRESS, "/metrics")?.body;
        let probe = format!("probe=\"{}\"", kind.as_str());
        let sum = |name: &str| -> Result<u32> {
            let of_family = |line: &&str| line.starts_with(name) && line.contains(&probe);
            let lines = exposition.lines().filter(of_family);
            let values = lines.filter_map(|line| line.rsplit_once(' '));
            let values: Result<Vec<u32>, _> = values.map(|(_, value)| value.parse()).collect();
            Ok(values?.iter().sum())
        };
        Ok(Self {
            attempts: sum("egress_probe_attempts_total{")?,
            failures: sum("egress_probe_failures_total{")?,
        })
    }
}
