//! The plan as a list: one line for every documented host and probe, testable or not.

use std::collections::HashMap;

use serde::Serialize;

use super::Plan;
use crate::catalog::Protocol;
use crate::target::{Group, Https, Probe, ProbeKind, Requirement};

/// Everything in a plan, as `catalog list` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// A target that stands for two documented hosts is listed under each.
    pub targets: Vec<ListedTarget>,
    /// What cannot be tested.
    pub untestable: Vec<ListedUntestable>,
}

/// A documented host and a target made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedTarget {
    /// The host as documented.
    pub pattern: String,
    /// Absent for name resolution.
    pub port: Option<u16>,
    /// How it is probed.
    pub probe: ProbeKind,
    /// All groups that name the target.
    pub groups: Vec<Group>,
    /// Required if any row is.
    pub requirement: Requirement,
    /// The host that is probed.
    pub host: String,
    /// The target's id.
    pub target: String,
    /// What it is for.
    pub purpose: String,
    /// Application protocols that must pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// SNI, when it is not the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// A documented host, protocol and port that cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedUntestable {
    /// The host as documented.
    pub pattern: String,
    /// Where it would be probed.
    pub port: u16,
    /// What would be spoken.
    pub probe: Protocol,
    /// All groups that name it.
    pub groups: Vec<Group>,
    /// Required if any row is.
    pub requirement: Requirement,
    /// What must be given.
    pub needs: Vec<String>,
}

impl Listing {
    /// Lists a plan.
    pub fn new(plan: &Plan) -> Self {
        let by_id: HashMap<_, _> = plan
            .targets
            .iter()
            .map(|target| (&target.id, target))
            .collect();
        let targets = plan.origins.iter().filter_map(|origin| {
            let target = by_id.get(&origin.target)?;
            let https = match &target.probe {
                Probe::Https(https) => https.clone(),
                _ => Https::default(),
            };
            Some(ListedTarget {
                pattern: origin.pattern.clone(),
                port: target.port,
                probe: target.id.probe,
                groups: target.groups.clone(),
                requirement: target.requirement,
                host: target.host.to_string(),
                target: target.id.target.to_string(),
                purpose: target.purpose.clone(),
                alpn: https.alpn,
                server_name: https.server_name,
            })
        });
        let untestable = plan.untestable.iter().flat_map(|row| {
            row.services
                .iter()
                .map(|(protocol, port)| ListedUntestable {
                    pattern: row.pattern.clone(),
                    port: *port,
                    probe: *protocol,
                    groups: row.groups.clone(),
                    requirement: row.requirement,
                    needs: row.needs.clone(),
                })
        });
        Self {
            targets: targets.collect(),
            untestable: untestable.collect(),
        }
    }
}

impl ListedTarget {
    /// The groups as one text.
    pub fn groups_text(&self) -> String {
        join(&self.groups)
    }
}

impl ListedUntestable {
    /// The groups as one text.
    pub fn groups_text(&self) -> String {
        join(&self.groups)
    }
}

fn join(groups: &[Group]) -> String {
    let words: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    words.join(",")
}
