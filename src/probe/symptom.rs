//! What stopped an attempt, before the trace adds the phase it was in.

use crate::outcome::Reason;

/// Why the current phase could not be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// Of the closed set.
    pub reason: Reason,
    /// In words for a person.
    pub detail: String,
    /// Whether it refutes that the target can be reached, or only leaves it open.
    pub decides: bool,
}

impl Symptom {
    /// A symptom that decides as its reason does.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            decides: reason.decides(),
        }
    }

    /// The same observation where it cannot decide anything.
    #[must_use]
    pub fn undecided(self) -> Self {
        Self {
            decides: false,
            ..self
        }
    }
}
