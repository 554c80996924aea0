//! A confirmed failure, with everything that experiments on it start from.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::outcome::{Failure, Outcome, Phase, Verdict};
use crate::store::{Record, State};
use crate::target::{Host, Probe, Target};

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

/// An `https` target on the same port that can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The SNI that it answers to.
    pub name: String,
    /// Where it answers.
    pub address: SocketAddr,
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
        Some(Self {
            target: Arc::clone(&record.target),
            address: failed_address(latest, &failure)?,
            failure,
            control: records.iter().find_map(|other| control(record, other)),
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
    let name = sni(&other.target)?;
    let proven = other.state == State::Reachable && latest.verdict == Verdict::Reachable;
    let comparable = other.target.port == of.target.port && Some(name) != sni(&of.target);
    if !proven || !comparable || latest.facts.proxy.is_some() {
        return None;
    }
    Some(Control {
        name: name.to_owned(),
        address: latest.addresses.last()?.address,
    })
}
