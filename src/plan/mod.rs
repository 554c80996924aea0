//! From rows to targets: Catalog x selection x parameters x nameservers. Nothing is dropped silently.

mod draft;
mod listing;
mod planner;
mod row;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::catalog::{Catalog, Cloud, Condition, Edition, Entry, Parameters, Protocol};
use crate::proxy::ProxyPolicy;
use crate::target::{Group, Requirement, Target, TargetId};
pub use listing::{ListedTarget, ListedUntestable, Listing};
use planner::Planner;
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
        let mut planner = Planner::new(selection, parameters, nameservers);
        for entry in &catalog.entries {
            if entry.applies(selection.cloud, &selection.edition) && selection.has(entry.group) {
                planner.add_entry(entry);
            }
        }
        planner.add_nameservers();
        planner.finish(|target| proxies.for_target(target).is_some())
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
