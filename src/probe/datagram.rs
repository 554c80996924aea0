//! A UDP socket that sees what the network says about its datagrams.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as Blocking};

use tokio::net::UdpSocket;

use super::{Symptom, Trace, classify, error_queue};

/// So many datagrams that have to be ignored end the wait for a better one: a flood would keep the one thread of all
/// attempts busy until the deadline.
pub(super) const MOST_IGNORED: u32 = 256;

/// A socket from a random port, connected to `peer`: the kernel drops what others send, and reports ICMP errors
/// with their senders. Nothing is sent yet.
pub(super) fn connect(peer: SocketAddr, trace: &mut Trace) -> Result<UdpSocket, Symptom> {
    let socket = open(peer).map_err(|error| classify::io_error(&error, trace))?;
    let connected = socket.connect(peer);
    connected.map_err(|error| classify::socket_error(&error, &socket, trace))?;
    UdpSocket::from_std(socket).map_err(|error| classify::io_error(&error, trace))
}

/// The same before it is connected.
pub(crate) fn open(peer: SocketAddr) -> io::Result<Blocking> {
    let any: SocketAddr = if peer.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = Blocking::bind(any)?;
    socket.set_nonblocking(true)?;
    error_queue::enable(&socket, peer)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leave_the_network, route};
    use super::*;
    use crate::outcome::{Phase, Reason};

    #[tokio::test]
    async fn every_kind_of_route_that_says_no_is_no_route() {
        leave_the_network();
        route("blackhole", "198.51.100.0/24");
        route("prohibit", "203.0.113.0/24");
        route("unreachable", "192.0.2.0/24");
        route("blackhole", "2001:db8:1::/48");
        route("prohibit", "2001:db8:2::/48");
        for address in [
            "198.51.100.1:53",
            "203.0.113.1:53",
            "192.0.2.1:53",
            "[2001:db8:1::1]:53",
            "[2001:db8:2::1]:53",
            "[2001:db8:3::1]:53",
        ] {
            let mut trace = Trace::start(Phase::Exchange);
            let symptom = connect(address.parse().unwrap(), &mut trace).unwrap_err();
            assert_eq!(symptom.reason, Reason::Unreachable, "{address}");
            assert!(trace.facts.no_local_route, "{address}");
        }
    }
}
