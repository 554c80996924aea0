//! What was read of all agents, whichever way: the common ground of reports and of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::store::State;
use crate::target::Requirement;

/// A target on whatever node. The probe is a text: an agent of another version may have one that this build has not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Id {
    /// `host:port`, or `host` for name resolution.
    pub target: String,
    /// The kind of exchange.
    pub probe: String,
}

/// What is wrong with a target that is pending.
pub(super) const UNDECIDED: &str = "not decided yet";

/// Who tests a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tested {
    /// Required, if it is on any node.
    pub requirement: Requirement,
    /// On so many nodes.
    pub nodes: usize,
}

/// A target that is not plainly reachable from a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// From where.
    pub node: String,
    /// What.
    pub id: Id,
    /// What is believed; `reachable` with warnings.
    pub state: State,
    /// `tls connection_reset`, or the warnings.
    pub what: String,
    /// What stands behind it.
    pub cause: Option<String>,
    /// Since when, or since about when.
    pub since: Option<Timestamp>,
}

/// An agent that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unread {
    /// Where it was asked.
    pub agent: String,
    /// Why there is no answer.
    pub why: String,
}

/// Everything that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readings {
    /// Nodes that answered.
    pub nodes: BTreeSet<String>,
    /// What they test.
    pub tested: BTreeMap<Id, Tested>,
    /// What is wrong.
    pub troubles: Vec<Trouble>,
    /// Agents that did not answer.
    pub unread: Vec<Unread>,
}

impl Readings {
    /// Notes that so many more nodes test a target.
    pub(super) fn tests(&mut self, id: Id, requirement: Requirement, nodes: usize) {
        let tested = self.tested.entry(id).or_insert(Tested {
            requirement,
            nodes: 0,
        });
        tested.nodes += nodes;
        // The order of declaration: what is required comes first.
        tested.requirement = tested.requirement.min(requirement);
    }

    /// Notes an agent that could not be read.
    pub fn unread(&mut self, agent: String, why: impl Into<String>) {
        self.unread.push(Unread {
            agent,
            why: why.into(),
        });
    }

    pub(super) fn requirement(&self, id: &Id) -> Requirement {
        let tested = self.tested.get(id);
        tested.map_or(Requirement::Optional, |tested| tested.requirement)
    }
}
