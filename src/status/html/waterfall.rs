//! Where an attempt spent its time, phase after phase, as bars.

use crate::outcome::Phase;
use crate::status::{PhaseReport, TargetReport};

/// One phase, placed in percent of the whole.
pub(super) struct Bar {
    pub(super) phase: Phase,
    pub(super) seconds: f64,
    pub(super) start: String,
    pub(super) width: String,
    pub(super) failed: bool,
}

pub(super) fn waterfall(target: &TargetReport) -> Vec<Bar> {
    let total: f64 = target.phases.iter().map(|timing| timing.seconds).sum();
    let failed = target.history.last().and_then(|last| last.phase);
    let mut before = 0.0;
    let percent = |seconds: f64| {
        if total > 0.0 {
            seconds / total * 100.0
        } else {
            0.0
        }
    };
    let bar = |timing: &PhaseReport| {
        let start = percent(before);
        before += timing.seconds;
        Bar {
            phase: timing.phase,
            seconds: timing.seconds,
            start: format!("{:.1}", start.min(99.0)),
            width: format!("{:.1}", percent(timing.seconds).max(1.0)),
            failed: failed == Some(timing.phase),
        }
    };
    target.phases.iter().map(bar).collect()
}
