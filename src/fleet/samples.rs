//! A fleet from the metrics that a Prometheus server has of it: what to ask, and what the answers mean.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::readings::{Id, Readings, Trouble, UNDECIDED};
use crate::labels::closed_set;
use crate::store::State;
use crate::target::Requirement;

closed_set! {
    /// An expression. None has a sample for every target of every node: answers grow with what is wrong. Agents that are
    /// down are those of jobs in which agents were within the last day.
    pub enum Query {
        /// The agents.
        Agents = "egress_build_info",
        /// How many nodes test a target.
        Targets = "count by (target, probe, requirement) (egress_target_info)",
        /// Targets without a decision.
        Undecided = "egress_target_info unless on (instance, job, target, probe) egress_probe_success",
        /// Unreachable targets.
        Failures = "egress_probe_failure_info",
        /// Unproven ones.
        Unproven = "egress_probe_unproven",
        /// Warnings.
        Warnings = "egress_probe_warning",
        /// What stands behind all that.
        Causes = "egress_diagnosis_info",
        /// When what is in trouble was proven last.
        LastSuccess = "egress_probe_last_success_timestamp_seconds unless egress_probe_success == 1",
        /// Agents that are not scraped.
        Down = "up == 0 and on (job) count by (job) (last_over_time(egress_build_info[1d]))",
    }
}

/// Every question that [`Readings::of_samples`] wants the answers of.
pub const QUERIES: &[Query] = Query::ALL;

type Sample = (BTreeMap<String, String>, f64);
/// On which node, and which target.
type Place = (String, Id);

impl Readings {
    /// What the answers mean; a question that was not asked has none.
    pub fn of_samples(answers: &BTreeMap<Query, Vec<Sample>>) -> Self {
        let answer = |query: Query| answers.get(&query).map_or(&[][..], Vec::as_slice);
        let mut readings = Self::default();
        readings
            .nodes
            .extend(answer(Query::Agents).iter().map(|(labels, _)| node(labels)));
        for (labels, nodes) in answer(Query::Targets) {
            let requirement = label(labels, "requirement").parse();
            let requirement = requirement.unwrap_or(Requirement::Optional);
            readings.tests(id(labels), requirement, count(*nodes));
        }
        for (labels, _) in answer(Query::Down) {
            let why = "Prometheus cannot scrape it (up is 0)";
            readings.unread(node(labels), why);
        }
        readings.troubles = troubles(answer);
        readings
    }
}

fn troubles<'a>(answer: impl Fn(Query) -> &'a [Sample]) -> Vec<Trouble> {
    let causes = by_place(answer(Query::Causes));
    let proven = by_place(answer(Query::LastSuccess));
    let mut found: BTreeMap<Place, (State, String)> = BTreeMap::new();
    for (labels, _) in answer(Query::Undecided) {
        found.insert(place(labels), (State::Pending, UNDECIDED.to_owned()));
    }
    for (labels, _) in answer(Query::Warnings) {
        let warning = label(labels, "warning");
        let (_, what) = found
            .entry(place(labels))
            .or_insert((State::Reachable, String::new()));
        let comma = if what.is_empty() { "" } else { ", " };
        *what = format!("{what}{comma}{warning}");
    }
    for (labels, _) in answer(Query::Unproven) {
        found.insert(
            place(labels),
            (State::Unproven, label(labels, "reason").to_owned()),
        );
    }
    for (labels, _) in answer(Query::Failures) {
        let what = format!("{} {}", label(labels, "phase"), label(labels, "reason"));
        found.insert(place(labels), (State::Unreachable, what));
    }
    let trouble = |(place, (state, what)): (Place, (State, String))| {
        let cause = causes
            .get(&place)
            .map(|(labels, _)| label(labels, "cause").to_owned());
        let since = proven.get(&place).and_then(|(_, seconds)| time(*seconds));
        let (node, id) = place;
        Trouble {
            node,
            id,
            state,
            what,
            cause,
            since,
        }
    };
    found.into_iter().map(trouble).collect()
}

fn by_place(samples: &[Sample]) -> BTreeMap<Place, &Sample> {
    samples
        .iter()
        .map(|sample| (place(&sample.0), sample))
        .collect()
}

fn place(labels: &BTreeMap<String, String>) -> Place {
    (node(labels), id(labels))
}

/// The scrape configuration names nodes; where it does not, `instance` does.
fn node(labels: &BTreeMap<String, String>) -> String {
    let named = labels.get("node").or_else(|| labels.get("instance"));
    named.cloned().unwrap_or_default()
}

fn id(labels: &BTreeMap<String, String>) -> Id {
    Id {
        target: label(labels, "target").to_owned(),
        probe: label(labels, "probe").to_owned(),
    }
}

fn label<'a>(labels: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    labels.get(name).map_or("", String::as_str)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of nodes; what is none becomes the nearest number"
)]
fn count(value: f64) -> usize {
    value as usize
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time that is none becomes one that jiff refuses"
)]
fn time(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1e3) as i64).ok()
}
