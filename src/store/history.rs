//! What is kept of a target's past.

use std::time::Duration;

use jiff::Timestamp;

use super::state::State;
use crate::outcome::{Failure, Phase, Reason};

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
