//! The memory of one target, and the rule by which attempts become a state.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::history::{Attempted, Change};
use super::state::State;
use crate::outcome::{Failure, Findings, Outcome, Phase, Reason, Warning};
use crate::target::Target;

/// Attempts kept per target.
pub(super) const RECENT_ATTEMPTS: usize = 30;
/// State changes kept per target; they outlive the attempts that made them.
pub(super) const STATE_CHANGES: usize = 20;

/// The last thing an address of the name did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressState {
    /// Wall clock at the start of the attempt.
    pub at: Timestamp,
    /// Absent when it worked.
    pub failure: Option<Failure>,
}

/// What an outcome asks of the scheduler and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Try again promptly: a failure stands unconfirmed.
    pub confirm: bool,
    /// The state changed.
    pub change: Option<Change>,
    /// The failure that is believed from now on, when it is not the one of before by phase and reason.
    pub confirmed: Option<(Phase, Reason)>,
}

/// Everything that is known of one target.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which.
    pub target: Arc<Target>,
    /// What is believed.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// The confirmed failure, while unreachable or unproven.
    pub failure: Option<Failure>,
    /// The latest attempt; its verdict may be an unconfirmed failure.
    pub latest: Option<Arc<Outcome>>,
    /// Newest last.
    pub recent: VecDeque<Attempted>,
    /// Newest last.
    pub changes: VecDeque<Change>,
    /// Of the name's present addresses only.
    pub addresses: BTreeMap<SocketAddr, AddressState>,
    /// All attempts since the start.
    pub attempts: u64,
    /// Those that proved nothing.
    pub failures: u64,
    /// The same by phase and reason; a pair appears with its first failure.
    pub failures_by_reason: BTreeMap<(Phase, Reason), u64>,
    /// Changes of state since the start, the first decision not counted.
    pub state_changes: u64,
    /// Wall clock at the start of the last attempt that was a proof.
    pub last_success: Option<Timestamp>,
    /// What experiments found out about the failure.
    pub findings: Option<Arc<Findings>>,
    /// What the latest attempt alone speaks for, when the state does not follow it yet.
    unconfirmed: Option<State>,
}

impl Record {
    /// A target that nothing is known of.
    pub fn new(target: Arc<Target>, now: Timestamp) -> Self {
        Self {
            target,
            state: State::Pending,
            since: now,
            failure: None,
            latest: None,
            recent: VecDeque::new(),
            changes: VecDeque::new(),
            addresses: BTreeMap::new(),
            attempts: 0,
            failures: 0,
            failures_by_reason: BTreeMap::new(),
            state_changes: 0,
            last_success: None,
            findings: None,
            unconfirmed: None,
        }
    }

    /// Success is believed at once. A failure that speaks against the state must be followed by a second one:
    /// two that say the same are believed, two that do not leave it open.
    pub fn take(&mut self, outcome: Outcome) -> Effect {
        self.count(&outcome);
        self.remember_addresses(&outcome);
        let spoken = State::of(&outcome.verdict);
        let believed = match self.unconfirmed.take() {
            _ if spoken == State::Reachable || spoken == self.state => Some(spoken),
            Some(before) if before == spoken => Some(spoken),
            Some(_) => Some(State::Unproven),
            None => None,
        };
        if believed.is_none() {
            self.unconfirmed = Some(spoken);
        }
        let before = self.failure_key();
        let change = believed.and_then(|state| self.believe(state, &outcome));
        self.latest = Some(Arc::new(outcome));
        Effect {
            confirm: believed.is_none(),
            change,
            confirmed: self.failure_key().filter(|key| Some(*key) != before),
        }
    }

    /// Phase and reason of the confirmed failure.
    pub fn failure_key(&self) -> Option<(Phase, Reason)> {
        let failure = self.failure.as_ref()?;
        Some((failure.phase, failure.reason))
    }

    /// Experiments may end when the target can be reached again; then there is nothing to explain.
    pub(super) fn note(&mut self, findings: Arc<Findings>) {
        self.findings = self.failure.is_some().then_some(findings);
    }

    /// Warnings that stand: those of the latest attempt, and failing addresses of a target that is reachable.
    pub fn warnings(&self) -> Vec<Warning> {
        if self.state != State::Reachable {
            return Vec::new();
        }
        let mut warnings = self
            .latest
            .as_ref()
            .map_or_else(Vec::new, |o| o.warnings.clone());
        let failing = self
            .addresses
            .values()
            .filter(|address| address.failure.is_some())
            .count();
        if failing > 0 && failing < self.addresses.len() {
            warnings.insert(0, Warning::PartialAddresses);
        }
        warnings
    }

    /// What a reader of an overview sees of it: while this stays the same, nothing has happened.
    pub(super) fn appearance(&self) -> impl PartialEq + use<> {
        let failure = self.failure.as_ref().map(|f| (f.phase, f.reason));
        (self.state, failure, self.warnings())
    }

    /// Reachable, but with a warning.
    pub fn is_degraded(&self) -> bool {
        !self.warnings().is_empty()
    }

    fn believe(&mut self, state: State, outcome: &Outcome) -> Option<Change> {
        self.failure = outcome.verdict.failure().cloned();
        if self.failure.is_none() {
            self.findings = None;
        }
        if state == self.state {
            return None;
        }
        let change = Change {
            at: outcome.started_at,
            from: self.state,
            to: state,
            failure: self.failure.clone(),
        };
        if self.state != State::Pending {
            self.state_changes += 1;
        }
        self.state = state;
        self.since = outcome.started_at;
        push_bounded(&mut self.changes, change.clone(), STATE_CHANGES);
        Some(change)
    }

    fn count(&mut self, outcome: &Outcome) {
        self.attempts += 1;
        let failure = outcome.verdict.failure().map(|f| (f.phase, f.reason));
        if let Some(key) = failure {
            self.failures += 1;
            *self.failures_by_reason.entry(key).or_default() += 1;
        } else {
            self.last_success = Some(outcome.started_at);
        }
        let attempted = Attempted {
            at: outcome.started_at,
            elapsed: outcome.elapsed,
            verdict: State::of(&outcome.verdict),
            failure,
        };
        push_bounded(&mut self.recent, attempted, RECENT_ATTEMPTS);
    }

    fn remember_addresses(&mut self, outcome: &Outcome) {
        // Addresses that the name no longer has would count as failing for ever.
        if !outcome.facts.resolved.is_empty() {
            let resolved = &outcome.facts.resolved;
            self.addresses
                .retain(|address, _| resolved.contains(&address.ip()));
        }
        for result in &outcome.addresses {
            // The agent's own trouble says nothing of an address.
            if result
                .failure
                .as_ref()
                .is_some_and(|f| f.reason.is_own_trouble())
            {
                continue;
            }
            let state = AddressState {
                at: outcome.started_at,
                failure: result.failure.clone(),
            };
            self.addresses.insert(result.address, state);
        }
    }
}

fn push_bounded<T>(ring: &mut VecDeque<T>, item: T, capacity: usize) {
    if ring.len() == capacity {
        ring.pop_front();
    }
    ring.push_back(item);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{AddressResult, Facts, Verdict};
    use crate::target::{Group, Host, Probe, Requirement, TargetId};

    fn record() -> Record {
        let host = Host::Name("host.example".to_owned());
        let target = Target {
            id: TargetId {
                target: host.with_port(443).into(),
                probe: Probe::Tcp.kind(),
            },
            host,
            port: Some(443),
            probe: Probe::Tcp,
            groups: vec![Group::Core],
            requirement: Requirement::Required,
            purpose: String::new(),
        };
        Record::new(Arc::new(target), Timestamp::now())
    }

    fn failure(reason: Reason) -> Failure {
        Failure {
            phase: Phase::Connect,
            reason,
            detail: String::new(),
        }
    }

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome {
            started_at: Timestamp::now(),
            elapsed: Duration::from_millis(1),
            phases: Vec::new(),
            addresses: Vec::new(),
            facts: Facts::default(),
            warnings: Vec::new(),
            verdict,
        }
    }

    fn refuted() -> Outcome {
        outcome(Verdict::Unreachable(failure(Reason::Timeout)))
    }

    fn own_trouble() -> Outcome {
        outcome(Verdict::Unproven(failure(Reason::LocalResource)))
    }

    fn proof() -> Outcome {
        outcome(Verdict::Reachable)
    }

    #[test]
    fn success_is_believed_at_once_and_a_failure_only_when_it_is_confirmed() {
        let mut record = record();
        assert!(record.take(refuted()).confirm);
        assert_eq!(record.state, State::Pending);
        assert!(!record.take(refuted()).confirm);
        assert_eq!(record.state, State::Unreachable);
        assert!(record.failure.is_some());
        assert!(record.take(proof()).change.is_some());
        assert_eq!(record.state, State::Reachable);
        assert_eq!(record.failure, None);
    }

    #[test]
    fn a_failure_is_told_once_until_it_is_another_one() {
        let refused = || outcome(Verdict::Unreachable(failure(Reason::ConnectionRefused)));
        let mut record = record();
        let mut told = |outcome| record.take(outcome).confirmed.map(|(_, reason)| reason);
        assert_eq!(told(refuted()), None, "not confirmed");
        assert_eq!(told(refuted()), Some(Reason::Timeout));
        assert_eq!(told(refuted()), None);
        assert_eq!(told(refused()), Some(Reason::ConnectionRefused));
        assert_eq!(told(proof()), None);
    }

    #[test]
    fn a_failure_that_is_not_confirmed_changes_nothing() {
        let mut record = record();
        record.take(proof());
        for _ in 0..3 {
            let effect = record.take(refuted());
            assert!(effect.confirm && effect.change.is_none());
            record.take(proof());
        }
        assert_eq!(record.state, State::Reachable);
        assert_eq!((record.attempts, record.failures), (7, 3));
        assert_eq!(record.state_changes, 0);
    }

    #[test]
    fn two_attempts_that_do_not_say_the_same_leave_it_open() {
        for pair in [[refuted(), own_trouble()], [own_trouble(), refuted()]] {
            let mut record = record();
            record.take(proof());
            for outcome in pair {
                record.take(outcome);
            }
            assert_eq!(record.state, State::Unproven);
            assert!(record.take(refuted()).confirm);
            record.take(refuted());
            assert_eq!(record.state, State::Unreachable);
        }
    }

    #[test]
    fn own_trouble_does_not_wipe_out_a_confirmed_failure_at_once() {
        let mut record = record();
        record.take(refuted());
        record.take(refuted());
        assert!(record.take(own_trouble()).confirm);
        assert_eq!(record.state, State::Unreachable);
    }

    #[test]
    fn an_address_that_the_name_no_longer_has_is_forgotten() {
        let mut record = record();
        let (old, new) = ("192.0.2.1:443", "192.0.2.2:443");
        let tried = |address: &str, failure: Option<Failure>, resolved: &[&str]| {
            let mut outcome = proof();
            let address = address.parse().unwrap();
            outcome.addresses.push(AddressResult { address, failure });
            outcome.facts.resolved = resolved.iter().map(|ip| ip.parse().unwrap()).collect();
            outcome
        };
        record.take(tried(new, None, &["192.0.2.1", "192.0.2.2"]));
        record.take(tried(
            old,
            Some(failure(Reason::Timeout)),
            &["192.0.2.1", "192.0.2.2"],
        ));
        assert_eq!(record.warnings(), [Warning::PartialAddresses]);
        record.take(tried(new, None, &["192.0.2.2"]));
        assert_eq!(record.addresses.len(), 1);
        assert!(record.warnings().is_empty());
    }

    #[test]
    fn histories_are_bounded() {
        let mut record = record();
        for _ in 0..100 {
            record.take(refuted());
            record.take(refuted());
            record.take(proof());
        }
        assert_eq!(record.recent.len(), RECENT_ATTEMPTS);
        assert_eq!(record.changes.len(), STATE_CHANGES);
        assert_eq!(record.attempts, 300);
    }
}
