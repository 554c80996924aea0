//! What changed lately, over all targets: the newest first, and what changed alike at one time told once.

use jiff::{SignedDuration, Timestamp};

use super::history::ChangeReport;
use super::report::StatusReport;
use super::target_report::TargetReport;
use crate::outcome::{Phase, Reason};
use crate::store::State;

/// More entries are not shown: each target's own page has more.
const LONGEST: usize = 20;
/// What changes alike within this time has most likely one cause.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// Targets that changed alike at about the same time.
#[derive(Debug, PartialEq)]
pub(super) struct Turn<'a> {
    /// When the last of them did.
    pub(super) at: Timestamp,
    pub(super) from: State,
    pub(super) to: State,
    pub(super) failure: Option<(Phase, Reason)>,
    /// Never empty; the last one to change first.
    pub(super) targets: Vec<&'a TargetReport>,
}

impl Turn<'_> {
    /// What tells this entry from every other one, and stays as it is while the entry does.
    pub(super) fn key(&self) -> String {
        let first = self.targets.last().map_or("", |target| &target.target);
        format!("{}-{}-{}-{first}", self.at.as_second(), self.from, self.to)
    }

    fn takes(&self, change: &ChangeReport) -> bool {
        let alike = (self.from, self.to, self.failure) == alike(change);
        alike && self.at.duration_since(change.at) <= TOGETHER
    }
}

const fn alike(change: &ChangeReport) -> (State, State, Option<(Phase, Reason)>) {
    let failure = match (change.phase, change.reason) {
        (Some(phase), Some(reason)) => Some((phase, reason)),
        _ => None,
    };
    (change.from, change.to, failure)
}

/// The latest changes of the targets that `shown` wants.
pub(super) fn timeline<'a>(
    report: &'a StatusReport,
    shown: impl Fn(&TargetReport) -> bool,
) -> Vec<Turn<'a>> {
    let targets = report.targets.iter().filter(|target| shown(target));
    let mut changes: Vec<_> = targets
        .flat_map(|target| target.changes.iter().map(move |change| (change, target)))
        .collect();
    changes.sort_by_key(|(change, _)| std::cmp::Reverse(change.at));
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for (change, target) in changes {
        if let Some(turn) = turns.iter_mut().rev().find(|turn| turn.takes(change)) {
            turn.targets.push(target);
            continue;
        }
        if turns.len() == LONGEST {
            break;
        }
        let (from, to, failure) = alike(change);
        turns.push(Turn {
            at: change.at,
            from,
            to,
            failure,
            targets: vec![target],
        });
    }
    turns
}
