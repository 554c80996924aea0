//! A target and the nodes on which something is wrong with it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::readings::{Id, Readings, Trouble};
use crate::status::encode;
use crate::store::State;
use crate::target::Requirement;

/// What is wrong with one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which.
    #[serde(flatten)]
    pub id: Id,
    /// Whether clusters break without it.
    pub requirement: Requirement,
    /// Where.
    pub nodes: Vec<String>,
    /// On how many nodes it is tested.
    pub tested_on: usize,
    /// What, the most frequent first.
    pub kinds: Vec<Kind>,
}

/// What is wrong in the same way on some nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// What is believed there.
    pub state: State,
    /// `tls connection_reset`, or the warnings.
    pub what: String,
    /// What stands behind it.
    pub cause: Option<String>,
    /// On how many nodes.
    pub nodes: usize,
    /// Where it is oldest.
    #[serde(serialize_with = "encode::optional_timestamp")]
    pub since: Option<Timestamp>,
}

impl Finding {
    /// Whether it is wrong on more than half of the nodes that test it, and not only on one of several.
    pub(super) fn is_widespread(&self, nodes: usize) -> bool {
        self.nodes.len() * 2 > self.tested_on && (self.nodes.len() > 1 || nodes == 1)
    }

    /// The smaller, the worse.
    pub(super) fn severity(&self) -> (Requirement, u8) {
        let states = self.kinds.iter().map(|kind| severity(kind.state));
        (self.requirement, states.min().unwrap_or(u8::MAX))
    }

    /// By severity, then by the number of nodes, then by name.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let fewer = usize::MAX - self.nodes.len();
        (self.severity(), fewer, self.id.clone())
    }
}

const fn severity(state: State) -> u8 {
    match state {
        State::Unreachable => 0,
        State::Unproven => 1,
        State::Pending => 2,
        State::Reachable => 3,
    }
}

/// One for each target that is in trouble anywhere.
pub(super) fn findings(readings: &Readings) -> Vec<Finding> {
    let mut by_target: BTreeMap<&Id, Vec<&Trouble>> = BTreeMap::new();
    for trouble in &readings.troubles {
        by_target.entry(&trouble.id).or_default().push(trouble);
    }
    let finding = |(id, troubles): (&Id, Vec<&Trouble>)| {
        let mut nodes: Vec<String> = troubles
            .iter()
            .map(|trouble| trouble.node.clone())
            .collect();
        nodes.sort();
        nodes.dedup();
        let tested = readings.tested.get(id).map_or(0, |tested| tested.nodes);
        Finding {
            id: id.clone(),
            requirement: readings.requirement(id),
            tested_on: tested.max(nodes.len()),
            nodes,
            kinds: kinds(&troubles),
        }
    };
    by_target.into_iter().map(finding).collect()
}

fn kinds(troubles: &[&Trouble]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for trouble in troubles {
        let same = |kind: &&mut Kind| {
            kind.state == trouble.state && kind.what == trouble.what && kind.cause == trouble.cause
        };
        match kinds.iter_mut().find(same) {
            Some(kind) => {
                kind.nodes += 1;
                kind.since = kind.since.into_iter().chain(trouble.since).min();
            }
            None => kinds.push(Kind {
                state: trouble.state,
                what: trouble.what.clone(),
                cause: trouble.cause.clone(),
                nodes: 1,
                since: trouble.since,
            }),
        }
    }
    kinds.sort_by_key(|kind| (severity(kind.state), usize::MAX - kind.nodes));
    kinds
}
