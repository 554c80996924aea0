//! The exit code of a report.

use crate::command::ExitStatus;
use crate::status::{StatusReport, TargetReport};
use crate::store::State;
use crate::target::Requirement;

/// 0 only when everything required is proven; 1 when something required is refuted (with `strict`: when any target
/// is not plainly reachable); 2 when it could not be tested. With `strict`, every target counts as required.
pub(super) fn exit_status(report: &StatusReport, strict: bool) -> ExitStatus {
    let required = |state: State| report.of(Requirement::Required).any(|t| t.state == state);
    let counts = |target: &&TargetReport| strict || target.requirement == Requirement::Required;
    let own_trouble = |target: &TargetReport| {
        let failure = target.failure.as_ref();
        target.state == State::Unproven && failure.is_some_and(|f| f.reason.is_own_trouble())
    };
    let plain = |t: &TargetReport| t.state == State::Reachable && t.warnings.is_empty();
    if required(State::Unreachable) {
        ExitStatus::Unreachable
    } else if report.targets.iter().filter(counts).any(own_trouble) {
        ExitStatus::Trouble
    } else if strict && !report.targets.iter().all(plain) {
        ExitStatus::Unreachable
    } else if required(State::Unproven) || required(State::Pending) {
        ExitStatus::Trouble
    } else {
        ExitStatus::Success
    }
}
