//! The `https` probe: a handshake whose certificate holds, and a response head of the server's own behind it.

use super::closing::{close, close_after_peer};
use super::context::{Context, port};
use super::http::{Ask, Channel, Scene, authority, head, judge};
use super::tls::{Alpn, Hello, Session, echoed, handshake};
use super::way::Way;
use super::{Symptom, Trace};
use crate::outcome::{Phase, Reason, VouchedBy};
use crate::target::{Host, Https, Target};

const DEFAULT_PORT: u16 = 443;

/// Proves `target` by a handshake, a response head, and, if the entry lists application protocols, a second
/// handshake that echoes one of them.
pub(super) async fn probe(
    cx: &Context<'_>,
    target: &Target,
    https: &Https,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let way = Way::find(cx, target, trace).await?;
    let connection = way.open(cx.turn, trace).await?;
    let same_way = way.over(connection.peer);
    let hello = hello(target, https, Alpn::Http1)?;
    let session = handshake(connection.stream, hello, cx.tls, trace).await?;
    request(cx, target, https, session, trace).await?;
    if https.alpn.is_empty() {
        return Ok(());
    }
    echo(cx, &same_way, target, https, trace).await
}

/// Asks for a response head and decides whose it is.
async fn request(
    cx: &Context<'_>,
    target: &Target,
    https: &Https,
    session: Session,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    // A server that is known by another name is asked for it: `Host` and SNI that differ are refused (RFC 9110, 421).
    let host = https
        .server_name
        .as_ref()
        .map_or_else(|| target.host.clone(), |name| Host::Name(name.clone()));
    let authority = authority(&host, port(target)?, DEFAULT_PORT);
    let channel = channel(&session);
    trace.enter(Phase::Request);
    let (mut head, stream) = head(session.stream, Ask::Server(&authority), trace).await?;
    trace.settle();
    close_after_peer(stream, &mut head.body, cx.turn).await;
    let scene = Scene {
        host: &host.to_string(),
        channel,
        named_domains: cx.named_domains,
    };
    judge(&head, &scene, trace)
}

/// Who can have written what comes over `session`.
fn channel(session: &Session) -> Channel {
    match session.vouched_by {
        _ if session.intercepted => Channel::Intercepted,
        Some(VouchedBy::GivenCa) => Channel::Given,
        _ => Channel::Proven,
    }
}

/// A second handshake with the same peer, which must echo one of the entry's application protocols.
async fn echo(
    cx: &Context<'_>,
    way: &Way<'_>,
    target: &Target,
    https: &Https,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let connection = way.open(cx.turn, trace).await?;
    let hello = hello(target, https, Alpn::Wanted(&https.alpn))?;
    let session = handshake(connection.stream, hello, cx.tls, trace).await?;
    let echoed = echoed(&session.stream);
    if let Some(tls) = &mut trace.facts.tls {
        tls.alpn.clone_from(&echoed);
    }
    trace.settle();
    close(session.stream, cx.turn).await;
    match echoed {
        Some(_) => Ok(()),
        None => Err(Symptom::new(
            Reason::AlpnMismatch,
            format!(
                "the handshake succeeds, but the offered application protocol {} is not echoed",
                https.alpn.join(", ")
            ),
        )),
    }
}

fn hello<'a>(target: &Target, https: &'a Https, alpn: Alpn<'a>) -> Result<Hello<'a>, Symptom> {
    Ok(Hello {
        server_name: Hello::name(&target.host, https.server_name.as_deref())?,
        alpn,
        trust: &https.trust,
    })
}

#[cfg(test)]
mod tests;
