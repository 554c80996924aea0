//! Local ports run out, and come back.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use egress_lab::Namespace;

use crate::survivor::{Survivor, own_node};

const FIRST: u16 = 50_000;
const LAST: u16 = 50_007;

fn set_range(node: &Namespace, range: &'static str) {
    let set = node.enter(move || {
        Ok(std::fs::write(
            "/proc/sys/net/ipv4/ip_local_port_range",
            range,
        )?)
    });
    set.expect("the node's kernel parameters can be set");
}

/// Everything that the range has, over both transports.
fn hold_all(node: &Namespace) -> Vec<(TcpListener, UdpSocket)> {
    let held = node.enter(|| {
        let hold = |port| {
            let at = (Ipv4Addr::UNSPECIFIED, port);
            Ok((TcpListener::bind(at)?, UdpSocket::bind(at)?))
        };
        Ok((FIRST..=LAST).map(hold).collect::<io::Result<Vec<_>>>()?)
    });
    held.expect("nobody else is on this node")
}

#[test]
fn without_local_ports_nothing_is_said_of_the_network() {
    let (node, address) = own_node();
    let agent = Survivor::start((node, address), &[]);
    let held = hold_all(node);
    set_range(node, "50000 50007");
    agent.await_all(&[
        "unproven resolve local_resource",
        "unproven connect local_resource",
        "unproven exchange local_resource",
    ]);
    drop(held);
    agent.assert_survived(&["local_resource"]);
    set_range(node, "32768 60999");
}
