//! What the report says besides the targets: who reports, from where, and what could not be tested.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::encode;
use super::target_report::TargetReport;
use crate::catalog::Protocol;
use crate::diagnosis::Diagnosis;
use crate::rules::Rule;
use crate::store::Record;
use crate::target::{Group, Requirement, TargetId};

/// Everything about the agent that changes only when it starts or reloads its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Who reports.
    pub agent: Agent,
    /// From where, and with which catalogue.
    pub environment: Environment,
    /// Rows of the catalogue that became no target.
    pub untestable: Vec<Untestable>,
    /// The firewall rules that let each target through.
    pub rules: HashMap<TargetId, Vec<Rule>>,
    /// Sentences that belong at the top of every page, such as trouble with the configuration.
    pub notices: Vec<String>,
}

impl About {
    /// Reports one record, with what a look at all of them says of it, and with the rules that it lacks.
    pub fn target(&self, record: &Record, diagnosis: Option<Diagnosis>) -> TargetReport {
        let rules = self.rules.get(&record.target.id);
        TargetReport::new(record, diagnosis).lacking(rules.map_or(&[], Vec::as_slice))
    }
}

/// The agent that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Version of the agent.
    pub version: String,
    /// Name of the node.
    pub node: String,
    /// When the agent started.
    #[serde(serialize_with = "encode::timestamp")]
    pub started_at: Timestamp,
}

/// Which catalogue applies here, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The cloud whose rows apply, when known.
    pub cloud: Option<String>,
    /// The Azure region, when known.
    pub location: Option<String>,
    /// The edition of the catalogue.
    pub edition: String,
    /// The proxy through which targets are reached, and what is excepted (`http://proxy.example:3128 except a, b`), or `none`.
    pub proxy: String,
    /// Values of the catalogue's parameters by name.
    pub parameters: BTreeMap<String, String>,
    /// Where `cloud`, `node`, `proxy` and each parameter were found (`config`, `instance metadata`).
    pub sources: BTreeMap<String, String>,
}

/// A row of the catalogue that became no target: it is never green and never dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Untestable {
    /// The host as documented.
    pub pattern: String,
    /// How it would be probed.
    pub protocols: Vec<UntestableProtocol>,
    /// The groups of the row.
    pub groups: Vec<Group>,
    /// Whether the cluster needs it.
    pub requirement: Requirement,
    /// What would make it testable.
    pub needs: Vec<String>,
}

/// One protocol of an untestable row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UntestableProtocol {
    /// What would be spoken.
    pub protocol: Protocol,
    /// Its port.
    pub port: u16,
}

impl std::fmt::Display for UntestableProtocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.protocol, self.port)
    }
}

impl Environment {
    /// Every setting with where it was found, for people: `("location", "eastus (instance metadata)")`.
    pub(super) fn settings(&self) -> Vec<(&str, String)> {
        let unknown = "not known".to_owned();
        let fixed = [
            ("cloud", self.cloud.as_ref().unwrap_or(&unknown)),
            ("location", self.location.as_ref().unwrap_or(&unknown)),
            ("edition", &self.edition),
            ("proxy", &self.proxy),
        ];
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value));
        fixed
            .into_iter()
            .chain(parameters.filter(|(name, _)| !fixed.iter().any(|(known, _)| known == name)))
            .map(|(name, value)| match self.sources.get(name) {
                Some(source) => (name, format!("{value} ({source})")),
                None => (name, value.clone()),
            })
            .collect()
    }
}
