//! The JSON report of one agent, as far as a fleet needs it. Words that only grow with versions stay text.

use jiff::Timestamp;
use serde::Deserialize;

use super::readings::{Id, Readings, Trouble, UNDECIDED};
use crate::store::State;
use crate::target::Requirement;

/// What `/api/v1/status` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AgentReport {
    agent: Agent,
    targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Agent {
    node: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Target {
    #[serde(rename = "target")]
    name: String,
    probe: String,
    #[serde(deserialize_with = "word")]
    requirement: Requirement,
    #[serde(deserialize_with = "word")]
    state: State,
    since: Timestamp,
    failure: Option<Failure>,
    diagnosis: Option<Diagnosis>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Failure {
    phase: String,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Diagnosis {
    cause: String,
}

/// A member of a closed set.
fn word<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let word = String::deserialize(deserializer)?;
    word.parse().map_err(serde::de::Error::custom)
}

impl AgentReport {
    /// Everything that the agent tests, in its order.
    pub fn targets(&self) -> impl Iterator<Item = Id> {
        self.targets.iter().map(Target::id)
    }

    /// Adds what the agent at `url` says. Two agents that call their nodes the same are told apart by it.
    pub fn add_to(self, readings: &mut Readings, url: &str) {
        let mut node = self.agent.node;
        if readings.nodes.contains(&node) {
            node = format!("{node} ({url})");
        }
        for target in self.targets {
            let trouble = target.trouble(&node);
            let id = target.id();
            readings.tests(id, target.requirement, 1);
            readings.troubles.extend(trouble);
        }
        readings.nodes.insert(node);
    }
}

impl Target {
    fn id(&self) -> Id {
        Id {
            target: self.name.clone(),
            probe: self.probe.clone(),
        }
    }

    fn trouble(&self, node: &str) -> Option<Trouble> {
        let failure = self.failure.as_ref();
        let what = match self.state {
            State::Reachable if self.warnings.is_empty() => return None,
            State::Reachable => self.warnings.join(", "),
            State::Pending => UNDECIDED.to_owned(),
            State::Unreachable | State::Unproven => failure
                .map(|failure| format!("{} {}", failure.phase, failure.reason))
                .unwrap_or_default(),
        };
        // A warning is younger than the state that it rides on, and nobody knows by how much.
        let told = matches!(self.state, State::Unreachable | State::Unproven);
        let since = told.then_some(self.since);
        Some(Trouble {
            node: node.to_owned(),
            id: self.id(),
            state: self.state,
            what,
            cause: self
                .diagnosis
                .as_ref()
                .map(|diagnosis| diagnosis.cause.clone()),
            since,
        })
    }
}
