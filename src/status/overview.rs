//! What a reader must see, in order of importance: shared by the text page and the HTML page.

use super::cause_lines::causes_of;
use super::filter::Filter;
use super::meaning::{Meaning, meaning};
use super::report::StatusReport;
use super::rule::rule_lines;
use super::target_report::TargetReport;
use crate::diagnosis::Cause;
use crate::outcome::{Phase, Reason};
use crate::store::State;
use crate::target::{Group, Requirement};

/// When more targets than this fail alike, what they have in common is said once, and the rest on their own pages.
const MOST_IN_FULL: usize = 5;

/// The targets of a report, sorted into sections.
pub(super) struct Overview<'a> {
    pub(super) required: Vec<Cluster<'a>>,
    pub(super) optional: Vec<Cluster<'a>>,
    pub(super) unproven: Vec<Cluster<'a>>,
    pub(super) pending: Vec<&'a TargetReport>,
    /// Reachable, with a warning or with a failure that is not confirmed.
    pub(super) warned: Vec<&'a TargetReport>,
    pub(super) reachable: Vec<(Group, Vec<&'a TargetReport>)>,
}

/// Targets that fail in the same phase for the same reason: most likely one cause.
pub(super) struct Cluster<'a> {
    pub(super) phase: Phase,
    pub(super) reason: Reason,
    pub(super) meaning: Meaning,
    pub(super) targets: Vec<&'a TargetReport>,
}

impl<'a> Overview<'a> {
    pub(super) fn new(report: &'a StatusReport) -> Self {
        Self::through(report, &Filter::default())
    }

    /// Of what `filter` lets through.
    pub(super) fn through(report: &'a StatusReport, filter: &Filter) -> Self {
        let shown: Vec<_> = report
            .targets
            .iter()
            .filter(|t| filter.lets_through(t))
            .collect();
        let in_state = |state: State| shown.iter().copied().filter(move |t| t.state == state);
        let broken = |requirement| {
            clusters(in_state(State::Unreachable).filter(move |t| t.requirement == requirement))
        };
        Self {
            required: broken(Requirement::Required),
            optional: broken(Requirement::Optional),
            unproven: clusters(in_state(State::Unproven)),
            pending: in_state(State::Pending).collect(),
            warned: in_state(State::Reachable)
                .filter(|target| !target.warnings.is_empty() || target.unconfirmed().is_some())
                .collect(),
            reachable: by_group(in_state(State::Reachable)),
        }
    }
}

impl Cluster<'_> {
    /// Whether there are too many targets to say everything of each.
    pub(super) fn is_large(&self) -> bool {
        self.targets.len() > MOST_IN_FULL
    }

    /// What was observed, when it is word for word the same at every target.
    pub(super) fn shared_detail(&self) -> Option<&str> {
        let mut details = self.targets.iter().map(|target| target.failure.as_ref());
        let first = &details.next()??.detail;
        let same = details.all(|failure| failure.is_some_and(|failure| failure.detail == *first));
        same.then_some(first.as_str())
    }

    /// What stands behind it, and on what grounds.
    pub(super) fn causes(&self) -> Vec<(String, String)> {
        causes_of(&self.targets)
    }

    /// What to do about it, each thing once.
    pub(super) fn todos(&self) -> Vec<&'static str> {
        let mut todos: Vec<_> = self.targets.iter().filter_map(|t| t.todo()).collect();
        todos.sort_unstable();
        todos.dedup();
        todos
    }

    /// Whether what the reason usually means is still of interest.
    pub(super) fn is_open(&self) -> bool {
        let decided = |target: &&TargetReport| {
            let diagnosis = target.diagnosis.as_ref();
            diagnosis.is_some_and(|diagnosis| diagnosis.cause != Cause::Undetermined)
        };
        !self.targets.iter().all(decided)
    }

    /// The firewall rules to ask for, as lines for a change ticket.
    pub(super) fn rules(&self) -> Vec<String> {
        if !self.meaning.rule {
            return Vec::new();
        }
        let mut rules: Vec<_> = self.targets.iter().flat_map(|t| rule_lines(t)).collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

/// The largest cluster first; inside of it, what has been failing longest.
fn clusters<'a>(targets: impl Iterator<Item = &'a TargetReport>) -> Vec<Cluster<'a>> {
    let mut clusters: Vec<Cluster<'a>> = Vec::new();
    for target in targets {
        let Some(failure) = &target.failure else {
            continue;
        };
        let (phase, reason) = (failure.phase, failure.reason);
        match clusters
            .iter_mut()
            .find(|c| (c.phase, c.reason) == (phase, reason))
        {
            Some(cluster) => cluster.targets.push(target),
            None => clusters.push(Cluster {
                phase,
                reason,
                meaning: meaning(reason, phase),
                targets: vec![target],
            }),
        }
    }
    for cluster in &mut clusters {
        cluster.targets.sort_by_key(|target| target.since);
    }
    clusters.sort_by_key(|c| (usize::MAX - c.targets.len(), c.phase, c.reason));
    clusters
}

/// A target of several groups stands in the first of them.
fn by_group<'a>(
    targets: impl Iterator<Item = &'a TargetReport>,
) -> Vec<(Group, Vec<&'a TargetReport>)> {
    let mut groups = std::collections::BTreeMap::<_, Vec<_>>::new();
    for target in targets {
        let group = target.groups.first().copied().unwrap_or(Group::Custom);
        groups.entry(group).or_default().push(target);
    }
    groups.into_iter().collect()
}
