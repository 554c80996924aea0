//! A lab of several nodes: each has an address of its own, and the firewall treats them alike.

mod support;

use std::collections::BTreeSet;

use egress_lab::{Fault, HostSpec, Lab, LabSpec, Namespace};
use support::run;

/// curl's exit code and the status.
fn fetch(lab: &Lab, node: &Namespace) -> (Option<i32>, String) {
    let mut curl = node.command("curl");
    curl.args([
        "-s",
        "--max-time",
        "2",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--cacert",
    ]);
    curl.arg(lab.ca_file()).arg("https://mcr.microsoft.com/");
    let output = run(curl);
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn every_node_reaches_the_internet_under_its_own_address_and_every_fault_is_every_nodes() {
    let spec = LabSpec {
        nodes: 3,
        ..LabSpec::of([HostSpec::new("mcr.microsoft.com").https().ipv6()])
    };
    let lab = Lab::start(&spec).expect("the lab starts");
    let addresses: BTreeSet<_> = lab.nodes().map(|(_, address)| address).collect();
    assert_eq!(addresses.len(), 3);
    for (node, address) in lab.nodes() {
        assert_eq!(fetch(&lab, node), (Some(0), "200".to_owned()));
        // Whoever watches the nodes can do so from the firewall.
        let mut route = lab.firewall().command("bash");
        route.args([
            "-c",
            &format!("ip route get {address} | grep -q 'dev inside'"),
        ]);
        assert!(run(route).status.success(), "the way to {address}");
    }
    lab.block("mcr.microsoft.com", Fault::TlsReset)
        .expect("a fault is laid");
    for (node, _) in lab.nodes() {
        assert_eq!(fetch(&lab, node).0, Some(35));
    }
    lab.block("mcr.microsoft.com", Fault::NoRoute)
        .expect("a fault is laid");
    for (node, _) in lab.nodes() {
        assert_eq!(fetch(&lab, node).0, Some(7));
    }
    lab.heal_all().expect("the faults are taken away");
    for (node, _) in lab.nodes() {
        assert_eq!(fetch(&lab, node).0, Some(0));
    }
}
