//! A row of the catalogue as it applies here: what must be let through, whether it can be tested or not.

use std::net::SocketAddr;

use jiff::civil::Date;

use super::draft::NAMESERVER_PURPOSE;
use crate::catalog::template::Template;
use crate::catalog::{Condition, Entry, HostPattern, Parameters, Protocol, Service, Source};
use crate::target::{Group, Host, Requirement, TargetId};

/// The parameter whose value is a name, and the one with the addresses behind that name.
const NAME_AND_ADDRESS: (&str, &str) = ("apiserver_fqdn", "apiserver_ip");

/// One documented host and one service there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the catalogue entry.
    pub entry: String,
    /// The host as documented.
    pub pattern: String,
    /// What is spoken.
    pub protocol: Protocol,
    /// Where.
    pub port: u16,
    /// Application protocols that must pass.
    pub alpn: Vec<String>,
    /// Core or a feature.
    pub group: Group,
    /// Whether the cluster needs it, as selected.
    pub requirement: Requirement,
    /// Only needed where this holds.
    pub condition: Option<Condition>,
    /// The condition, when there is nothing to reach without it and nobody says that it holds.
    pub unmet: Option<Condition>,
    /// What it is needed for.
    pub purpose: String,
    /// First day on which it was listed.
    pub since: Option<Date>,
    /// Where it was read.
    pub sources: Vec<Source>,
    /// The pattern with its parameters filled in, or the parameters that are not given.
    pub filled: Result<Vec<String>, Vec<String>>,
    /// The service tags that the documentation offers in its place, as far as they can be filled.
    pub service_tags: Vec<String>,
    /// The addresses behind the names that are probed, when they are given.
    pub addresses: Vec<String>,
    /// The hosts that are probed for it.
    pub probed: Vec<Host>,
    /// What they are probed as, without the resolution of names.
    pub targets: Vec<TargetId>,
    /// What must be given before it can be tested.
    pub needs: Vec<String>,
}

impl Row {
    pub(super) fn new(
        entry: &Entry,
        host: &HostPattern,
        service: &Service,
        parameters: &Parameters,
    ) -> Self {
        let tag = host.service_tag.as_ref();
        let (name, address) = NAME_AND_ADDRESS;
        let by_name = host.probe.iter().any(|t| t.parameters().eq([name]));
        Self {
            entry: entry.name.clone(),
            pattern: host.pattern.clone(),
            protocol: service.protocol,
            port: service.port,
            alpn: service.alpn.clone(),
            group: entry.group,
            requirement: entry.requirement,
            condition: entry.condition,
            unmet: None,
            purpose: entry.purpose.clone(),
            since: entry.since,
            sources: entry.sources.clone(),
            filled: filled(&host.pattern, parameters),
            service_tags: tag
                .and_then(|tag| tag.fill(parameters).ok())
                .unwrap_or_default(),
            addresses: if by_name {
                parameters.get(address).to_vec()
            } else {
                Vec::new()
            },
            probed: Vec::new(),
            targets: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// The node asks it: it is needed whatever the documentation says of others.
    pub(super) fn be_a_nameserver(&mut self) {
        self.requirement = Requirement::Required;
        self.condition = None;
    }

    /// A nameserver of the node that no row of the catalogue stands for.
    pub(super) fn of_nameserver(nameserver: SocketAddr, targets: Vec<TargetId>) -> Self {
        let address = nameserver.ip().to_string();
        Self {
            entry: "nameserver".to_owned(),
            pattern: address.clone(),
            protocol: Protocol::Dns,
            port: nameserver.port(),
            alpn: Vec::new(),
            group: Group::Core,
            requirement: Requirement::Required,
            condition: None,
            unmet: None,
            purpose: NAMESERVER_PURPOSE.to_owned(),
            since: None,
            sources: Vec::new(),
            filled: Ok(vec![address]),
            service_tags: Vec::new(),
            addresses: Vec::new(),
            probed: vec![Host::Address(nameserver.ip())],
            targets,
            needs: Vec::new(),
        }
    }
}

/// What is no template, such as a placeholder with a brace of its own, stays as it is.
fn filled(pattern: &str, parameters: &Parameters) -> Result<Vec<String>, Vec<String>> {
    let template: Template = match pattern.parse() {
        Ok(template) => template,
        Err(_) => return Ok(vec![pattern.to_owned()]),
    };
    let missing = template.fill(parameters);
    missing.map_err(|names| names.into_iter().collect())
}
