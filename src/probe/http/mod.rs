//! Response heads: asked for with `HEAD /`, and judged by who can have written them.

mod domain;
mod head;
mod middlebox;
mod recorder;
mod redirect;
mod suffixes;

pub use domain::registrable;
pub(super) use head::{Ask, Head, authority, head};
pub(super) use middlebox::{Channel, Scene};

use super::closing::close_after_peer;
use super::context::{Context, port};
use super::way::Way;
use super::{Symptom, Trace};
use crate::outcome::{HttpResponse, Phase, Reason, Warning};
use crate::target::Target;
use crate::text::printable;

/// Bytes kept of a header's value.
const LONGEST_HEADER: usize = 128;

/// The `http` probe: a response head in clear text that is not a middlebox's own. A proxy is asked for it in place of
/// the server.
pub(super) async fn probe(
    cx: &Context<'_>,
    target: &Target,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    const DEFAULT_PORT: u16 = 80;
    let port = port(target)?;
    let way = Way::find(cx, target, trace).await?;
    let connection = way.connect(cx.turn, trace).await?;
    let host = target.host.to_string();
    let authority = authority(&target.host, port, DEFAULT_PORT);
    let (ask, channel) = match cx.proxy {
        None => (Ask::Server(&authority), Channel::Clear),
        Some(_) => (Ask::Proxy(&authority), Channel::Proxied),
    };
    trace.enter(Phase::Request);
    let (mut head, stream) = head(connection.stream, ask, trace).await?;
    trace.settle();
    close_after_peer(stream, &mut head.body, cx.turn).await;
    let scene = Scene {
        host: &host,
        channel,
        named_domains: cx.named_domains,
    };
    judge(&head, &scene, trace)
}

/// Notes the response, and decides whose it is.
pub(super) fn judge(head: &Head, scene: &Scene<'_>, trace: &mut Trace) -> Result<(), Symptom> {
    let elsewhere = redirect::elsewhere(head, scene.host);
    let middlebox = middlebox::mark(head, scene, elsewhere.as_deref());
    trace.facts.http = Some(HttpResponse {
        status: head.status,
        server: header(head, "server"),
        via: header(head, "via"),
        redirected_to: elsewhere.clone(),
        middlebox: middlebox.clone(),
    });
    if scene.channel == Channel::Proxied && head.status == 407 {
        let detail = "the proxy answered with status 407";
        return Err(Symptom::new(Reason::ProxyAuthRequired, detail));
    }
    if let Some(mark) = middlebox {
        let detail = format!("a middlebox answered in place of the server: {mark}");
        return Err(Symptom::new(Reason::HttpDenied, detail));
    }
    if middlebox::is_ambiguous(head, scene) {
        let detail = format!(
            "status {}, which the proxy may have answered for itself: nothing shows whose it is",
            head.status
        );
        return Err(Symptom::new(Reason::HttpDenied, detail).undecided());
    }
    if elsewhere.is_some() {
        trace.warn(Warning::Redirected);
    }
    Ok(())
}

fn header(head: &Head, name: &str) -> Option<String> {
    let value = head.headers.get(name)?;
    Some(printable(value.as_bytes(), LONGEST_HEADER))
}

#[cfg(test)]
mod tests;
