//! No nameserver answers when the agent starts.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::LazyLock;

use egress_lab::{Fault, HostSpec, Lab, LabSpec};

use crate::support::running::{PORT, Running};
use crate::support::{agent_in, file, trusting};
use crate::survivor::Survivor;

/// Faults are every node's: a lab of its own.
static DEAF: LazyLock<Lab> = LazyLock::new(|| {
    let lab = LabSpec::of([HostSpec::new("web.example").https()]);
    Lab::start(&lab).expect("the lab starts")
});

const ROWS: &str = "entries:
  - {name: web, hosts: [\"web.example\"], protocols: {https: {port: 443}}}
";

#[test]
fn an_agent_that_starts_without_any_nameserver_says_so_and_finds_them_later() {
    let lab = &*DEAF;
    lab.block("nameserver", Fault::Drop)
        .expect("a fault is laid");
    let mut command = agent_in(lab);
    let listen = SocketAddrV4::new(Ipv4Addr::LOCALHOST, PORT);
    command.args(["run", "--listen", &listen.to_string()]);
    command.args(["--no-builtin", "--metadata", "off"]);
    command.args(["--interval", "1s", "--timeout", "1s", "--catalog"]);
    command
        .arg(file(lab, "rows.yaml", ROWS))
        .args(trusting(lab));
    let agent = Running::of(lab, lab.node(), listen, command);
    for (target, probe, verdict) in [
        ("web.example", "dns", "unreachable resolve timeout"),
        ("web.example:443", "https", "unreachable resolve timeout"),
        ("198.18.1.2:53", "dns-udp", "unreachable exchange timeout"),
        ("198.18.1.2:53", "dns-tcp", "unreachable connect timeout"),
    ] {
        let seen = agent.await_verdict(target, probe, verdict);
        assert_eq!(
            seen.cause().as_deref(),
            Some("dns_outage certain"),
            "{target}"
        );
    }
    lab.heal("nameserver").expect("the fault is taken away");
    let agent = Survivor::new(agent);
    agent.assert_survived(&["timeout"]);
}
