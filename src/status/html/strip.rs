//! Recent attempts side by side, as tall as they were long. State is a shape and a sign, not a colour alone.

use crate::status::{AttemptReport, human};
use crate::store::State;

/// Units of the drawing; a column is 15 wide, and has some space beside it.
const COLUMN: usize = 18;
const HEIGHT: f64 = 60.0;
const LEAST: f64 = 3.0;

/// A drawing of attempts.
pub(super) struct Strip {
    pub(super) width: usize,
    pub(super) columns: Vec<Column>,
    /// The same in a sentence, for those who do not see it.
    pub(super) told: String,
}

/// One attempt.
pub(super) struct Column {
    pub(super) x: usize,
    pub(super) top: String,
    pub(super) height: String,
    /// Where the sign stands.
    pub(super) middle: usize,
    pub(super) attempt: AttemptReport,
}

/// The strip of a target's history; none without attempts.
pub(super) fn strip(history: &[AttemptReport]) -> Option<Strip> {
    if history.is_empty() {
        return None;
    }
    let columns = history.iter().enumerate().map(|(place, attempt)| {
        let height = tallness(attempt.duration_seconds);
        Column {
            x: place * COLUMN + 1,
            top: format!("{:.1}", HEIGHT - height),
            height: format!("{height:.1}"),
            middle: place * COLUMN + COLUMN / 2,
            attempt: *attempt,
        }
    });
    Some(Strip {
        width: history.len() * COLUMN,
        columns: columns.collect(),
        told: told(history),
    })
}

/// From 0.1 ms to 10 s, each decade the same step: what takes milliseconds stays visible beside a timeout.
fn tallness(seconds: f64) -> f64 {
    let share = (seconds.max(1e-4).log10() + 4.0) / 5.0;
    LEAST + share.clamp(0.0, 1.0) * (HEIGHT - LEAST)
}

fn told(history: &[AttemptReport]) -> String {
    let count = |state: State| history.iter().filter(|a| a.state == state).count();
    let durations = || history.iter().map(|attempt| attempt.duration_seconds);
    let states = [State::Reachable, State::Unreachable, State::Unproven]
        .into_iter()
        .map(|state| (state, count(state)))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {state}"));
    format!(
        "{}, newest last: {}; {} to {}",
        human::count(history.len(), "attempt"),
        human::list(&states.collect::<Vec<_>>()),
        human::duration(durations().fold(f64::INFINITY, f64::min)),
        human::duration(durations().fold(0.0, f64::max)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn attempt(state: State, duration_seconds: f64) -> AttemptReport {
        AttemptReport {
            at: Timestamp::UNIX_EPOCH,
            duration_seconds,
            state,
            phase: None,
            reason: None,
        }
    }

    #[test]
    fn each_decade_is_a_step_and_nothing_is_invisible_or_too_tall() {
        let heights = [0.0, 1e-4, 1e-3, 1e-2, 10.0, 100.0].map(tallness);
        assert!((heights[2] - heights[1] - (heights[3] - heights[2])).abs() < 1e-9);
        assert!((heights[0] - LEAST).abs() < 1e-9 && (heights[1] - LEAST).abs() < 1e-9);
        assert!((heights[4] - HEIGHT).abs() < 1e-9 && (heights[5] - HEIGHT).abs() < 1e-9);
    }

    #[test]
    fn what_is_drawn_is_told_too() {
        assert!(strip(&[]).is_none());
        let history = [
            attempt(State::Reachable, 0.012),
            attempt(State::Unreachable, 10.0),
        ];
        let strip = strip(&history).expect("a strip");
        let told = "2 attempts, newest last: 1 reachable, 1 unreachable; 12 ms to 10.0 s";
        assert_eq!(strip.told, told);
        assert_eq!(strip.columns.len(), 2);
    }
}
