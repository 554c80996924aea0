//! One word and one sentence on whether this node is all right.

use super::human;
use super::report::StatusReport;
use crate::labels::closed_set;
use crate::store::State;
use crate::target::Requirement;

closed_set! {
    /// The node's egress in one word, from worst to best. Only `OK` is green.
    pub enum Health {
        /// A required target is unreachable.
        Failing = "FAILING",
        /// Nothing is tested any more: whatever was known is old.
        Stale = "STALE",
        /// No required target is known to be unreachable, but one is unproven.
        Unproven = "UNPROVEN",
        /// A required target has not been decided yet.
        Pending = "PENDING",
        /// There is nothing to test, or a required row of the catalogue could not be tested.
        Incomplete = "INCOMPLETE",
        /// All that is required is reachable; something else wants attention.
        Degraded = "DEGRADED",
        /// All that is required is proven, and nothing stands against it.
        Ok = "OK",
    }
}

/// The first line of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// In one word.
    pub health: Health,
    /// In one sentence.
    pub sentence: String,
}

impl Headline {
    /// Judges a report.
    pub fn of(report: &StatusReport) -> Self {
        let required = |state| counted(report, Requirement::Required, state);
        let total = report.of(Requirement::Required).count();
        let untestable = report
            .untestable
            .iter()
            .filter(|row| row.requirement == Requirement::Required)
            .count();
        let reachable = match total {
            0 => "no target is required".to_owned(),
            _ => format!("all {total} required reachable"),
        };
        let (health, sentence) = if required(State::Unreachable) > 0 {
            let broken = required(State::Unreachable);
            (
                Health::Failing,
                format!("{broken} of {total} required unreachable"),
            )
        } else if required(State::Unproven) > 0 {
            let open = required(State::Unproven);
            (
                Health::Unproven,
                format!("{open} of {total} required unproven"),
            )
        } else if required(State::Pending) > 0 {
            let open = required(State::Pending);
            (
                Health::Pending,
                format!("{open} of {total} required not yet tested"),
            )
        } else if report.targets.is_empty() {
            (Health::Incomplete, "nothing is tested".to_owned())
        } else if untestable > 0 {
            let rows = human::count(untestable, "required row");
            (
                Health::Incomplete,
                format!("{reachable}, {rows} untestable"),
            )
        } else {
            (quiet(report), reachable)
        };
        let sentence = sentence + &asides(report, health);
        if report.stalled {
            return Self {
                health: Health::Stale,
                sentence: format!("nothing is tested any more; before that, {sentence}"),
            };
        }
        Self { health, sentence }
    }
}

fn quiet(report: &StatusReport) -> Health {
    let summary = &report.summary;
    if summary.degraded + summary.unreachable + summary.unproven > 0 {
        Health::Degraded
    } else {
        Health::Ok
    }
}

/// What else is wrong, so that nobody has to count.
fn asides(report: &StatusReport, health: Health) -> String {
    let mut aside = String::new();
    let optional = counted(report, Requirement::Optional, State::Unreachable);
    if optional > 0 {
        let verb = if health == Health::Failing {
            ""
        } else {
            " unreachable"
        };
        aside = format!(", {optional} optional{verb}");
    }
    let degraded = report.summary.degraded;
    if health == Health::Degraded && degraded > 0 {
        aside = format!("{aside}, {degraded} with warnings");
    }
    aside
}

fn counted(report: &StatusReport, requirement: Requirement, state: State) -> usize {
    report
        .of(requirement)
        .filter(|target| target.state == state)
        .count()
}
