//! What is reported of one target.

use std::fmt::Write;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::encode::{self, seconds};
use super::history::{AttemptReport, ChangeReport};
use super::meaning::meaning;
use super::remedy::remedy;
use crate::diagnosis::{Cause, Diagnosis};
use crate::outcome::{Facts, Failure, Findings, Phase, Warning};
use crate::rules::Rule;
use crate::store::{AddressState, Record, State};
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
    /// What stands behind that, or behind a warning.
    pub diagnosis: Option<Diagnosis>,
    /// The firewall rules whose lack most likely makes it fail: who asks for them finds everything in them.
    pub rules: Vec<Rule>,
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

impl TargetReport {
    /// Reports one record, with what a look at all of them says of it.
    pub fn new(record: &Record, diagnosis: Option<Diagnosis>) -> Self {
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
            diagnosis,
            rules: Vec::new(),
            warnings: record.warnings(),
            facts: latest.map_or_else(Facts::default, |outcome| outcome.facts.clone()),
            findings: record.findings.as_deref().cloned(),
            history: record.recent.iter().map(AttemptReport::new).collect(),
            changes: record.changes.iter().map(ChangeReport::new).collect(),
        }
    }

    /// With the rules that let it through, if a firewall rule for the node is the likely remedy.
    #[must_use]
    pub fn lacking(mut self, rules: &[Rule]) -> Self {
        let cause = self.diagnosis.as_ref().map(|diagnosis| diagnosis.cause);
        let mended = |failure: &Failure| {
            let by_cause = cause.and_then(Cause::calls_for_a_rule);
            by_cause.unwrap_or_else(|| meaning(failure.reason, failure.phase).rule)
        };
        if self.facts.proxy.is_none() && self.failure.as_ref().is_some_and(mended) {
            self.rules = rules.to_vec();
        }
        self
    }

    /// What to do about its failure: as its cause says, or else as its reason does.
    pub(super) fn todo(&self) -> Option<&'static str> {
        let of_reason = |failure: &Failure| meaning(failure.reason, failure.phase).todo;
        remedy(self.diagnosis.as_ref()).or_else(|| self.failure.as_ref().map(of_reason))
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
