//! What is reported of one target.

use std::fmt::Write;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::encode::{self, seconds};
use crate::outcome::{Facts, Failure, Findings, Phase, Reason, Warning};
use crate::store::{AddressState, Attempted, Change, Record, State};
use crate::target::{Group, ProbeKind, Requirement};

/// One target of a report. `failure` is the confirmed one; phases, address and facts are of the last attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetReport {
    /// `host:port`, or `host` for name resolution.
    pub target: String,
    /// The kind of exchange.
    pub probe: ProbeKind,
    /// Name or address.
    pub host: String,
    /// Absent for name resolution.
    pub port: Option<u16>,
    /// The groups of the catalogue that name it.
    pub groups: Vec<Group>,
    /// Whether the cluster breaks without it.
    pub requirement: Requirement,
    /// What the cluster uses it for.
    pub purpose: String,
    /// What is believed of it.
    pub state: State,
    /// Since when.
    #[serde(serialize_with = "encode::timestamp")]
    pub since: Timestamp,
    /// Start of the last attempt.
    #[serde(serialize_with = "encode::optional_timestamp")]
    pub last_attempt: Option<Timestamp>,
    /// Duration of the last attempt.
    pub duration_seconds: Option<f64>,
    /// Where the last attempt spent its time.
    pub phases: Vec<PhaseReport>,
    /// The address that decided the last attempt.
    pub address: Option<SocketAddr>,
    /// The last result of each of the name's addresses.
    pub addresses: Vec<AddressReport>,
    /// Why it is unreachable or unproven.
    pub failure: Option<Failure>,
    /// What stands against a target that is reachable.
    pub warnings: Vec<Warning>,
    /// What the last attempt saw.
    pub facts: Facts,
    /// What experiments found out after the failure was confirmed.
    pub findings: Option<Findings>,
    /// Recent attempts, newest last.
    pub history: Vec<AttemptReport>,
    /// Recent changes of state, newest last.
    pub changes: Vec<ChangeReport>,
}

/// Time spent in one phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PhaseReport {
    /// Which.
    pub phase: Phase,
    /// How long.
    pub seconds: f64,
}

/// The last thing that one address did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressReport {
    /// Which.
    pub address: SocketAddr,
    /// Start of the attempt.
    #[serde(serialize_with = "encode::timestamp")]
    pub at: Timestamp,
    /// Left out when it worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// One attempt in short.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AttemptReport {
    /// Its start.
    #[serde(serialize_with = "encode::timestamp")]
    pub at: Timestamp,
    /// How long it took.
    pub duration_seconds: f64,
    /// The state that it alone speaks for.
    pub state: State,
    /// Where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// One change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChangeReport {
    /// Start of the attempt that changed it.
    #[serde(serialize_with = "encode::timestamp")]
    pub at: Timestamp,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// Where the failure was that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl TargetReport {
    /// Reports one record.
    pub fn new(record: &Record) -> Self {
        let target = &record.target;
        let latest = record.latest.as_deref();
        Self {
            target: target.id.target.to_string(),
            probe: target.id.probe,
            host: target.host.to_string(),
            port: target.port,
            groups: target.groups.clone(),
            requirement: target.requirement,
            purpose: target.purpose.clone(),
            state: record.state,
            since: record.since,
            last_attempt: latest.map(|outcome| outcome.started_at),
            duration_seconds: latest.map(|outcome| seconds(outcome.elapsed)),
            phases: latest.map_or_else(Vec::new, |outcome| {
                outcome.phases.iter().map(PhaseReport::new).collect()
            }),
            address: latest
                .and_then(|outcome| outcome.addresses.last())
                .map(|result| result.address),
            addresses: record.addresses.iter().map(AddressReport::new).collect(),
            failure: record.failure.clone(),
            warnings: record.warnings(),
            facts: latest.map_or_else(Facts::default, |outcome| outcome.facts.clone()),
            findings: record.findings.as_deref().cloned(),
            history: record.recent.iter().map(AttemptReport::new).collect(),
            changes: record.changes.iter().map(ChangeReport::new).collect(),
        }
    }

    /// The last attempt, when it failed and its failure is not what is believed: a second one has to confirm it.
    pub fn unconfirmed(&self) -> Option<&AttemptReport> {
        self.history
            .last()
            .filter(|last| last.reason.is_some() && last.state != self.state)
    }

    /// The address that the confirmed failure is about, when the last attempt is the one that made it.
    pub(super) fn failed_address(&self) -> Option<SocketAddr> {
        self.address.filter(|_| self.unconfirmed().is_none())
    }

    /// Reachable, with nothing that stands against it.
    pub fn is_quiet(&self) -> bool {
        self.state == State::Reachable && self.warnings.is_empty() && self.unconfirmed().is_none()
    }

    /// The path of this target's page.
    pub fn path(&self) -> String {
        let mut path = String::from("/status/");
        for byte in self.target.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                    path.push(char::from(byte));
                }
                other => {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "%{other:02X}");
                }
            }
        }
        path.push('/');
        path.push_str(self.probe.as_str());
        path
    }
}

impl PhaseReport {
    fn new(timing: &crate::outcome::PhaseTiming) -> Self {
        Self {
            phase: timing.phase,
            seconds: seconds(timing.elapsed),
        }
    }
}

impl AddressReport {
    fn new((address, state): (&SocketAddr, &AddressState)) -> Self {
        Self {
            address: *address,
            at: state.at,
            failure: state.failure.clone(),
        }
    }
}

impl AttemptReport {
    /// One character for a strip of attempts.
    pub const fn mark(&self) -> char {
        match self.state {
            State::Reachable => '+',
            State::Unreachable => 'x',
            State::Unproven | State::Pending => '?',
        }
    }

    fn new(attempted: &Attempted) -> Self {
        Self {
            at: attempted.at,
            duration_seconds: seconds(attempted.elapsed),
            state: attempted.verdict,
            phase: attempted.failure.map(|(phase, _)| phase),
            reason: attempted.failure.map(|(_, reason)| reason),
        }
    }
}

impl ChangeReport {
    fn new(change: &Change) -> Self {
        Self {
            at: change.at,
            from: change.from,
            to: change.to,
            phase: change.failure.as_ref().map(|failure| failure.phase),
            reason: change.failure.as_ref().map(|failure| failure.reason),
        }
    }
}
