//! The `ntp` probe: one SNTP exchange with one address of the name, the next address when that one fails.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::addresses::{Turn, candidates};
use super::failures::Failures;
use super::ntp_packet::{self, Reply, request};
use super::random::unguessable;
use super::resolve::Resolver;
use super::{Limits, Symptom, Trace, classify, datagram};
use crate::outcome::{NtpReply, Phase, Reason, Warning};
use crate::target::Target;

const PORT: u16 = 123;

/// Addresses that one attempt tries at most: a guest does not knock at every door.
const MOST_ADDRESSES: usize = 4;

/// Proven by an authentic reply of a server; what is wrong with its time or ours is a warning.
pub(super) async fn probe(
    resolver: &Resolver,
    target: &Target,
    turn: Turn,
    limits: &Limits,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let mut addresses = candidates(resolver, &target.host, turn, trace).await?;
    addresses.truncate(MOST_ADDRESSES);
    let port = target.port.unwrap_or(PORT);
    let peers: Vec<_> = addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect();
    let answer = first_answer(&peers, turn, trace).await?;
    judge(&answer, limits, trace);
    Ok(())
}

/// An authentic reply and the times of the exchange that are not in it.
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) sent_at: SystemTime,
    pub(super) round_trip: Duration,
}

async fn first_answer(
    peers: &[SocketAddr],
    turn: Turn,
    trace: &mut Trace,
) -> Result<Answer, Symptom> {
    let mut failures = Failures::default();
    for (index, &peer) in peers.iter().enumerate() {
        trace.enter(Phase::Exchange);
        trace.try_address(peer);
        match exchange(peer, turn.share(peers.len() - index), trace).await {
            Ok(answer) => return Ok(answer),
            Err(symptom) => failures.add(symptom, trace),
        }
    }
    Err(failures.into_symptom(trace))
}

async fn exchange(peer: SocketAddr, until: Instant, trace: &mut Trace) -> Result<Answer, Symptom> {
    let socket = datagram::connect(peer, trace)?;
    let cookie = unguessable()?;
    let (sent_at, started) = (SystemTime::now(), Instant::now());
    let sent = socket.send(&request(cookie)).await;
    sent.map_err(|error| classify::socket_error(&error, &socket, trace))?;
    let mut ignored = 0;
    match timeout_at(until, receive(&socket, cookie, &mut ignored, trace)).await {
        Ok(received) => received.map(|(reply, received_at)| Answer {
            reply,
            sent_at,
            round_trip: received_at - started,
        }),
        Err(_) => Err(unanswered(started.elapsed(), ignored)),
    }
}

async fn receive(
    socket: &UdpSocket,
    cookie: u64,
    ignored: &mut u32,
    trace: &mut Trace,
) -> Result<(Reply, Instant), Symptom> {
    let mut buffer = [0; ntp_packet::LENGTH]; // what follows the header is of no interest
    loop {
        let received = socket.recv(&mut buffer).await;
        let received_at = Instant::now();
        let length = received.map_err(|error| classify::socket_error(&error, socket, trace))?;
        if let Some(reply) = Reply::read(&buffer[..length], cookie) {
            return Ok((reply, received_at));
        }
        *ignored += 1;
        trace.facts.ignored_replies = trace.facts.ignored_replies.saturating_add(1);
        if *ignored == datagram::MOST_IGNORED {
            let detail = format!("{ignored} replies that do not repeat what was sent");
            return Err(Symptom::new(Reason::UnexpectedReply, detail));
        }
    }
}

fn unanswered(waited: Duration, ignored: u32) -> Symptom {
    let waited = waited.as_secs_f64();
    match ignored {
        0 => Symptom::new(Reason::Timeout, format!("no reply within {waited:.1} s")),
        _ => Symptom::new(
            Reason::UnexpectedReply,
            format!(
                "no reply within {waited:.1} s, but {ignored} that do not repeat what was sent"
            ),
        ),
    }
}

/// Notes what the server says of its clock and ours.
pub(super) fn judge(answer: &Answer, limits: &Limits, trace: &mut Trace) {
    let reply = &answer.reply;
    let measured = reply.measure(answer.sent_at, answer.round_trip);
    let kiss_code = reply.kiss_code();
    if kiss_code.is_some() {
        trace.warn(Warning::KissOfDeath);
    }
    // The way there and back may differ by all of its time: a reply that lay about shows no clock that is off.
    let certain = limits.clock_offset + answer.round_trip / 2;
    match measured {
        None => trace.warn(Warning::ClockUnsynchronised),
        Some(m) if m.offset.abs() > certain.as_secs_f64() => trace.warn(Warning::ClockOffset),
        Some(_) => {}
    }
    trace.facts.ntp = Some(NtpReply {
        offset_seconds: measured.map(|m| m.offset),
        delay_seconds: measured.map(|m| m.delay),
        root_delay_seconds: reply.root_delay,
        root_dispersion_seconds: reply.root_dispersion,
        stratum: reply.stratum,
        leap: reply.leap,
        kiss_code,
    });
}

#[cfg(test)]
#[path = "ntp_tests.rs"]
mod tests;
