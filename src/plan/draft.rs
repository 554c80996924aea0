//! Targets in the making: rows that name the same one are merged into it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::Origin;
use crate::catalog::{Entry, Protocol, Service};
use crate::target::{Group, Host, Https, Probe, ProbeKind, Requirement, Target, TargetId, Trust};

/// What every nameserver of the node is for.
pub(super) const NAMESERVER_PURPOSE: &str = "resolve names";

/// Behind the purpose of a name that the node need not know.
const RESOLVED_BY_PROXY: &str = " (the proxy resolves the name; the node need not)";

#[derive(Debug, Default)]
pub(super) struct Drafts {
    order: Vec<TargetId>,
    targets: HashMap<TargetId, Target>,
    origins: Vec<Origin>,
}

impl Drafts {
    /// A service at a host: its target, and the resolution of its name. Answers with the service's own.
    pub(super) fn add(
        &mut self,
        entry: &Entry,
        pattern: &str,
        host: &Host,
        service: &Service,
        requirement: Requirement,
    ) -> Vec<TargetId> {
        let mut probes = probes(entry, service);
        if matches!(host, Host::Name(_)) {
            probes.push(Probe::Dns);
        }
        let mut ids = Vec::new();
        for probe in probes {
            let port = (probe != Probe::Dns).then_some(service.port);
            let id = self.merge(Target {
                id: id(host, port, probe.kind()),
                host: host.clone(),
                port,
                probe,
                groups: vec![entry.group],
                requirement,
                purpose: entry.purpose.clone(),
            });
            self.add_origin(pattern, id.clone());
            ids.push(id);
        }
        ids.retain(|id| id.probe != ProbeKind::Dns);
        ids
    }

    /// A nameserver of the node, over each transport.
    pub(super) fn add_nameserver(&mut self, nameserver: SocketAddr) -> Vec<TargetId> {
        let host = Host::Address(nameserver.ip());
        let mut ids = Vec::new();
        for probe in nameserver_probes() {
            let id = self.merge(Target {
                id: id(&host, Some(nameserver.port()), probe.kind()),
                host: host.clone(),
                port: Some(nameserver.port()),
                probe,
                groups: vec![Group::Core],
                requirement: Requirement::Required,
                purpose: NAMESERVER_PURPOSE.to_owned(),
            });
            // A row of the catalogue that stands for it has named it already.
            if !self.origins.iter().any(|origin| origin.target == id) {
                self.add_origin(&host.to_string(), id.clone());
            }
            ids.push(id);
        }
        ids
    }

    /// A name is as required as what is reached directly by it.
    pub(super) fn relax_resolution(&mut self, proxied: impl Fn(&Target) -> bool) {
        let mut some_proxied = HashSet::new();
        let mut direct: HashMap<Host, Requirement> = HashMap::new();
        for user in self.targets.values().filter(|t| t.probe != Probe::Dns) {
            if proxied(user) {
                some_proxied.insert(user.host.clone());
            } else {
                let known = direct.entry(user.host.clone()).or_insert(user.requirement);
                *known = user.requirement.min(*known);
            }
        }
        let names = self.targets.values_mut().filter(|t| t.probe == Probe::Dns);
        for name in names.filter(|name| some_proxied.contains(&name.host)) {
            if let Some(requirement) = direct.get(&name.host) {
                name.requirement = *requirement;
            } else {
                name.requirement = Requirement::Optional;
                name.purpose.push_str(RESOLVED_BY_PROXY);
            }
        }
    }

    /// The targets in the order in which they were first named.
    pub(super) fn finish(mut self) -> (Vec<Arc<Target>>, Vec<Origin>) {
        let asked = self.question();
        for target in self.targets.values_mut() {
            if let Probe::DnsUdp { question } | Probe::DnsTcp { question } = &mut target.probe {
                question.clone_from(&asked);
            }
        }
        let mut targets = self.targets;
        let ordered = self
            .order
            .iter()
            .filter_map(|id| targets.remove(id))
            .map(Arc::new);
        (ordered.collect(), self.origins)
    }

    /// What nameservers are asked for: a required core name that the documentation spells out, or any name;
    /// without a name the root, which every nameserver knows.
    fn question(&self) -> String {
        let named = self.order.iter().filter(|id| id.probe == ProbeKind::Dns);
        let spelled_out = |id: &&TargetId| {
            let core = |target: &Target| {
                target.groups.contains(&Group::Core) && target.requirement == Requirement::Required
            };
            let literal = |origin: &Origin| origin.target == **id && *origin.pattern == *id.target;
            self.targets.get(*id).is_some_and(core) && self.origins.iter().any(literal)
        };
        let chosen = named
            .clone()
            .find(spelled_out)
            .or_else(|| named.clone().next());
        chosen.map_or_else(|| ".".to_owned(), |id| id.target.to_string())
    }

    fn merge(&mut self, target: Target) -> TargetId {
        let id = target.id.clone();
        if let Some(known) = self.targets.get_mut(&id) {
            join(known, target);
        } else {
            self.order.push(id.clone());
            self.targets.insert(id.clone(), target);
        }
        id
    }

    fn add_origin(&mut self, pattern: &str, target: TargetId) {
        let origin = Origin {
            pattern: pattern.to_owned(),
            target,
        };
        if !self.origins.contains(&origin) {
            self.origins.push(origin);
        }
    }
}

fn id(host: &Host, port: Option<u16>, probe: ProbeKind) -> TargetId {
    let target = port.map_or_else(|| host.to_string(), |port| host.with_port(port));
    TargetId {
        target: target.into(),
        probe,
    }
}

fn probes(entry: &Entry, service: &Service) -> Vec<Probe> {
    match service.protocol {
        Protocol::Https => vec![Probe::Https(Https {
            alpn: service.alpn.clone(),
            server_name: service.server_name.clone(),
            trust: entry.trust.clone(),
        })],
        Protocol::Http => vec![Probe::Http],
        Protocol::Tcp => vec![Probe::Tcp],
        Protocol::Ssh => vec![Probe::Ssh],
        Protocol::Ntp => vec![Probe::Ntp],
        Protocol::Udp => vec![Probe::Udp],
        Protocol::Dns => nameserver_probes().to_vec(),
    }
}

/// The question is put in when all names are known.
fn nameserver_probes() -> [Probe; 2] {
    let question = String::new();
    [
        Probe::DnsUdp {
            question: question.clone(),
        },
        Probe::DnsTcp { question },
    ]
}

fn join(known: &mut Target, other: Target) {
    for group in other.groups {
        join_groups(&mut known.groups, group);
    }
    // The purpose that is shown is the one for which it is required.
    if other.requirement < known.requirement {
        known.requirement = other.requirement;
        known.purpose = other.purpose;
    }
    if let (Probe::Https(known), Probe::Https(other)) = (&mut known.probe, other.probe) {
        for protocol in other.alpn {
            if !known.alpn.contains(&protocol) {
                known.alpn.push(protocol);
            }
        }
        known.server_name = known.server_name.take().or(other.server_name);
        if known.trust == Trust::Public {
            known.trust = other.trust;
        }
    }
}

pub(super) fn join_groups(groups: &mut Vec<Group>, group: Group) {
    if let Err(place) = groups.binary_search(&group) {
        groups.insert(place, group);
    }
}
