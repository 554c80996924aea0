//! Resolution of one name by the node's own resolvers: what happens on the wire is what is told. No cache, no
//! hosts file, no search domains.

mod exchange;
mod message;
mod nameserver;
mod policy;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_resolver::proto::rr::Name;
use tokio::time::timeout;

use self::exchange::{Shared, note, unanswered};
use self::message::{Answer, Family, mnemonic};
use self::nameserver::Nameserver;
use self::policy::{Step, combine, grace_for_v6, hear, more_telling};
use super::{Symptom, Trace};
use crate::outcome::Reason;

pub(super) use self::nameserver::Transport;

/// The list of nameservers is gone through this often, as the system's resolver does (`attempts` in resolv.conf(5)).
const ROUNDS: usize = 2;

/// More addresses of a name are not kept.
const MOST_ADDRESSES: usize = 16;

/// What a name resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// At most 16, IPv4 first, in the order of the answer.
    pub addresses: Vec<IpAddr>,
    /// The chain of aliases, from the asked name on.
    pub aliases: Vec<String>,
    /// Whose answer it is.
    pub nameserver: SocketAddr,
}

/// Asks the nameservers that it was given last.
#[derive(Debug)]
pub struct Resolver {
    nameservers: ArcSwap<Vec<SocketAddr>>,
    per_try: Duration,
}

impl Resolver {
    /// A resolver that asks `nameservers` in this order, and gives each 2 s per try.
    pub fn new(nameservers: Vec<SocketAddr>) -> Self {
        Self {
            nameservers: ArcSwap::from_pointee(nameservers),
            per_try: Duration::from_secs(2),
        }
    }

    /// The same resolver with another time for each nameserver and try.
    #[must_use]
    pub fn with_time_per_try(self, per_try: Duration) -> Self {
        Self { per_try, ..self }
    }

    /// From the next resolution on, other nameservers are asked.
    pub fn set(&self, nameservers: Vec<SocketAddr>) {
        self.nameservers.store(Arc::new(nameservers));
    }

    /// The nameservers that are asked.
    pub fn get(&self) -> Arc<Vec<SocketAddr>> {
        self.nameservers.load_full()
    }

    /// The addresses of `name`, which is taken as absolute. Facts are noted in the trace.
    pub async fn resolve(&self, name: &str, trace: &mut Trace) -> Result<Resolved, Symptom> {
        let name = absolute(name)?;
        let result = self.rounds(&name, &Mutex::new(&mut *trace)).await;
        settle(trace, &result);
        result
    }

    /// Whether one nameserver answers a query for `question`, whatever the answer; its code is noted in the trace.
    pub(super) async fn ask(
        &self,
        nameserver: SocketAddr,
        question: &str,
        transport: Transport,
        trace: &mut Trace,
    ) -> Result<(), Symptom> {
        let question = absolute(question)?;
        let nameserver = self.nameserver(nameserver);
        nameserver.ask(&question, transport, trace).await
    }

    async fn rounds(&self, name: &Name, trace: &Shared<'_>) -> Result<Resolved, Symptom> {
        let nameservers = self.get();
        let mut half = None;
        let mut failure: Option<Symptom> = None;
        for &address in (0..ROUNDS).flat_map(|_| nameservers.iter()) {
            match both(self.nameserver(address), name, trace).await {
                Step::Done(answer) => return Ok(resolved(answer, address)),
                Step::Final(symptom) => return Err(symptom),
                Step::Half(answer) => half = half.or_else(|| Some(resolved(answer, address))),
                Step::Next(symptom) => {
                    failure = Some(match failure {
                        Some(earlier) => more_telling(earlier, symptom),
                        None => symptom,
                    });
                }
            }
        }
        let none = || Symptom::new(Reason::Internal, "no nameserver is known");
        half.ok_or_else(|| failure.unwrap_or_else(none))
    }

    const fn nameserver(&self, address: SocketAddr) -> Nameserver {
        Nameserver {
            address,
            per_try: self.per_try,
        }
    }
}

/// Asks one nameserver for A and AAAA at the same time.
async fn both(nameserver: Nameserver, name: &Name, trace: &Shared<'_>) -> Step {
    let mut v4 = pin!(nameserver.query(name, Family::V4, trace));
    let mut v6 = pin!(nameserver.query(name, Family::V6, trace));
    let mut early = None;
    let v4 = loop {
        tokio::select! {
            biased;
            v4 = &mut v4 => break v4,
            v6 = &mut v6, if early.is_none() => early = Some(v6),
        }
    };
    let v6 = match (early, grace_for_v6(&v4)) {
        (Some(v6), _) => v6,
        (None, None) => v6.await,
        (None, Some(grace)) => {
            let late = |_| Err(unanswered(grace, 0));
            timeout(grace, v6).await.unwrap_or_else(late)
        }
    };
    if let Ok(answer) = v4.as_ref().or(v6.as_ref()) {
        note(trace, |trace| {
            trace.facts.nameserver = Some(nameserver.address);
            trace.facts.rcode = Some(mnemonic(answer.rcode));
            trace.facts.aliases.clone_from(&answer.aliases);
        });
    }
    let by = |symptom| said_by(nameserver.address, symptom);
    match combine(v4.and_then(hear), v6.and_then(hear)) {
        Step::Next(symptom) => Step::Next(by(symptom)),
        Step::Final(symptom) => Step::Final(by(symptom)),
        step => step,
    }
}

fn absolute(name: &str) -> Result<Name, Symptom> {
    message::absolute(name).ok_or_else(|| {
        let detail = format!("`{name}` is not a name that DNS can carry; nothing was asked");
        Symptom::new(Reason::Internal, detail)
    })
}

fn resolved(answer: Answer, nameserver: SocketAddr) -> Resolved {
    let mut addresses = answer.addresses;
    addresses.truncate(MOST_ADDRESSES);
    Resolved {
        addresses,
        aliases: answer.aliases,
        nameserver,
    }
}

fn said_by(nameserver: SocketAddr, mut symptom: Symptom) -> Symptom {
    symptom.detail = format!("nameserver {nameserver}: {}", symptom.detail);
    symptom
}

/// Leaves in the trace what belongs to the end, and not what an earlier nameserver did on the way there.
fn settle(trace: &mut Trace, result: &Result<Resolved, Symptom>) {
    let facts = &mut trace.facts;
    if let Ok(resolved) = result {
        facts.nameserver = Some(resolved.nameserver);
        facts.rcode = Some("NOERROR".to_owned());
        facts.aliases.clone_from(&resolved.aliases);
        facts.resolved.clone_from(&resolved.addresses);
        facts.private_addresses = resolved.addresses.iter().copied().all(is_private);
    }
    let rejected = |symptom: &Symptom| {
        matches!(
            symptom.reason,
            Reason::ConnectionRefused | Reason::Prohibited | Reason::Unreachable
        )
    };
    if !result.as_ref().is_err_and(rejected) {
        facts.icmp = None;
        facts.no_local_route = false;
    }
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
