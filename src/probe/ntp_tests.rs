//! NTP attempts against scripted servers on loopback.

use std::net::Ipv4Addr;

use super::*;
use crate::outcome::{Outcome, Verdict};
use crate::probe::ntp_packet::tests::{Draft, cookie_of};
use crate::probe::scripted::{Server, closed_port, target};
use crate::target::{Host, Probe};

/// For attempts that end in silence.
const SHORT: Duration = Duration::from_millis(60);
const AMPLE: Duration = Duration::from_secs(10);

/// A server that answers with `replies` to a good reply's draft.
async fn server(replies: impl Fn(Draft) -> Vec<Vec<u8>> + Send + 'static) -> Server {
    Server::udp(move |request| replies(Draft::at(SystemTime::now(), cookie_of(request)))).await
}

async fn probed(peer: SocketAddr, limit: Duration) -> Outcome {
    let resolver = Resolver::new(Vec::new());
    let target = target(Probe::Ntp, Host::Address(peer.ip()), Some(peer.port()));
    let mut trace = Trace::start(Phase::Resolve);
    let turn = turn(limit);
    let result = probe(&resolver, &target, turn, &Limits::default(), &mut trace).await;
    trace.finish(result, None)
}

fn turn(limit: Duration) -> Turn {
    Turn {
        ordinal: 0,
        deadline: Instant::now() + limit,
    }
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.verdict.failure().map(|failure| failure.reason)
}

async fn warnings(change: impl Fn(Draft) -> Draft + Send + 'static) -> Vec<Warning> {
    let server = server(move |draft| vec![change(draft).bytes()]).await;
    let outcome = probed(server.address, AMPLE).await;
    assert_eq!(outcome.verdict, Verdict::Reachable);
    outcome.warnings
}

#[tokio::test]
async fn an_authentic_reply_proves_the_server() {
    let server = server(|draft| vec![draft.bytes()]).await;
    let outcome = probed(server.address, AMPLE).await;
    assert_eq!(outcome.verdict, Verdict::Reachable);
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
    let reply = outcome.facts.ntp.unwrap();
    assert_eq!((reply.stratum, reply.leap), (2, 0));
    let (offset, delay) = (reply.offset_seconds.unwrap(), reply.delay_seconds.unwrap());
    assert!(offset.abs() < 1.0, "{offset}");
    assert!((0.0..5.0).contains(&delay), "{delay}");
    assert_eq!(server.received().len(), 1, "one packet an exchange");
    assert_eq!(outcome.addresses[0].address, server.address);
}

#[tokio::test]
async fn every_request_has_a_cookie_of_its_own() {
    let server = server(|draft| vec![draft.bytes()]).await;
    probed(server.address, AMPLE).await;
    probed(server.address, AMPLE).await;
    let cookies: Vec<_> = server
        .received()
        .iter()
        .map(|request| cookie_of(request))
        .collect();
    assert_ne!(cookies[0], cookies[1]);
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning() {
    let ahead = |mut draft: Draft| {
        draft.received = draft.received.wrapping_add(3 << 32);
        draft.transmitted = draft.received;
        draft
    };
    assert_eq!(warnings(ahead).await, [Warning::ClockOffset]);
}

#[tokio::test]
async fn a_reply_that_is_read_late_shows_no_clock_that_is_off() {
    let read_late = |draft: Draft| {
        // By this thread, which is the agent's too.
        std::thread::sleep(Duration::from_millis(2500));
        draft
    };
    assert_eq!(warnings(read_late).await, []);
}

#[tokio::test]
async fn a_server_without_time_is_a_warning_and_its_offset_is_not() {
    for (leap, stratum) in [(0, 16), (3, 2)] {
        let warned = warnings(move |draft| Draft {
            leap,
            stratum,
            received: 1,
            transmitted: 1,
            ..draft
        })
        .await;
        assert_eq!(warned, [Warning::ClockUnsynchronised]);
    }
    let stampless = |draft| Draft {
        received: 0,
        transmitted: 0,
        ..draft
    };
    assert_eq!(warnings(stampless).await, [Warning::ClockUnsynchronised]);
}

#[tokio::test]
async fn a_kiss_of_death_proves_the_path_and_is_a_warning() {
    // Its times are what it was sent, as a server under load saves itself the work.
    let kiss = |draft: Draft| Draft {
        stratum: 0,
        leap: 3,
        reference_id: *b"RATE",
        received: draft.origin,
        transmitted: draft.origin,
        ..draft
    };
    let expected = [Warning::KissOfDeath, Warning::ClockUnsynchronised];
    assert_eq!(warnings(kiss).await, expected);
    let server = server(move |draft| vec![kiss(draft).bytes()]).await;
    let outcome = probed(server.address, AMPLE).await;
    let reply = outcome.facts.ntp.unwrap();
    assert_eq!(reply.kiss_code.as_deref(), Some("RATE"));
    assert_eq!((reply.offset_seconds, reply.delay_seconds), (None, None));
}

fn impostors(draft: &Draft) -> Vec<Vec<u8>> {
    let good = draft.bytes();
    let mut other_origin = good.clone();
    other_origin[24] ^= 1;
    let mut client = good.clone();
    client[0] = 0x23;
    vec![other_origin, client, good[..47].to_vec(), Vec::new()]
}

#[tokio::test]
async fn replies_to_be_ignored_do_not_end_the_wait() {
    let server = server(|draft| {
        let mut replies = impostors(&draft);
        replies.push(draft.bytes());
        replies
    })
    .await;
    let outcome = probed(server.address, AMPLE).await;
    assert_eq!(outcome.verdict, Verdict::Reachable);
    assert_eq!(outcome.facts.ignored_replies, 4);
}

#[tokio::test]
async fn only_replies_to_be_ignored_are_unexpected() {
    let server = server(|draft| impostors(&draft)).await;
    let outcome = probed(server.address, SHORT).await;
    assert_eq!(reason(&outcome), Some(Reason::UnexpectedReply));
    assert_eq!(outcome.facts.ignored_replies, 4);
}

#[tokio::test]
async fn silence_is_a_timeout_in_the_exchange() {
    let server = Server::silent().await;
    let outcome = probed(server.address, SHORT).await;
    let failure = outcome.verdict.failure().unwrap();
    assert_eq!(
        (failure.phase, failure.reason),
        (Phase::Exchange, Reason::Timeout)
    );
    assert_eq!(outcome.addresses.len(), 1);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_closed_port_is_refused_with_the_icmp_message() {
    let outcome = probed(closed_port().await, AMPLE).await;
    assert_eq!(reason(&outcome), Some(Reason::ConnectionRefused));
    let icmp = outcome.facts.icmp.unwrap();
    assert_eq!((icmp.kind, icmp.code), (3, 3));
}

#[tokio::test]
async fn the_next_address_is_tried_with_its_share_of_the_time() {
    let good = server(|draft| vec![draft.bytes()]).await;
    let port = good.address.port();
    let silent = Server::udp_at(Ipv4Addr::new(127, 0, 0, 2), port, |_| Vec::new()).await;
    let refused = SocketAddr::from(([127, 0, 0, 3], port));
    let mut trace = Trace::start(Phase::Resolve);
    let started = Instant::now();
    let peers = [refused, silent.address, good.address];
    let limit = Duration::from_millis(600); // two addresses have it left after the refusal
    let answer = first_answer(&peers, turn(limit), &mut trace).await;
    let outcome = trace.finish(answer.map(|_| ()), None);
    let spent = started.elapsed();
    assert!(limit / 3 < spent, "half of the time: {spent:?}");
    assert_eq!(outcome.verdict, Verdict::Reachable);
    assert_eq!(outcome.facts.icmp, None, "it did not end the attempt");
    let told: Vec<_> = outcome
        .addresses
        .iter()
        .map(|result| {
            let reason = result.failure.as_ref().map(|failure| failure.reason);
            (result.address, reason)
        })
        .collect();
    assert_eq!(
        told,
        [
            (refused, Some(Reason::ConnectionRefused)),
            (silent.address, Some(Reason::Timeout)),
            (good.address, None),
        ]
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails_while_resolving() {
    let closed = closed_port().await;
    let resolver = Resolver::new(vec![closed]);
    let target = target(Probe::Ntp, Host::Name("ntp.example".to_owned()), Some(123));
    let mut trace = Trace::start(Phase::Resolve);
    let result = probe(
        &resolver,
        &target,
        turn(AMPLE),
        &Limits::default(),
        &mut trace,
    )
    .await;
    let outcome = trace.finish(result, None);
    let failure = outcome.verdict.failure().unwrap();
    assert_eq!(
        (failure.phase, failure.reason),
        (Phase::Resolve, Reason::ConnectionRefused)
    );
}
