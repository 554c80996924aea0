//! For fuzzing: what the bytes of a peer make of an attempt, without a network. `fuzz/` reaches the parsers through it.

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::addresses::Turn;
use super::closing::close_after_peer;
use super::http::{Ask, Channel, Scene, head, judge};
use super::ntp_packet::Reply;
use super::resolve::{Asked, Family, Resolver, absolute};
use super::{Limits, Symptom, Trace, ntp, ssh, tls, udp, way};
use crate::outcome::{Outcome, Phase, Reason};

/// Somebody on the other end of a connection.
pub trait Peer: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer for S {}

/// An SSH server.
pub async fn ssh(mut peer: impl Peer) -> Outcome {
    let mut trace = Trace::start(Phase::Banner);
    let result = ssh::converse(&mut peer, &mut trace).await;
    trace.finish(result, None)
}

/// A server that is asked for `HEAD /`: one outcome for each that can have written the answer.
pub async fn http<P: Peer>(host: &str, peer: impl Fn() -> P) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for channel in Channel::ALL {
        let mut trace = Trace::start(Phase::Request);
        let result = asked_for_head(host, channel, peer(), &mut trace).await;
        outcomes.push(trace.finish(result, None));
    }
    outcomes
}

async fn asked_for_head(
    host: &str,
    channel: Channel,
    peer: impl Peer,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let (mut head, peer) = head(peer, Ask::Server(host), trace).await?;
    let deadline = Instant::now() + Limits::default().timeout;
    close_after_peer(
        peer,
        &mut head.body,
        Turn {
            ordinal: 0,
            deadline,
        },
    )
    .await;
    let scene = Scene {
        host,
        channel,
        named_domains: &HashSet::new(),
    };
    judge(&head, &scene, trace)
}

/// A proxy that is asked for a tunnel.
pub async fn connect_reply(destination: &str, peer: impl Peer) -> Outcome {
    let mut trace = Trace::start(Phase::Tunnel);
    let result = match head(peer, Ask::Tunnel(destination), &mut trace).await {
        Ok((head, _)) => way::refusal(destination, &head).map_or(Ok(()), Err),
        Err(symptom) => Err(symptom),
    };
    trace.finish(result, None)
}

/// A nameserver: what it replies to the questions for IPv4 and IPv6. None for what is no name.
pub fn dns(name: &str, reply: impl Fn(&[u8]) -> Vec<u8>) -> Option<Outcome> {
    let mut trace = Trace::start(Phase::Resolve);
    let name = absolute(name).ok()?;
    let [v4, v6] = [Family::V4, Family::V6].map(|family| {
        let asked = Asked::new(&name, family, true)?;
        Ok(asked.judge(&reply(&asked.bytes)))
    });
    let resolver = Resolver::new(vec![([192, 0, 2, 53], 53).into()]);
    let result = resolver.settle_replies(v4, v6, &mut trace);
    Some(trace.finish(result, None))
}

/// A time server: its reply to a request with this cookie, `round_trip` later.
pub fn ntp(packet: &[u8], cookie: u64, sent_at: Duration, round_trip: Duration) -> Outcome {
    let mut trace = Trace::start(Phase::Exchange);
    let ignored = || Symptom::new(Reason::UnexpectedReply, "the reply is ignored");
    let result = Reply::read(packet, cookie)
        .ok_or_else(ignored)
        .map(|reply| {
            let sent_at = UNIX_EPOCH + sent_at;
            ntp::judge(
                &ntp::Answer {
                    reply,
                    sent_at,
                    round_trip,
                },
                &Limits::default(),
                &mut trace,
            );
        });
    trace.finish(result, None)
}

/// What an `OpenVPN` server replies to this session; whether that proves it.
pub fn openvpn(reply: &[u8], session: u64) -> bool {
    udp::Opening::OpenVpn { session }.is_proven_by(reply)
}

/// A server that presents this certificate, which nobody vouches for.
pub fn certificate(der: &[u8]) -> Outcome {
    let mut trace = Trace::start(Phase::Tls);
    trace.facts.certificate = tls::described(der);
    trace.finish(Err(Symptom::new(Reason::CertificateUntrusted, "")), None)
}
