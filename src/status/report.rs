//! The one value behind every page: JSON, text and HTML are pure functions of it and cannot disagree.

use jiff::Timestamp;
use serde::Serialize;

use super::about::{About, Agent, Environment, Untestable};
use super::encode;
use super::human;
use super::target_report::TargetReport;
use crate::diagnosis::{Shared, diagnose};
use crate::store::{Record, State};
use crate::target::{ProbeKind, Requirement};

/// The state of a node's egress at one moment. Serialized, it is the stable JSON report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusReport {
    /// Who reports.
    pub agent: Agent,
    /// From where, and with which catalogue.
    pub environment: Environment,
    /// The moment.
    #[serde(serialize_with = "encode::timestamp")]
    pub generated_at: Timestamp,
    /// The targets, counted.
    pub summary: Summary,
    /// What is wrong with the node as a whole, in one or two sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// What stands behind everything that is wrong, what explains most first.
    pub diagnosis: Vec<Shared>,
    /// In the order of their names.
    pub targets: Vec<TargetReport>,
    /// Rows of the catalogue that became no target.
    pub untestable: Vec<Untestable>,
    /// Sentences that a reader must see first.
    pub notices: Vec<String>,
    /// Nothing is tested any more, so that all of this is old. A notice tells it to readers of the JSON.
    #[serde(skip)]
    pub stalled: bool,
}

impl StatusReport {
    /// Reports `records` as they stand at `generated_at`.
    pub fn new(about: &About, records: &[Record], generated_at: Timestamp) -> Self {
        let mut whole = diagnose(records);
        let mut report = |record: &Record| {
            let diagnosis = whole.targets.remove(&record.target.id);
            about.target(record, diagnosis)
        };
        let targets: Vec<_> = records.iter().map(&mut report).collect();
        Self {
            agent: about.agent.clone(),
            environment: about.environment.clone(),
            generated_at,
            summary: Summary::of(&targets, about.untestable.len()),
            story: whole.story,
            diagnosis: whole.causes,
            targets,
            untestable: about.untestable.clone(),
            notices: about.notices.clone(),
            stalled: false,
        }
    }

    /// The same from an agent whose scheduler stands still: what was true may be so no longer.
    #[must_use]
    pub fn stalled(mut self) -> Self {
        let newest = self
            .targets
            .iter()
            .filter_map(|target| target.last_attempt)
            .max();
        let since = newest.map_or_else(String::new, |at| format!(" since {}", human::utc(at)));
        let notice = format!(
            "the agent's scheduler stands still, and nothing has been tested{since}; what follows may be wrong by now. A restart of the agent helps; its log may say why."
        );
        self.notices.insert(0, notice);
        self.stalled = true;
        self
    }

    /// The target of this identity.
    pub fn find(&self, target: &str, probe: ProbeKind) -> Option<&TargetReport> {
        let mut targets = self.targets.iter();
        targets.find(|known| known.target == target && known.probe == probe)
    }

    /// How old the results are, in a sentence: a page may be fresh while nothing is tested any more.
    pub(super) fn freshness(&self) -> String {
        let attempts = || self.targets.iter().filter_map(|target| target.last_attempt);
        let age = |time: Timestamp| human::span(self.generated_at.duration_since(time).as_secs());
        match (attempts().max(), attempts().min()) {
            (Some(newest), Some(oldest)) => {
                format!("Results are {} to {} old.", age(newest), age(oldest))
            }
            _ => "No results yet.".to_owned(),
        }
    }

    /// The targets of one requirement.
    pub fn of(&self, requirement: Requirement) -> impl Iterator<Item = &TargetReport> {
        self.targets
            .iter()
            .filter(move |target| target.requirement == requirement)
    }
}

/// How many targets are in which state. `reachable + unreachable + unproven + pending = targets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// All targets.
    pub targets: usize,
    /// Reachable ones, with and without warnings.
    pub reachable: usize,
    /// Those of the reachable ones that have a warning.
    pub degraded: usize,
    /// Unreachable ones, required or not.
    pub unreachable: usize,
    /// Those of the unreachable ones that are required.
    pub unreachable_required: usize,
    /// Observed, but undecided.
    pub unproven: usize,
    /// Not yet decided.
    pub pending: usize,
    /// Rows of the catalogue that are no target at all.
    pub untestable: usize,
}

impl Summary {
    fn of(targets: &[TargetReport], untestable: usize) -> Self {
        let count = |wanted: &dyn Fn(&TargetReport) -> bool| {
            targets.iter().filter(|target| wanted(target)).count()
        };
        let in_state = |state: State| count(&|t| t.state == state);
        Self {
            targets: targets.len(),
            reachable: in_state(State::Reachable),
            degraded: count(&|t| !t.warnings.is_empty()),
            unreachable: in_state(State::Unreachable),
            unreachable_required: count(&|t| {
                t.state == State::Unreachable && t.requirement == Requirement::Required
            }),
            unproven: in_state(State::Unproven),
            pending: in_state(State::Pending),
            untestable,
        }
    }
}
