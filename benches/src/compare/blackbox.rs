//! Debian's `blackbox_exporter`, driven by Debian's Prometheus, on the same work.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::prometheus::Prometheus;
use super::run::{MOSTLY, Run, measure};
use super::servers::{NAME, Servers};
use super::work::{Kind, Load};
use crate::http::is_up;
use crate::measured::Measured;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9115);
pub(crate) const PROGRAM: &str = "prometheus-blackbox-exporter";

pub(crate) fn run(folder: &Path, servers: &Servers, kind: Kind, load: &Load) -> Result<Run> {
    let blackbox = start(folder, servers)?;
    let mut prometheus = Prometheus::start(folder, load, &job(kind, load))?;
    prometheus.wait(load.targets)?;
    let run = measure(&blackbox, &prometheus, load, &mut || Ok(()))?;
    let range = prometheus.range();
    let probes = Prometheus::number(&format!("sum(count_over_time(probe_success[{range}]))"))?;
    let worked = Prometheus::number(&format!(
        "sum(sum_over_time(probe_success[{range}])) / sum(count_over_time(probe_success[{range}]))"
    ))?;
    ensure!(
        worked >= MOSTLY,
        "only {worked} of the probes of {PROGRAM} worked; {}",
        fs::read_to_string(folder.join("blackbox.log")).unwrap_or_default()
    );
    Ok(Run {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count"
        )]
        probes: probes as u32,
        latency: prometheus.samples("probe_duration_seconds")?,
        request: prometheus.samples("scrape_duration_seconds")?,
        ..run
    })
}

/// It asks the nameserver of /etc/resolv.conf, which is another file in its mount namespace.
fn start(folder: &Path, servers: &Servers) -> Result<Measured> {
    let file = folder.join("blackbox.yml");
    fs::write(&file, modules(servers))?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c"]);
    command.arg("mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"");
    command.arg("sh").arg(&servers.resolv_conf).arg(PROGRAM);
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--web.listen-address={ADDRESS}"));
    let mut blackbox = Measured::start(PROGRAM, &mut command, folder.join("blackbox.log"))?;
    let waited = blackbox.wait(|| is_up(ADDRESS, "/-/healthy"));
    waited.with_context(|| format!("install Debian's package {PROGRAM}"))?;
    Ok(blackbox)
}

/// What the agent's probes do, no more: `HEAD`, the same CA, both address families looked up (its default).
fn modules(servers: &Servers) -> String {
    let tls = format!("tls_config: {{ca_file: \"{}\"}}", servers.ca_file.display());
    format!(
        "modules:\n\
         \x20 https: {{prober: http, timeout: 5s, http: {{method: HEAD, fail_if_not_ssl: true, {tls}}}}}\n\
         \x20 tls: {{prober: tcp, timeout: 5s, tcp: {{tls: true, {tls}}}}}\n\
         \x20 http: {{prober: http, timeout: 5s, http: {{method: HEAD}}}}\n\
         \x20 tcp: {{prober: tcp, timeout: 5s}}\n"
    )
}

fn job(kind: Kind, load: &Load) -> String {
    let scheme = match kind {
        Kind::Https => "https://",
        Kind::Http => "http://",
        Kind::Tls | Kind::Tcp => "",
    };
    let ports = kind.ports(load.targets);
    let targets: Vec<String> = ports
        .map(|port| format!("\"{scheme}{NAME}:{port}\""))
        .collect();
    format!(
        "  - job_name: blackbox\n\
         \x20   metrics_path: /probe\n\
         \x20   params: {{module: [{}]}}\n\
         \x20   static_configs: [{{targets: [{}]}}]\n\
         \x20   relabel_configs:\n\
         \x20     - {{source_labels: [__address__], target_label: __param_target}}\n\
         \x20     - {{source_labels: [__address__], target_label: instance}}\n\
         \x20     - {{target_label: __address__, replacement: \"{ADDRESS}\"}}\n",
        kind.as_str(),
        targets.join(", ")
    )
}
