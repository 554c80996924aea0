//! How a connection to a target comes about: directly, or by a tunnel through its proxy (RFC 9110 section 9.3.6).

use std::net::{IpAddr, SocketAddr};

use tokio::time::Instant;

use super::addresses::{Turn, candidates};
use super::closing::close_after_peer;
use super::connect::{Connection, connect};
use super::context::{Context, port};
use super::http::{Ask, Head, head};
use super::{Symptom, Trace};
use crate::outcome::{Phase, ProxyHop, Reason};
use crate::proxy::Proxy;
use crate::target::Target;
use crate::text::printable;

/// Bytes shown of what a proxy says about its refusal.
const LONGEST_REMARK: usize = 128;

/// Where to connect to, all names resolved.
#[derive(Debug, Clone)]
pub(super) struct Way<'a> {
    /// Of the target, or of its proxy.
    addresses: Vec<IpAddr>,
    port: u16,
    proxy: Option<&'a Proxy>,
    /// The target as a proxy is asked for it.
    destination: String,
}

impl<'a> Way<'a> {
    /// Resolves what is to be dialled: behind a proxy, its name and not the target's, which is left to the proxy.
    pub(super) async fn find(
        cx: &Context<'a>,
        target: &Target,
        trace: &mut Trace,
    ) -> Result<Self, Symptom> {
        let port = port(target)?;
        let destination = target.host.with_port(port);
        let Some(proxy) = cx.proxy else {
            let addresses = candidates(cx.resolver, &target.host, cx.turn, trace).await?;
            return Ok(Self {
                addresses,
                port,
                proxy: None,
                destination,
            });
        };
        trace.facts.proxy = Some(ProxyHop {
            address: proxy.address.authority(),
            via: proxy.via,
            status: None,
        });
        let found = candidates(cx.resolver, &proxy.address.host, cx.turn, trace).await;
        Ok(Self {
            addresses: found.map_err(|symptom| before(proxy, symptom))?,
            port: proxy.address.port,
            proxy: Some(proxy),
            destination,
        })
    }

    /// The same way, over this address and no other.
    pub(super) fn over(&self, peer: SocketAddr) -> Self {
        Self {
            addresses: vec![peer.ip()],
            ..self.clone()
        }
    }

    /// The way to another place than the target: through the same proxy, if there is one.
    pub(super) fn to(&self, place: SocketAddr) -> Self {
        let destination = place.to_string();
        match self.proxy {
            Some(_) => Self {
                destination,
                ..self.clone()
            },
            None => Self {
                addresses: vec![place.ip()],
                port: place.port(),
                proxy: None,
                destination,
            },
        }
    }

    /// Connects to the target, or to its proxy.
    pub(super) async fn connect(
        &self,
        turn: Turn,
        trace: &mut Trace,
    ) -> Result<Connection, Symptom> {
        let connected = connect(&self.addresses, self.port, turn, trace).await;
        match self.proxy {
            Some(proxy) => connected.map_err(|symptom| before(proxy, symptom)),
            None => connected,
        }
    }

    /// Connects to the target, through its proxy if it has one.
    pub(super) async fn open(&self, turn: Turn, trace: &mut Trace) -> Result<Connection, Symptom> {
        let started = Instant::now();
        let connection = self.connect(turn, trace).await?;
        if self.proxy.is_none() {
            return Ok(connection);
        }
        trace.enter(Phase::Tunnel);
        let ask = Ask::Tunnel(&self.destination);
        let (mut head, stream) = head(connection.stream, ask, trace).await?;
        if let Some(proxy) = &mut trace.facts.proxy {
            proxy.status = Some(head.status);
        }
        if let Some(refusal) = refusal(&self.destination, &head) {
            trace.settle();
            close_after_peer(stream, &mut head.body, turn).await;
            return Err(refusal);
        }
        Ok(Connection {
            stream: stream.with_early(head.body.into()),
            peer: connection.peer,
            took: started.elapsed(),
        })
    }
}

/// What an answer to CONNECT means that opens no tunnel; every 2xx opens one.
pub(super) fn refusal(destination: &str, head: &Head) -> Option<Symptom> {
    let reason = match head.status {
        200..=299 => return None,
        407 => Reason::ProxyAuthRequired,
        _ => Reason::ProxyRefused,
    };
    let remark = head
        .headers
        .get("x-squid-error")
        .map_or_else(String::new, |value| {
            let value = printable(value.as_bytes(), LONGEST_REMARK);
            format!(" (X-Squid-Error: {value})")
        });
    let status = head.status;
    let detail = format!("the proxy answered CONNECT {destination} with status {status}{remark}");
    Some(Symptom::new(reason, detail))
}

/// What happened on the way to the proxy, told as such.
fn before(proxy: &Proxy, mut symptom: Symptom) -> Symptom {
    let address = proxy.address.authority();
    symptom.detail = format!("the proxy {address}: {}", symptom.detail);
    symptom
}

#[cfg(test)]
mod tests;
