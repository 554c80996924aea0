//! `egress-lab status`: what runs, who lives where, and which faults stand.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::Result;
use egress_lab::{Namespace, Service, Site};

use super::beacon::Beacon;

pub(super) fn render(beacon: &Beacon) -> Result<String> {
    let control = &beacon.control;
    let topology = control.topology();
    let mut text = String::new();
    writeln!(
        text,
        "lab of process {}, files in {}\n",
        beacon.process,
        control.folder().display()
    )?;
    let nodes = topology.nodes.iter().map(|node| ("node", node));
    let others = [
        ("router", &topology.near),
        ("firewall", &topology.firewall),
        ("router", &topology.far),
        ("internet", &topology.internet),
    ];
    for (part, namespace) in nodes.chain(others) {
        let programs = programs(namespace)?.join(", ");
        writeln!(text, "{part:9} {:24} {programs}", namespace.name())?;
    }
    writeln!(text, "\nhosts")?;
    for site in &control.directory().sites {
        writeln!(text, "  {}", host_line(site))?;
    }
    let faults = control.faults()?;
    writeln!(
        text,
        "\nfaults{}",
        if faults.is_empty() { ": none" } else { "" }
    )?;
    for standing in faults {
        writeln!(text, "  {standing}")?;
    }
    Ok(text)
}

/// The names of the programs that run in a namespace.
fn programs(namespace: &Namespace) -> Result<Vec<String>> {
    let output = Command::new("ip")
        .args(["netns", "pids", namespace.name()])
        .output()?;
    let pids = String::from_utf8_lossy(&output.stdout).into_owned();
    // One that ends in between has no name any more.
    let name = |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let names = pids.lines().filter_map(name);
    let mut names: Vec<_> = names.map(|name| name.trim().to_owned()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn host_line(site: &Site) -> String {
    let addresses: Vec<_> = site.addresses().iter().map(ToString::to_string).collect();
    let services: Vec<_> = site.spec.services.iter().map(service).collect();
    let (addresses, services) = (addresses.join(" "), services.join(" "));
    format!("{:60} {addresses:16} {services}", site.spec.name)
}

fn service(service: &Service) -> String {
    let kind = match service {
        Service::Https { alpn, .. } if !alpn.is_empty() => "https+alpn",
        Service::Https { .. } => "https",
        Service::Http { .. } => "http",
        Service::Ssh { .. } => "ssh",
        Service::Tcp(_) => "tcp",
        Service::Ntp => "ntp",
        Service::UdpSilent(_) => "udp",
    };
    format!("{kind}:{}", service.port())
}
