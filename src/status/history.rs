//! What is reported of a target's past: attempts and changes of state.

use jiff::Timestamp;
use serde::Serialize;

use super::encode::{self, seconds};
use crate::outcome::{Phase, Reason};
use crate::store::{Attempted, Change, State};

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

impl AttemptReport {
    /// One character for a strip of attempts.
    pub const fn mark(&self) -> char {
        match self.state {
            State::Reachable => '+',
            State::Unreachable => 'x',
            State::Unproven | State::Pending => '?',
        }
    }

    pub(super) fn new(attempted: &Attempted) -> Self {
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
    pub(super) fn new(change: &Change) -> Self {
        Self {
            at: change.at,
            from: change.from,
            to: change.to,
            phase: change.failure.as_ref().map(|failure| failure.phase),
            reason: change.failure.as_ref().map(|failure| failure.reason),
        }
    }
}
