//! Descriptors run out, and come back.

use std::net::{SocketAddr, TcpStream};

use crate::limits::limit;
use crate::support::running::PORT;
use crate::support::wait::until;
use crate::survivor::{LAB, Survivor, own_node};

#[test]
fn without_descriptors_nothing_is_said_of_the_network_and_the_pages_come_back() {
    let (node, address) = own_node();
    let agent = Survivor::start((node, address), &[]);
    // Fewer than it has: no socket and no file can be opened any more.
    limit(agent.pid(), "nofile", 4);
    let before = agent.log().lines().count();
    // The kernel completes these connections, and the agent cannot take them.
    let waiting = LAB.firewall().enter(move || {
        let to = SocketAddr::from((address, PORT));
        let callers = (0..20).map(|_| TcpStream::connect(to));
        Ok(callers.collect::<Result<Vec<_>, _>>()?)
    });
    let waiting = waiting.expect("connections");
    let targets = agent.targets().len();
    until("all targets unproven", || {
        let log = agent.log();
        let unproven = log.lines().filter(|line| {
            line.contains("reason=local_resource") && line.contains("Too many open files")
        });
        (unproven.count() >= targets).then_some(()).ok_or(log)
    });
    drop(waiting);
    limit(agent.pid(), "nofile", 1024);
    agent.assert_survived(&["local_resource"]);
    let log = agent.log();
    let said: Vec<_> = log.lines().skip(before).collect();
    let of_pages = said
        .iter()
        .filter(|line| line.contains("connections to the pages must wait"));
    assert_eq!(of_pages.count(), 1, "{said:#?}");
    // Per target a change there, a change back, and what the diagnosis says; no line per attempt.
    assert!(said.len() <= 3 * targets + 1, "{said:#?}");
}
