//! Row by row: the hosts to probe for it, or what it needs first.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::draft::{Drafts, join_groups};
use super::{Plan, Row, Selection, Untestable};
use crate::catalog::template::NAMESERVER;
use crate::catalog::{Entry, HostPattern, Parameters, Service};
use crate::target::{Host, Target};

/// A plan in the making.
pub(super) struct Planner<'a> {
    selection: &'a Selection,
    parameters: &'a Parameters,
    nameservers: &'a [SocketAddr],
    drafts: Drafts,
    untestable: Vec<Untestable>,
    rows: Vec<Row>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        selection: &'a Selection,
        parameters: &'a Parameters,
        nameservers: &'a [SocketAddr],
    ) -> Self {
        Self {
            selection,
            parameters,
            nameservers,
            drafts: Drafts::default(),
            untestable: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The plan; `proxied` targets need no resolution of their names on the node.
    pub(super) fn finish(mut self, proxied: impl Fn(&Target) -> bool) -> Plan {
        self.drafts.relax_resolution(proxied);
        let (targets, origins) = self.drafts.finish();
        Plan {
            targets,
            origins,
            untestable: self.untestable,
            rows: self.rows,
        }
    }

    pub(super) fn add_entry(&mut self, entry: &Entry) {
        for host in &entry.hosts {
            match self.concrete_hosts(entry, host) {
                Ok(concrete) => {
                    for (host_name, services) in concrete {
                        self.add_host(entry, host, &host_name, &services);
                    }
                }
                Err(needs) => {
                    for service in &entry.services {
                        let row = self.row(entry, host, service);
                        row.needs.clone_from(&needs);
                    }
                    self.add_untestable(entry, host, needs);
                }
            }
        }
    }

    /// The hosts to probe for a documented one, each with what is spoken there.
    fn concrete_hosts(
        &self,
        entry: &Entry,
        host: &HostPattern,
    ) -> Result<Vec<(Host, Vec<Service>)>, Vec<String>> {
        if let Some(condition) = self.selection.unmet(entry) {
            return Err(vec![format!("condition {condition}")]);
        }
        if host.probe.is_empty() {
            return Err(vec!["a name to probe".to_owned()]);
        }
        let mut concrete = Vec::new();
        let mut needs = BTreeSet::new();
        for template in &host.probe {
            if template.parameters().eq([NAMESERVER]) {
                concrete.extend(
                    self.nameservers
                        .iter()
                        .map(|at| on_port(*at, &entry.services)),
                );
                continue;
            }
            match template.fill(self.parameters) {
                Ok(hosts) => concrete.extend(
                    hosts
                        .iter()
                        .map(|text| (parse_host(text), entry.services.clone())),
                ),
                Err(missing) => needs.extend(missing),
            }
        }
        if concrete.is_empty() {
            return Err(needs.into_iter().collect());
        }
        Ok(concrete)
    }

    fn add_host(&mut self, entry: &Entry, host: &HostPattern, name: &Host, services: &[Service]) {
        let requirement = self.selection.requirement(entry);
        for service in services {
            let ids = self
                .drafts
                .add(entry, &host.pattern, name, service, requirement);
            let row = self.row(entry, host, service);
            row.probed.push(name.clone());
            row.targets.extend(ids);
        }
    }

    /// The row of a host and a service of an entry, which may have several names to probe.
    fn row(&mut self, entry: &Entry, host: &HostPattern, service: &Service) -> &mut Row {
        let same = |row: &Row| {
            let place = (row.protocol, row.port) == (service.protocol, service.port);
            place && row.entry == entry.name && row.pattern == host.pattern
        };
        let place = self.rows.iter().position(same).unwrap_or(self.rows.len());
        if place == self.rows.len() {
            let mut row = Row::new(entry, host, service, self.parameters);
            row.requirement = self.selection.requirement(entry);
            row.unmet = self.selection.unmet(entry);
            self.rows.push(row);
        }
        &mut self.rows[place]
    }

    fn add_untestable(&mut self, entry: &Entry, host: &HostPattern, needs: Vec<String>) {
        let requirement = self.selection.requirement(entry);
        let services = entry
            .services
            .iter()
            .map(|service| (service.protocol, service.port));
        let same = |known: &&mut Untestable| known.pattern == host.pattern && known.needs == needs;
        if let Some(known) = self.untestable.iter_mut().find(same) {
            known.services.extend(services);
            known.services.sort_unstable();
            known.services.dedup();
            join_groups(&mut known.groups, entry.group);
            known.requirement = known.requirement.min(requirement);
            return;
        }
        self.untestable.push(Untestable {
            pattern: host.pattern.clone(),
            services: services.collect(),
            groups: vec![entry.group],
            requirement,
            needs,
        });
    }

    /// Every nameserver of the node is a target, whatever the catalogue says: all else depends on them.
    pub(super) fn add_nameservers(&mut self) {
        for nameserver in self.nameservers {
            let ids = self.drafts.add_nameserver(*nameserver);
            let known = |row: &&mut Row| row.targets.iter().any(|id| ids.contains(id));
            match self.rows.iter_mut().find(known) {
                Some(row) => row.be_a_nameserver(),
                None => self.rows.push(Row::of_nameserver(*nameserver, ids)),
            }
        }
    }
}

/// A nameserver may listen on another port than the documented one.
fn on_port(nameserver: SocketAddr, services: &[Service]) -> (Host, Vec<Service>) {
    let port = nameserver.port();
    let services = services.iter().map(|service| Service {
        port,
        ..service.clone()
    });
    (Host::Address(nameserver.ip()), services.collect())
}

fn parse_host(text: &str) -> Host {
    text.parse().map_or_else(
        |_| Host::Name(text.trim_end_matches('.').to_ascii_lowercase()),
        Host::Address,
    )
}
