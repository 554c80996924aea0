//! Failures that come and go: packets that are lost by chance.

use super::{Cause, Diagnosis};
use crate::outcome::{Failure, Reason};
use crate::store::{Record, State};

/// Silence and success must have taken turns so often before chance explains it.
const LEAST_TURNS: usize = 4;

/// Nothing on the way changes its mind every minute.
pub(super) fn diagnose(record: &Record, failure: &Failure) -> Option<Diagnosis> {
    if failure.reason != Reason::Timeout {
        return None;
    }
    let attempts = record.recent.iter().map(|attempt| match attempt.failure {
        None if attempt.verdict == State::Reachable => Some(true),
        Some((_, Reason::Timeout)) => Some(false),
        _ => None,
    });
    let attempts: Option<Vec<bool>> = attempts.collect();
    let attempts = attempts?;
    let turns = attempts
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count();
    let lost = attempts.iter().filter(|well| !**well).count();
    (turns >= LEAST_TURNS).then(|| {
        let all = attempts.len();
        Diagnosis::likely(
            Cause::PacketLoss,
            format!("{lost} of the last {all} attempts timed out, between others that worked"),
        )
        .not(Cause::FirewallDrop, "a rule would stop every attempt")
    })
}
