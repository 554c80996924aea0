//! What the log says of attempts and of changes of state.

use crate::outcome::Outcome;
use crate::store::{Change, State};
use crate::target::TargetId;

/// Every attempt, for who asks for it.
pub(super) fn attempt(id: &TargetId, outcome: &Outcome) {
    let TargetId { target, probe } = id;
    let seconds = outcome.elapsed.as_secs_f64();
    let verdict = State::of(&outcome.verdict);
    match outcome.verdict.failure() {
        None => tracing::debug!(%target, %probe, %verdict, seconds, "attempt ended"),
        Some(failure) => tracing::debug!(
            %target, %probe, %verdict, seconds,
            phase = %failure.phase, reason = %failure.reason, detail = %failure.detail,
            "attempt ended"
        ),
    }
}

/// A failure is a warning, a recovery worth a line; that a target is found as it should be is neither.
pub(super) fn change(id: &TargetId, change: &Change) {
    let TargetId { target, probe } = id;
    let (from, to) = (change.from, change.to);
    match &change.failure {
        Some(failure) => tracing::warn!(
            %target, %probe, %from, %to,
            phase = %failure.phase, reason = %failure.reason, detail = %failure.detail,
            "target changed state"
        ),
        None if from == State::Pending => {
            tracing::debug!(%target, %probe, %from, %to, "target changed state");
        }
        None => tracing::info!(%target, %probe, %from, %to, "target changed state"),
    }
}
