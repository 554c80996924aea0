//! TCP connections to the addresses of a target, one after the other, and what stops them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::addresses::Turn;
use super::failures::Failures;
use super::stream::Stream;
use super::{Symptom, Trace, classify, error_queue};
use crate::outcome::Phase;

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
/// When all fail, the last failure that the network caused is returned, with its facts about ICMP and routes; after
/// a success there are none. The node's own trouble ends the search: with other addresses it would only repeat itself.
pub(super) async fn connect(
    addresses: &[IpAddr],
    port: u16,
    turn: Turn,
    trace: &mut Trace,
) -> Result<Connection, Symptom> {
    trace.enter(Phase::Connect);
    let mut failures = Failures::default();
    for (position, &address) in addresses.iter().enumerate() {
        let peer = SocketAddr::new(address, port);
        trace.try_address(peer);
        let started = Instant::now();
        let share = turn.share(addresses.len() - position) - started;
        match dial(peer, share, trace).await {
            Ok(stream) => {
                let took = started.elapsed();
                return Ok(Connection { stream, peer, took });
            }
            Err(symptom) if symptom.reason.is_own_trouble() => return Err(symptom),
            Err(symptom) => failures.add(symptom, trace),
        }
    }
    Err(failures.into_symptom(trace))
}

/// One connect, for at most `patience`. The error queue is read before the socket is dropped.
async fn dial(peer: SocketAddr, patience: Duration, trace: &mut Trace) -> Result<Stream, Symptom> {
    let tcp = begin(peer, trace)?;
    completed(tcp, peer, patience, trace).await
}

/// The connection that `tcp` is about to be.
async fn completed(
    tcp: TcpStream,
    peer: SocketAddr,
    patience: Duration,
    trace: &mut Trace,
) -> Result<Stream, Symptom> {
    let ended = timeout(patience, tcp.writable()).await;
    let error = match ended.map_err(|_elapsed| unanswered(patience)).flatten() {
        Ok(()) => standing(&tcp).err(),
        Err(error) => Some(error),
    };
    match error {
        None => {
            // On a connection that stands, ICMP errors are hints and the kernel keeps trying (RFC 1122 section
            // 4.2.3.9); with the error queue on it would give up, without saying who sent them.
            error_queue::disable(&tcp, peer).ok();
            Ok(Stream::from(tcp))
        }
        Some(error) if has_stood(&error) => Ok(Stream::broken(tcp, error)),
        Some(error) => Err(classify::socket_error(&error, &tcp, trace)),
    }
}

/// Whether a connect that has ended has made a connection.
pub(crate) fn standing(tcp: &TcpStream) -> io::Result<()> {
    match tcp.take_error()? {
        Some(error) => Err(error),
        // No error and no peer would be a false alarm of the poll, not a connection.
        None => tcp.peer_addr().map(drop),
    }
}

/// Whether the connection stood before it ended: an RST to a SYN is ECONNREFUSED. What comes right after the
/// handshake belongs to the next phase, or the verdict would depend on which of the two is quicker.
fn has_stood(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ECONNRESET | libc::EPIPE))
}

fn unanswered(patience: Duration) -> io::Error {
    let detail = format!("no answer to the connect within {patience:.1?}");
    io::Error::new(io::ErrorKind::TimedOut, detail)
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

/// A socket that does not block, knows no delay of Nagle's, and sees ICMP errors with their senders.
pub(crate) fn open(peer: SocketAddr) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(peer), kind, Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    // Where the kernel has no error queue the attempt is worth as much, only less telling.
    error_queue::enable(&socket, peer).ok();
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::testing::*;
    use super::*;
    use crate::outcome::Reason;

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
    async fn a_reset_right_after_the_handshake_belongs_to_whoever_reads_or_writes_first() {
        let listener = std::net::TcpListener::bind((LOOPBACK, 0)).unwrap();
        let peer = listener.local_addr().unwrap();
        for write in [true, false] {
            let mut trace = Trace::start(Phase::Connect);
            let tcp = begin(peer, &mut trace).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            let no_farewell = Some(Duration::ZERO);
            let socket = socket2::Socket::from(accepted);
            socket.set_linger(no_farewell).unwrap();
            drop(socket);
            let completed = completed(tcp, peer, Duration::from_secs(2), &mut trace).await;
            let mut stream = completed.unwrap();
            let met = if write {
                stream.write_all(b"hello").await
            } else {
                stream.read_u8().await.map(drop)
            };
            assert_eq!(met.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
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
    async fn a_route_that_says_no_is_no_route() {
        leave_the_network();
        for (kind, network, address) in [
            ("blackhole", "198.51.100.0/24", "198.51.100.1"),
            ("prohibit", "203.0.113.0/24", "203.0.113.1"),
            ("unreachable", "192.0.2.0/24", "192.0.2.1"),
            ("blackhole", "2001:db8:1::/48", "2001:db8:1::1"),
            ("prohibit", "2001:db8:2::/48", "2001:db8:2::1"),
        ] {
            route(kind, network);
            let (result, outcome) = try_all(&[address], 443).await;
            assert_eq!(result.unwrap_err().reason, Reason::Unreachable, "{kind}");
            assert!(outcome.facts.no_local_route, "{kind}");
        }
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
