//! Resolution of one name by the node's own resolvers: what happens on the wire is what is told. No cache, no
//! hosts file, no search domains.

mod exchange;
mod heard;
mod message;
mod nameserver;
mod policy;
#[cfg(test)]
mod tests;
mod tries;

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use tokio::time::Instant;

use self::nameserver::Nameserver;
use self::tries::{Pace, first_answer};
use super::{Symptom, Trace};
use crate::outcome::Reason;

pub(super) use self::message::{Asked, Family, Reply};
pub(super) use self::nameserver::Transport;

/// What a name resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// IPv4 first, in the order of the answer; at most as many as the resolver keeps.
    pub addresses: Vec<IpAddr>,
    /// The chain of aliases, from the asked name on.
    pub aliases: Vec<String>,
    /// Whose answer it is.
    pub nameserver: SocketAddr,
}

/// Asks the nameservers that it was given. Other nameservers need another resolver.
#[derive(Debug)]
pub struct Resolver {
    nameservers: Vec<SocketAddr>,
    per_try: Duration,
    most_addresses: usize,
}

/// More addresses of a name are not kept, unless asked for.
const MOST_ADDRESSES: usize = 16;

impl Resolver {
    /// A resolver that asks `nameservers` in this order, the next one 2 s after the one before.
    pub fn new(nameservers: Vec<SocketAddr>) -> Self {
        Self {
            nameservers,
            per_try: Duration::from_secs(2),
            most_addresses: MOST_ADDRESSES,
        }
    }

    /// The same resolver, which keeps so many addresses of a name.
    #[must_use]
    pub fn with_most_addresses(self, most_addresses: usize) -> Self {
        Self {
            most_addresses,
            ..self
        }
    }

    /// The same resolver with another time between tries.
    #[must_use]
    pub fn with_time_per_try(self, per_try: Duration) -> Self {
        Self { per_try, ..self }
    }

    /// The addresses of `name`, which is taken as absolute; until `deadline` an answer of any nameserver counts.
    /// Facts are noted in the trace.
    pub async fn resolve(
        &self,
        name: &str,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Resolved, Symptom> {
        let name = absolute(name)?;
        let pace = Pace::new(self.per_try, self.nameservers.len(), deadline);
        let shared = Mutex::new(&mut *trace);
        let mut resolved = first_answer(&name, &self.nameservers, pace, &shared).await?;
        resolved.addresses.truncate(self.most_addresses);
        settle(trace, &resolved);
        Ok(resolved)
    }

    /// What comes of these replies of the first nameserver to the questions for IPv4 and IPv6.
    pub(super) fn settle_replies(
        &self,
        v4: Result<Reply, Symptom>,
        v6: Result<Reply, Symptom>,
        trace: &mut Trace,
    ) -> Result<(), Symptom> {
        let nameserver = self.nameservers.first().copied();
        let nameserver =
            nameserver.ok_or_else(|| Symptom::new(Reason::Internal, "no nameserver"))?;
        let shared = Mutex::new(&mut *trace);
        let mut heard = heard::Heard::default();
        let said = tries::said(
            nameserver,
            v4.and_then(only_answer),
            v6.and_then(only_answer),
        );
        let end = heard.take(said, &shared);
        let mut resolved = end.unwrap_or_else(|| heard.end(&shared))?;
        resolved.addresses.truncate(self.most_addresses);
        settle(trace, &resolved);
        Ok(())
    }

    /// The nameserver at this address and port as it was given: a target carries no scope, and a link-local address
    /// leads nowhere without it.
    pub(super) fn nameserver_at(&self, address: IpAddr, port: u16) -> SocketAddr {
        let same = |known: &&SocketAddr| known.ip() == address && known.port() == port;
        let known = self.nameservers.iter().find(same).copied();
        known.unwrap_or_else(|| SocketAddr::new(address, port))
    }

    /// Whether one nameserver answers a query for `question`, whatever the answer; its code is noted in the trace.
    pub(super) async fn ask(
        &self,
        nameserver: SocketAddr,
        question: &str,
        transport: Transport,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<(), Symptom> {
        let question = absolute(question)?;
        let nameserver = Nameserver {
            address: nameserver,
            edns: false,
            pace: Pace::new(self.per_try, 1, deadline),
        };
        nameserver.ask(&question, transport, trace).await
    }
}

pub(super) fn absolute(name: &str) -> Result<Name, Symptom> {
    message::absolute(name).ok_or_else(|| {
        let detail = format!("`{name}` is not a name that DNS can carry; nothing was asked");
        Symptom::new(Reason::Internal, detail)
    })
}

fn only_answer(reply: Reply) -> Result<message::Answer, Symptom> {
    match reply {
        Reply::Answer(answer) => Ok(answer),
        Reply::Truncated => Err(Symptom::new(Reason::ResolverFailure, "truncated")),
        Reply::Ignored => Err(Symptom::new(Reason::UnexpectedReply, "ignored")),
    }
}

/// Leaves in the trace what belongs to the answer, and not what other nameservers did meanwhile.
fn settle(trace: &mut Trace, resolved: &Resolved) {
    let facts = &mut trace.facts;
    facts.nameserver = Some(resolved.nameserver);
    facts.rcode = Some("NOERROR".to_owned());
    facts.aliases.clone_from(&resolved.aliases);
    facts.resolved.clone_from(&resolved.addresses);
    facts.private_addresses = resolved.addresses.iter().copied().all(is_private);
    facts.icmp = None;
    facts.no_local_route = false;
}

/// Whether the address means something in a private network only: RFC 1918, RFC 6598, RFC 4193.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.octets()[0] == 100 && v4.octets()[1] & 0xC0 == 64,
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// Whether no server of a public name can live there: unspecified or loopback, IPv4-mapped included.
pub(super) fn is_sinkhole(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified() || address.is_loopback()
}
