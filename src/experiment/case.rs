//! A confirmed failure, with everything that experiments on it start from.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::outcome::{Failure, Outcome, Phase, Verdict};
use crate::store::{Record, State};
use crate::target::{Host, Probe, ProbeKind, Target};

/// One target that is not reachable.
#[derive(Debug, Clone)]
pub struct Case {
    /// Which.
    pub target: Arc<Target>,
    /// Of what.
    pub failure: Failure,
    /// The address that failed of it.
    pub address: SocketAddr,
    /// Another server to compare with.
    pub control: Option<Control>,
    /// Whether the attempt dialled the control address itself.
    pub knows_control: bool,
}

/// Another target on the same port that can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Which; for an `https` target another one, with a name.
    pub target: Arc<Target>,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Control {
    /// The SNI that it answers to.
    pub(super) fn name(&self) -> Option<&str> {
        sni(&self.target)
    }
}

impl Case {
    /// The case of `record` among all `records`. None when there is nothing to find out: it can be reached, nothing
    /// was sent to an address of its own, the node has no route, or it is reached through a proxy.
    pub fn find(record: &Record, records: &[Record]) -> Option<Self> {
        let failure = record.failure.clone().filter(|_| is_failing(record))?;
        let latest = record.latest.as_deref()?;
        let facts = &latest.facts;
        if failure.reason.is_own_trouble() || facts.no_local_route || facts.proxy.is_some() {
            return None;
        }
        let address = failed_address(latest, &failure)?;
        let elsewhere = |control: &Control| control.address != address;
        let mut controls = records.iter().filter_map(|other| control(record, other));
        Some(Self {
            target: Arc::clone(&record.target),
            address,
            failure,
            control: controls.find(elsewhere),
            knows_control: facts.control.is_some(),
        })
    }

    /// The SNI of the target; none for one that is known by its address.
    pub(super) fn name(&self) -> Option<&str> {
        sni(&self.target)
    }

    pub(super) fn fails_at_tls(&self) -> bool {
        matches!(self.target.probe, Probe::Https(_)) && self.failure.phase == Phase::Tls
    }
}

fn is_failing(record: &Record) -> bool {
    matches!(record.state, State::Unreachable | State::Unproven)
}

/// The last one that failed as the target did.
fn failed_address(latest: &Outcome, failure: &Failure) -> Option<SocketAddr> {
    let alike = |failed: &Failure| (failed.phase, failed.reason) == (failure.phase, failure.reason);
    let mut tried = latest.addresses.iter().rev();
    let failed = tried.find(|tried| tried.failure.as_ref().is_some_and(alike))?;
    Some(failed.address)
}

fn sni(target: &Target) -> Option<&str> {
    match (&target.probe, &target.host) {
        (Probe::Https(https), Host::Name(name)) => Some(https.server_name.as_ref().unwrap_or(name)),
        (Probe::Https(https), Host::Address(_)) => https.server_name.as_deref(),
        _ => None,
    }
}

fn control(of: &Record, other: &Record) -> Option<Control> {
    let latest = other.latest.as_deref()?;
    let proven = other.state == State::Reachable && latest.verdict == Verdict::Reachable;
    let (of, other) = (&of.target, &other.target);
    let same_port = other.port == of.port && other.host != of.host;
    if !proven || !same_port || !is_comparable(of, other) || latest.facts.proxy.is_some() {
        return None;
    }
    Some(Control {
        target: Arc::clone(other),
        address: latest.addresses.last()?.address,
    })
}

/// Datagrams are compared with those of the same protocol, hellos with hellos of another name.
fn is_comparable(of: &Target, other: &Target) -> bool {
    let is_datagram =
        |kind: ProbeKind| matches!(kind, ProbeKind::Ntp | ProbeKind::Udp | ProbeKind::DnsUdp);
    let (kind, other_kind) = (of.id.probe, other.id.probe);
    match kind {
        ProbeKind::Https => sni(other).is_some() && sni(other) != sni(of),
        _ if is_datagram(kind) => kind == other_kind,
        _ => !is_datagram(other_kind),
    }
}
