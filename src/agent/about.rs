//! What reports say about the agent and its surroundings.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Inputs, Situation};
use crate::plan::Plan;
use crate::proxy::ProxyChoice;
use crate::rules;
use crate::status::{self, About, UntestableProtocol};
use crate::version;

impl Inputs {
    /// What reports say about the agent and its surroundings.
    pub fn about(&self, situation: &Situation, plan: &Plan, started_at: Timestamp) -> About {
        let surroundings = &situation.surroundings;
        let parameters = surroundings.parameters.iter();
        let values = parameters
            .clone()
            .map(|(name, given)| (name.clone(), given.values.join(", ")));
        let mut sources: BTreeMap<String, String> = parameters
            .map(|(name, given)| (name.clone(), given.origin.to_string()))
            .collect();
        sources.insert("cloud".to_owned(), surroundings.cloud.1.to_string());
        sources.insert("node".to_owned(), surroundings.node.1.to_string());
        if self.config.proxy == ProxyChoice::Environment {
            sources.insert("proxy".to_owned(), "environment".to_owned());
        }
        let location = surroundings.parameters.get("location");
        About {
            agent: status::Agent {
                version: version::VERSION.to_owned(),
                node: surroundings.node.0.clone(),
                started_at,
            },
            environment: status::Environment {
                cloud: Some(surroundings.cloud.0.to_string()),
                location: location.map(|given| given.values.join(", ")),
                edition: self.config.edition.to_string(),
                proxy: self.proxies().to_string(),
                parameters: values.collect(),
                sources,
            },
            untestable: untestable(plan),
            rules: rules::by_target(plan),
            notices: situation.notices().cloned().collect(),
        }
    }
}

fn untestable(plan: &Plan) -> Vec<status::Untestable> {
    let row = |row: &crate::plan::Untestable| status::Untestable {
        pattern: row.pattern.clone(),
        protocols: row
            .services
            .iter()
            .map(|(protocol, port)| UntestableProtocol {
                protocol: *protocol,
                port: *port,
            })
            .collect(),
        groups: row.groups.clone(),
        requirement: row.requirement,
        needs: row.needs.clone(),
    };
    plan.untestable.iter().map(row).collect()
}
