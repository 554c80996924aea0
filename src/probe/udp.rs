//! The `udp` probe: one datagram. Only a protocol that answers can prove the way; a rejection refutes it, silence
//! leaves it open.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::addresses::{Turn, candidates};
use super::failures::Failures;
use super::random::unguessable;
use super::resolve::Resolver;
use super::{Symptom, Trace, classify, datagram};
use crate::outcome::{Phase, Reason};
use crate::target::Target;

/// The port of `OpenVPN`, which the old tunnel between nodes and control plane speaks.
const OPENVPN_PORT: u16 = 1194;

/// Addresses that one attempt tries at most.
const MOST_ADDRESSES: usize = 4;

/// A rejection comes within this time or not at all.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Proven by an authentic reply; `no_rejection`, which decides nothing, when nothing speaks against it.
pub(super) async fn probe(
    resolver: &Resolver,
    target: &Target,
    turn: Turn,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let Some(port) = target.port else {
        return Err(Symptom::new(Reason::Internal, "the plan gave no port"));
    };
    let mut addresses = candidates(resolver, &target.host, turn, trace).await?;
    addresses.truncate(MOST_ADDRESSES);
    let peers: Vec<_> = addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect();
    first_unrejected(&peers, &Opening::of(port)?, turn, trace).await
}

/// Goes on to the next address only where one was rejected: silence at one is all that silence at another could say.
async fn first_unrejected(
    peers: &[SocketAddr],
    opening: &Opening,
    turn: Turn,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let mut rejections = Failures::default();
    for &peer in peers {
        trace.enter(Phase::Exchange);
        trace.try_address(peer);
        let wait = (turn.remaining() / 2).min(LONGEST_WAIT);
        match exchange(peer, opening, Instant::now() + wait, trace).await {
            Err(symptom) if symptom.reason != Reason::NoRejection => rejections.add(symptom, trace),
            end => return end,
        }
    }
    Err(rejections.into_symptom(trace))
}

async fn exchange(
    peer: SocketAddr,
    opening: &Opening,
    until: Instant,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let socket = datagram::connect(peer, trace)?;
    let started = Instant::now();
    let sent = socket.send(&opening.datagram()).await;
    sent.map_err(|error| classify::socket_error(&error, &socket, trace))?;
    let mut buffer = [0; 2048];
    let undecided = |detail| Err(Symptom::new(Reason::NoRejection, detail));
    match timeout_at(until, socket.recv(&mut buffer)).await {
        Err(_) => {
            let waited = started.elapsed().as_secs_f64();
            undecided(format!(
                "neither a reply nor a rejection within {waited:.1} s"
            ))
        }
        Ok(Err(error)) => Err(classify::socket_error(&error, &socket, trace)),
        Ok(Ok(length)) if opening.is_proven_by(&buffer[..length]) => Ok(()),
        Ok(Ok(length)) => undecided(format!(
            "a reply of {length} bytes came, which proves nothing"
        )),
    }
}

/// What is sent, and what an authentic reply to it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The first packet of an `OpenVPN` client, without a key: a server that wants none answers with our session id.
    OpenVpn { session: u64 },
    /// One zero byte: enough for a rejection, and no request of any protocol.
    Byte,
}

impl Opening {
    /// What the server at this port may understand.
    pub(super) fn of(port: u16) -> Result<Self, Symptom> {
        match port {
            OPENVPN_PORT => unguessable().map(|session| Self::OpenVpn { session }),
            _ => Ok(Self::Byte),
        }
    }

    /// `OpenVPN`: opcode and key id, session id, no acknowledgements, packet id 0.
    pub(super) fn datagram(self) -> Vec<u8> {
        const HARD_RESET_CLIENT_V2: u8 = 7 << 3;
        match self {
            Self::Byte => vec![0],
            Self::OpenVpn { session } => {
                let mut packet = vec![HARD_RESET_CLIENT_V2];
                packet.extend(session.to_be_bytes());
                packet.extend([0; 5]);
                packet
            }
        }
    }

    /// `OpenVPN`: opcode and key id, the server's session id, the number of acknowledged packets, their ids of
    /// 4 bytes each, and then whose packets they were: our session id.
    pub(super) fn is_proven_by(self, reply: &[u8]) -> bool {
        const HARD_RESET_SERVER_V2: u8 = 8;
        const ACKNOWLEDGEMENTS: usize = 1 + 8;
        let Self::OpenVpn { session } = self else {
            return false;
        };
        let (Some(&first), Some(&count)) = (reply.first(), reply.get(ACKNOWLEDGEMENTS)) else {
            return false;
        };
        let at = ACKNOWLEDGEMENTS + 1 + usize::from(count) * 4;
        let ours = reply.get(at..at + 8) == Some(&session.to_be_bytes());
        first >> 3 == HARD_RESET_SERVER_V2 && count > 0 && ours
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::outcome::{Outcome, Verdict};
    use crate::probe::scripted::{Server, closed_port, target};
    use crate::target::{Host, Probe};

    /// Of which silence takes a half.
    const SHORT: Duration = Duration::from_millis(300);
    const OPENVPN: Opening = Opening::OpenVpn {
        session: 0x0102_0304_0506_0708,
    };

    fn turn() -> Turn {
        Turn {
            ordinal: 0,
            deadline: Instant::now() + SHORT,
        }
    }

    async fn probed(peer: SocketAddr) -> Outcome {
        let resolver = Resolver::new(Vec::new());
        let target = target(Probe::Udp, Host::Address(peer.ip()), Some(peer.port()));
        let mut trace = Trace::start(Phase::Resolve);
        let result = probe(&resolver, &target, turn(), &mut trace).await;
        trace.finish(result, None)
    }

    async fn opened(peers: &[SocketAddr], opening: Opening) -> Outcome {
        let mut trace = Trace::start(Phase::Resolve);
        let result = first_unrejected(peers, &opening, turn(), &mut trace).await;
        trace.finish(result, None)
    }

    fn unproven_detail(outcome: &Outcome) -> &str {
        match &outcome.verdict {
            Verdict::Unproven(failure) if failure.reason == Reason::NoRejection => &failure.detail,
            other => panic!("not undecided: {other:?}"),
        }
    }

    /// What a server without a key answers to a client's first packet.
    fn server_reset(request: &[u8]) -> Vec<u8> {
        [
            &[8 << 3],
            &[9; 8][..],
            &[1],
            &[0; 4],
            &request[1..9],
            &[0; 4],
        ]
        .concat()
    }

    #[tokio::test]
    async fn silence_decides_nothing() {
        let server = Server::silent().await;
        let outcome = probed(server.address).await;
        assert!(unproven_detail(&outcome).starts_with("neither a reply nor a rejection"));
        assert_eq!(server.received(), [[0]]);
        assert!(outcome.elapsed < SHORT, "half of the time, not all of it");
    }

    #[tokio::test]
    async fn a_reply_without_proof_decides_nothing() {
        let server = Server::udp(|_| vec![b"hello".to_vec()]).await;
        let outcome = probed(server.address).await;
        assert!(unproven_detail(&outcome).contains("5 bytes"));
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_with_the_icmp_message() {
        let outcome = probed(closed_port().await).await;
        let failure = outcome.verdict.failure().unwrap();
        assert_eq!(
            (failure.phase, failure.reason),
            (Phase::Exchange, Reason::ConnectionRefused)
        );
        assert!(matches!(outcome.verdict, Verdict::Unreachable(_)));
        assert!(outcome.facts.icmp.is_some());
    }

    #[tokio::test]
    async fn an_openvpn_server_that_repeats_the_session_is_proven() {
        let server = Server::udp(|request| vec![server_reset(request)]).await;
        let outcome = opened(&[server.address], OPENVPN).await;
        assert_eq!(outcome.verdict, Verdict::Reachable);
        let request = &server.received()[0];
        assert_eq!(request[..9], [0x38, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(request[9..], [0; 5]);
    }

    #[tokio::test]
    async fn the_next_address_is_tried_after_a_rejection_only() {
        let server = Server::udp(|request| vec![server_reset(request)]).await;
        let refused = SocketAddr::from(([127, 0, 0, 3], server.address.port()));
        let outcome = opened(&[refused, server.address], OPENVPN).await;
        assert_eq!(outcome.verdict, Verdict::Reachable);
        assert_eq!(outcome.addresses.len(), 2);
        assert!(outcome.addresses[0].failure.is_some());

        let port = server.address.port();
        let silent = Server::udp_at(Ipv4Addr::new(127, 0, 0, 4), port, |_| Vec::new()).await;
        let outcome = opened(&[silent.address, server.address], OPENVPN).await;
        unproven_detail(&outcome);
        assert_eq!(outcome.addresses.len(), 1);
    }

    #[test]
    fn openvpn_is_spoken_at_its_port_with_a_session_nobody_can_guess() {
        let [one, other] = [OPENVPN_PORT; 2].map(|port| Opening::of(port).unwrap());
        assert!(matches!(one, Opening::OpenVpn { .. }));
        assert_ne!(one, other);
        assert_eq!(Opening::of(9000).unwrap(), Opening::Byte);
    }

    #[test]
    fn other_sessions_and_other_packets_prove_nothing() {
        let good = server_reset(&OPENVPN.datagram());
        assert!(OPENVPN.is_proven_by(&good));
        assert!(!Opening::Byte.is_proven_by(&good));
        assert!(
            !OPENVPN.is_proven_by(&OPENVPN.datagram()),
            "our own packet, reflected"
        );
        for at in [0, 9, 14, 21] {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            assert!(!OPENVPN.is_proven_by(&bad), "byte {at}");
        }
        assert!(!OPENVPN.is_proven_by(&good[..21]));
        let nothing_acknowledged = [&good[..9], &[0], &good[14..]].concat();
        assert!(!OPENVPN.is_proven_by(&nothing_acknowledged));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(reply in proptest::collection::vec(any::<u8>(), 0..1100)) {
            prop_assert!(!OPENVPN.is_proven_by(&reply));
        }
    }
}
