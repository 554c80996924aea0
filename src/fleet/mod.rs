//! Targets times nodes: what many agents say, put together. Pure; who reads the agents is `client` and `command`.

mod agent_report;
mod finding;
mod readings;
mod samples;
pub mod text;

use jiff::Timestamp;
use serde::Serialize;

pub use agent_report::AgentReport;
pub use finding::{Finding, Kind};
pub use readings::{Id, Readings, Trouble, Unread};
pub use samples::{QUERIES, Query};

use crate::status::{Health, encode};
use crate::store::State;
use crate::target::Requirement;

/// What is wrong in a fleet, and where. Serialized, it is the JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fleet {
    /// In one word.
    pub health: Health,
    /// The moment.
    #[serde(serialize_with = "encode::timestamp")]
    pub generated_at: Timestamp,
    /// Nodes whose agents were read.
    pub nodes: usize,
    /// Different targets that they test.
    pub targets: usize,
    /// What is wrong on all or most of the nodes that test it, the worst first.
    pub widespread: Vec<Finding>,
    /// What is wrong elsewhere, by the nodes on which it is.
    pub scattered: Vec<Group>,
    /// Agents that could not be read.
    pub unread: Vec<Unread>,
}

/// Targets that are in trouble on the same nodes: most likely these nodes have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The nodes.
    pub nodes: Vec<String>,
    /// What is wrong there, the worst first.
    pub findings: Vec<Finding>,
}

impl Fleet {
    /// Puts readings together.
    pub fn new(readings: Readings, generated_at: Timestamp) -> Self {
        let (nodes, targets) = (readings.nodes.len(), readings.tested.len());
        let health = health(&readings);
        let mut findings = finding::findings(&readings);
        findings.sort_by_key(Finding::rank);
        let (widespread, rest): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.is_widespread(nodes));
        let mut unread = readings.unread;
        unread.sort();
        Self {
            health,
            generated_at,
            nodes,
            targets,
            widespread,
            scattered: by_nodes(rest),
            unread,
        }
    }
}

/// As of a single node; an agent that could not be read leaves the answer incomplete.
fn health(readings: &Readings) -> Health {
    let required = |state: State| {
        let of_state = |trouble: &&Trouble| trouble.state == state;
        let mut found = readings.troubles.iter().filter(of_state);
        found.any(|trouble| readings.requirement(&trouble.id) == Requirement::Required)
    };
    if required(State::Unreachable) {
        Health::Failing
    } else if required(State::Unproven) {
        Health::Unproven
    } else if required(State::Pending) {
        Health::Pending
    } else if !readings.unread.is_empty() || readings.tested.is_empty() {
        Health::Incomplete
    } else if readings.troubles.is_empty() {
        Health::Ok
    } else {
        Health::Degraded
    }
}

/// The worst group first; of equals, that of more targets.
fn by_nodes(findings: Vec<Finding>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group.nodes == finding.nodes) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                nodes: finding.nodes.clone(),
                findings: vec![finding],
            }),
        }
    }
    groups.sort_by_key(|group| {
        let worst = group.findings.first().map(Finding::severity);
        (worst, usize::MAX - group.findings.len())
    });
    groups
}

#[cfg(test)]
mod tests;
