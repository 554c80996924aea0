//! From rows to targets: Catalog x selection x parameters x nameservers. Nothing is dropped silently.

mod draft;
mod listing;
mod row;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::catalog::template::NAMESERVER;
use crate::catalog::{
    Catalog, Cloud, Condition, Edition, Entry, HostPattern, Parameters, Protocol, Service,
};
use crate::proxy::ProxyPolicy;
use crate::target::{Group, Host, Requirement, Target, TargetId};
use draft::Drafts;
pub use listing::{ListedTarget, ListedUntestable, Listing};
pub use row::Row;

/// Which rows of a catalogue are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The cluster's cloud.
    pub cloud: Cloud,
    /// The day of the list.
    pub edition: Edition,
    /// Features that are switched on: their rows are planned and required.
    pub features: BTreeSet<Group>,
    /// Switches every feature on; recommendations stay optional.
    pub all_features: bool,
    /// What the user declares of the cluster.
    pub conditions: BTreeSet<Condition>,
}

/// Everything that is to be probed, and everything that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Unique by id, in the order of the catalogue.
    pub targets: Vec<Arc<Target>>,
    /// Which documented host led to which target; a target may have several.
    pub origins: Vec<Origin>,
    /// Rows without a target.
    pub untestable: Vec<Untestable>,
    /// Every documented host and service that applies here, with a target or without.
    pub rows: Vec<Row>,
}

/// A documented host and a target made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The host as documented.
    pub pattern: String,
    /// The target.
    pub target: TargetId,
}

/// A documented host that cannot become a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untestable {
    /// The host as documented.
    pub pattern: String,
    /// What is spoken there.
    pub services: Vec<(Protocol, u16)>,
    /// All groups of the rows that name it, sorted.
    pub groups: Vec<Group>,
    /// Required if any of the rows is.
    pub requirement: Requirement,
    /// What must be given before it can be tested.
    pub needs: Vec<String>,
}

impl Plan {
    /// Makes the plan. It cannot fail: what cannot be planned is untestable.
    ///
    /// A name that is reached through a proxy only is resolved there: the node's own resolution of it is optional.
    pub fn new(
        catalog: &Catalog,
        selection: &Selection,
        parameters: &Parameters,
        nameservers: &[SocketAddr],
        proxies: &ProxyPolicy,
    ) -> Self {
        let mut planner = Planner {
            selection,
            parameters,
            nameservers,
            drafts: Drafts::default(),
            untestable: Vec::new(),
            rows: Vec::new(),
        };
        for entry in &catalog.entries {
            if entry.applies(selection.cloud, &selection.edition) && selection.has(entry.group) {
                planner.add_entry(entry);
            }
        }
        planner.add_nameservers();
        let through = |target: &Target| proxies.for_target(target).is_some();
        planner.drafts.relax_resolution(through);
        let (targets, origins) = planner.drafts.finish();
        Self {
            targets,
            origins,
            untestable: planner.untestable,
            rows: planner.rows,
        }
    }
}

impl Selection {
    fn has(&self, group: Group) -> bool {
        matches!(group, Group::Core | Group::Optional | Group::Custom)
            || self.all_features
            || self.features.contains(&group)
    }

    fn holds(&self, condition: Condition) -> bool {
        self.conditions.contains(&condition)
    }

    /// The condition without which there is no far end, when nobody says that it holds.
    fn unmet(&self, entry: &Entry) -> Option<Condition> {
        let condition = entry.condition?;
        (condition.makes_the_far_end() && !self.holds(condition)).then_some(condition)
    }

    fn requirement(&self, entry: &Entry) -> Requirement {
        let recommended =
            entry.group == Group::Optional && !self.features.contains(&Group::Optional);
        let unneeded = entry
            .condition
            .is_some_and(|condition| !self.holds(condition));
        if recommended || unneeded {
            Requirement::Optional
        } else {
            entry.requirement
        }
    }
}

struct Planner<'a> {
    selection: &'a Selection,
    parameters: &'a Parameters,
    nameservers: &'a [SocketAddr],
    drafts: Drafts,
    untestable: Vec<Untestable>,
    rows: Vec<Row>,
}

impl Planner<'_> {
    fn add_entry(&mut self, entry: &Entry) {
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
            draft::join_groups(&mut known.groups, entry.group);
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
    fn add_nameservers(&mut self) {
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
