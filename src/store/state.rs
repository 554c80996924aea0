//! The states of a target.

use crate::labels::closed_set;
use crate::outcome::Verdict;

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
    /// What a verdict alone speaks for.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Reachable => Self::Reachable,
            Verdict::Unreachable(_) => Self::Unreachable,
            Verdict::Unproven(_) => Self::Unproven,
        }
    }
}
