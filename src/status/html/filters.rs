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

/// `4 min ago` as an element that has the exact time too. It holds nothing but times: `|safe`.
#[askama::filter_fn]
pub(super) fn ago(time: &Timestamp, _: &dyn Values, now: &Timestamp) -> askama::Result<String> {
    let (exact, ago) = (human::utc(*time), human::ago(*time, *now));
    Ok(format!(
        "<time datetime=\"{time:.3}\" title=\"{exact}\">{ago}</time>"
    ))
}

/// The exact time as an element.
#[askama::filter_fn]
pub(super) fn exact(time: &Timestamp, _: &dyn Values) -> askama::Result<String> {
    let exact = human::utc(*time);
    Ok(format!(
        "<time class=\"exact\" datetime=\"{time:.3}\" title=\"{exact}\">{exact}</time>"
    ))
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

/// Beside every tint, for those who do not see colours.
#[askama::filter_fn]
pub(super) fn sign(state: &State, _: &dyn Values) -> askama::Result<char> {
    Ok(match state {
        State::Reachable => '+',
        State::Unreachable => '×',
        State::Unproven => '?',
        State::Pending => '…',
    })
}
