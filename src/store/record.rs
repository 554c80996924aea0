//! The memory of one target, and the rule by which attempts become a state.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::labels::closed_set;
use crate::outcome::{Failure, Outcome, Phase, Reason, Verdict, Warning};
use crate::target::Target;

/// Attempts kept per target.
pub(super) const RECENT_ATTEMPTS: usize = 30;
/// State changes kept per target; they outlive the attempts that made them.
pub(super) const STATE_CHANGES: usize = 20;

closed_set! {
    /// What is believed of a target.
    pub enum State {
        /// Not yet decided.
        Pending = "pending",
        /// Proven by the latest attempt, or by the one before an unconfirmed failure.
        Reachable = "reachable",
        /// Refuted by two attempts in a row.
        Unreachable = "unreachable",
        /// Two attempts in a row decided nothing, or not the same.
        Unproven = "unproven",
    }
}

impl State {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Reachable => Self::Reachable,
            Verdict::Unreachable(_) => Self::Unreachable,
            Verdict::Unproven(_) => Self::Unproven,
        }
    }
}

/// One attempt in short, for the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempted {
    /// Wall clock at its start.
    pub at: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// The state it alone speaks for.
    pub verdict: State,
    /// Phase and reason when it failed.
    pub failure: Option<(Phase, Reason)>,
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Wall clock at the start of the attempt that changed it.
    pub at: Timestamp,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// The failure that came with it.
    pub failure: Option<Failure>,
}

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
    unconfirmed: bool,
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
            unconfirmed: false,
        }
    }

    /// Success is believed at once. A failure that speaks against the state must be followed by a second one;
    /// then the state is what that second one says.
    pub fn take(&mut self, outcome: Outcome) -> Effect {
        self.count(&outcome);
        self.remember_addresses(&outcome);
        let spoken = State::of(&outcome.verdict);
        let believed = spoken == State::Reachable || spoken == self.state || self.unconfirmed;
        self.unconfirmed = !believed;
        let change = if believed {
            self.believe(spoken, &outcome)
        } else {
            None
        };
        self.latest = Some(Arc::new(outcome));
        Effect {
            confirm: !believed,
            change,
        }
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

    /// Reachable, but with a warning.
    pub fn is_degraded(&self) -> bool {
        !self.warnings().is_empty()
    }

    fn believe(&mut self, spoken: State, outcome: &Outcome) -> Option<Change> {
        self.failure = outcome.verdict.failure().cloned();
        if spoken == self.state {
            return None;
        }
        let change = Change {
            at: outcome.started_at,
            from: self.state,
            to: spoken,
            failure: self.failure.clone(),
        };
        if self.state != State::Pending {
            self.state_changes += 1;
        }
        self.state = spoken;
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
