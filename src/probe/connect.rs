//! TCP connections to the addresses of a target, one after the other, and what stops them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::addresses::Turn;
use super::stream::Stream;
use super::{Symptom, Trace, classify, error_queue};
use crate::outcome::{IcmpError, Phase, Reason};

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Connection {
    /// Non-blocking, without Nagle's delay.
    pub(super) stream: Stream,
    /// The address that answered.
    pub(super) peer: SocketAddr,
    /// From SYN to SYN-ACK, without the addresses that failed before; through a proxy, until the tunnel stood.
    pub(super) took: Duration,
}

/// Connects to the first of `addresses` that answers. Each gets its share of the time that remains.
///
/// When all fail, the last failure that the network caused is returned: an address for which no packet left
/// this node (a family without a route, say) hides no other address's failure. Facts about ICMP and routes are
/// those of the failure returned; after a success there are none. The node's own trouble ends the search:
/// with other addresses it would only repeat itself.
pub(super) async fn connect(
    addresses: &[IpAddr],
    port: u16,
    turn: Turn,
    trace: &mut Trace,
) -> Result<Connection, Symptom> {
    trace.enter(Phase::Connect);
    let mut telling: Option<FailedAddress> = None;
    for (position, &address) in addresses.iter().enumerate() {
        let peer = SocketAddr::new(address, port);
        trace.try_address(peer);
        let started = Instant::now();
        let share = turn.share(addresses.len() - position) - started;
        match dial(peer, share, trace).await {
            Ok(stream) => {
                let took = started.elapsed();
                let stream = Stream::from(stream);
                return Ok(Connection { stream, peer, took });
            }
            Err(symptom) if symptom.reason.is_own_trouble() => return Err(symptom),
            Err(symptom) => {
                trace.address_failed(&symptom);
                let failed = FailedAddress::new(symptom, trace);
                if telling.is_none() || !failed.no_local_route {
                    telling = Some(failed);
                }
            }
        }
    }
    Err(telling.map_or_else(no_address, |failed| failed.restore(trace)))
}

/// One connect, for at most `patience`. The error queue is read before the socket is dropped.
async fn dial(
    peer: SocketAddr,
    patience: Duration,
    trace: &mut Trace,
) -> Result<TcpStream, Symptom> {
    let stream = begin(peer, trace)?;
    let error = match timeout(patience, stream.writable()).await {
        Ok(Ok(())) => stream
            .take_error()
            .unwrap_or_else(Some)
            // No error and no peer would be a false alarm of the poll, not a connection.
            .or_else(|| stream.peer_addr().err()),
        Ok(Err(error)) => Some(error),
        Err(_elapsed) => Some(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer to the connect within {patience:.1?}"),
        )),
    };
    if let Some(error) = error {
        return Err(classify::socket_error(&error, &stream, trace));
    }
    // On a connection that stands, ICMP errors are hints and the kernel keeps trying (RFC 1122 section 4.2.3.9);
    // with the error queue on it would give up, without saying who sent them.
    error_queue::disable(&stream, peer).ok();
    Ok(stream)
}

/// Sends the SYN.
fn begin(peer: SocketAddr, trace: &mut Trace) -> Result<TcpStream, Symptom> {
    let socket = open(peer).map_err(|error| classify::io_error(&error, trace))?;
    match socket.connect(&peer.into()) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => {
            Err(classify::socket_error(&error, &socket, trace))
        }
        _ => TcpStream::from_std(socket.into()).map_err(|error| classify::io_error(&error, trace)),
    }
}

fn open(peer: SocketAddr) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(peer), kind, Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    // Where the kernel has no error queue the attempt is worth as much, only less telling.
    error_queue::enable(&socket, peer).ok();
    Ok(socket)
}

/// A failure with the facts that belong to it.
struct FailedAddress {
    symptom: Symptom,
    icmp: Option<IcmpError>,
    no_local_route: bool,
}

impl FailedAddress {
    fn new(symptom: Symptom, trace: &Trace) -> Self {
        Self {
            symptom,
            icmp: trace.facts.icmp,
            no_local_route: trace.facts.no_local_route,
        }
    }

    fn restore(self, trace: &mut Trace) -> Symptom {
        trace.facts.icmp = self.icmp;
        trace.facts.no_local_route = self.no_local_route;
        self.symptom
    }
}

fn no_address() -> Symptom {
    Symptom::new(Reason::NoAddresses, "there is no address to connect to")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn turn() -> Turn {
        Turn {
            ordinal: 0,
            deadline: Instant::now() + Duration::from_secs(2),
        }
    }

    async fn try_all(
        addresses: &[&str],
        port: u16,
    ) -> (Result<Connection, Symptom>, crate::outcome::Outcome) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let mut trace = Trace::start(Phase::Connect);
        let result = connect(&addresses, port, turn(), &mut trace).await;
        let outcome = trace.finish(result.as_ref().map(drop).map_err(Clone::clone), None);
        (result, outcome)
    }

    #[tokio::test]
    async fn the_next_address_is_tried_and_leaves_no_facts_of_the_first() {
        leave_the_network();
        let peer = silent().await;
        let (result, outcome) =
            try_all(&["192.0.2.1", "127.0.0.2", "127.0.0.1"], peer.port()).await;
        assert_eq!(result.unwrap().peer, peer);
        let failed: Vec<_> = outcome
            .addresses
            .iter()
            .map(|tried| tried.failure.as_ref().map(|failure| failure.reason))
            .collect();
        let expected = [
            Some(Reason::Unreachable),
            Some(Reason::ConnectionRefused),
            None,
        ];
        assert_eq!(failed, expected);
        assert!(!outcome.facts.no_local_route);
    }

    #[tokio::test]
    async fn an_address_without_a_route_hides_no_refusal() {
        leave_the_network();
        let port = closed_port().await.port();
        for addresses in [["127.0.0.1", "192.0.2.1"], ["192.0.2.1", "127.0.0.1"]] {
            let (result, outcome) = try_all(&addresses, port).await;
            assert_eq!(result.unwrap_err().reason, Reason::ConnectionRefused);
            assert!(!outcome.facts.no_local_route);
            assert_eq!(outcome.addresses.len(), 2);
        }
    }

    #[tokio::test]
    async fn a_node_without_a_route_says_so() {
        leave_the_network();
        let (result, outcome) = try_all(&["192.0.2.1", "2001:db8::1"], 443).await;
        assert_eq!(result.unwrap_err().reason, Reason::Unreachable);
        assert!(outcome.facts.no_local_route);
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_gets_its_share_only() {
        let full = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&SocketAddr::new(LOOPBACK, 0).into()).unwrap();
        full.listen(0).unwrap();
        let peer = full.local_addr().unwrap().as_socket().unwrap();
        let filler = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        filler.connect(&peer.into()).unwrap();
        let mut trace = Trace::start(Phase::Connect);
        let turn = Turn {
            ordinal: 0,
            deadline: Instant::now() + Duration::from_millis(200),
        };
        let addresses = [LOOPBACK, "127.0.0.2".parse().unwrap()];
        let result = connect(&addresses, peer.port(), turn, &mut trace).await;
        assert_eq!(result.unwrap_err().reason, Reason::ConnectionRefused);
        let outcome = trace.finish(Ok(()), None);
        let first = outcome.addresses[0].failure.as_ref().unwrap();
        assert_eq!(first.reason, Reason::Timeout);
        assert!(outcome.elapsed < Duration::from_millis(180), "{outcome:?}");
    }
}
