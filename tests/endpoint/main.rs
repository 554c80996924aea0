//! The port of the running agent under callers who mean no good, and under a web config: with real tools, in the lab.

#[path = "../support/mod.rs"]
mod support;

mod agent;
mod bench;
mod flood;
mod handshake;
mod login;
mod pki;
#[path = "../support/prometheus.rs"]
mod prometheus;
mod renewal;
mod scrape;
mod secrets;

use std::sync::LazyLock;

use egress_lab::{HostSpec, Lab, LabSpec};

/// Every agent has a port of its own.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let host = HostSpec::new("well.example").https();
    Lab::start(&LabSpec::of([host])).expect("the lab starts")
});

/// What the agents here test: one host that is well, and so many closed ports that pages are long.
fn catalog(ports: usize) -> String {
    let ports: Vec<String> = (1..=ports).map(|port| port.to_string()).collect();
    format!(
        "entries:
  - {{name: well, hosts: [\"well.example\"], protocols: {{https: {{port: 443}}}}}}
  - {{name: closed, hosts: [\"well.example\"], protocols: {{tcp: {{port: [{}]}}}}}}
",
        ports.join(", ")
    )
}
