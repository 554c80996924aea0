//! What the templates may call.

#![expect(
    clippy::inline_always,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    unreachable_pub,
    reason = "the form that askama calls and generates"
)]

use askama::Values;
use jiff::Timestamp;

use crate::status::warning_lines::warning_lines;
use crate::status::{TargetReport, human};
use crate::store::State;

#[askama::filter_fn]
pub(super) fn utc(time: &Timestamp, _: &dyn Values) -> askama::Result<String> {
    Ok(human::utc(*time))
}

#[askama::filter_fn]
pub(super) fn ago(time: &Timestamp, _: &dyn Values, now: &Timestamp) -> askama::Result<String> {
    Ok(human::ago(*time, *now))
}

#[askama::filter_fn]
pub(super) fn duration(seconds: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(human::duration(*seconds))
}

#[askama::filter_fn]
pub(super) fn list<T: ToString>(items: &[T], _: &dyn Values) -> askama::Result<String> {
    Ok(human::list(items))
}

#[askama::filter_fn]
pub(super) fn warnings(target: &TargetReport, _: &dyn Values) -> askama::Result<Vec<String>> {
    Ok(warning_lines(target))
}

#[askama::filter_fn]
pub(super) fn tint(state: &State, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(match state {
        State::Reachable => "good",
        State::Unreachable => "bad",
        State::Unproven | State::Pending => "warn",
    })
}
