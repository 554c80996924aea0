//! The node's interface goes down, and comes up.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;

use egress_lab::Namespace;

use crate::support::running::Running;
use crate::survivor::{LAB, Survivor, own_node, quick};

fn ip(node: &Namespace, arguments: &str) {
    let mut command = Command::new("ip");
    command.args(["-n", node.name()]).args(arguments.split(' '));
    let status = command.status().expect("ip starts");
    assert!(status.success(), "{command:?}");
}

#[test]
fn a_node_without_its_interface_says_that_it_has_no_route_and_recovers() {
    let (node, address) = own_node();
    // Watched from the node itself: nobody else reaches it meanwhile.
    let listen = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9200 + u16::from(address.octets()[2]));
    let running = Running::of(&LAB, node, listen, quick::<&str>(node, listen, &[]));
    let agent = Survivor::new(running);
    ip(node, "link set eth0 down");
    agent.await_all(&[
        "unreachable resolve unreachable",
        "unreachable connect unreachable",
        "unreachable exchange unreachable",
    ]);
    for target in agent.report().targets {
        assert_eq!(target.facts["no_local_route"], true, "{}", target.line());
        let cause = target.diagnosis.map(|diagnosis| diagnosis.cause);
        assert_eq!(
            cause.as_deref(),
            Some("route_missing"),
            "{} {}",
            target.target,
            target.probe
        );
    }
    ip(node, "link set eth0 up");
    let [a, b, c, d] = address.octets();
    ip(
        node,
        &format!("route add default via {a}.{b}.{c}.{}", d + 1),
    );
    agent.assert_survived(&["unreachable"]);
}
