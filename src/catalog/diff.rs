//! What changed between two editions: what must be added to a firewall, what may be removed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Catalog, Cloud, Condition, Edition, Protocol};
use crate::target::{Group, Requirement};

/// A host, protocol and port that an edition lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rule {
    /// As documented.
    pub pattern: String,
    /// What is spoken.
    pub protocol: Protocol,
    /// Where.
    pub port: u16,
}

/// What an edition says of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// All groups whose rows name it.
    pub groups: Vec<Group>,
    /// Required if any row is.
    pub requirement: Requirement,
    /// The condition, when every row that names it has one.
    pub condition: Option<Condition>,
    /// What it is for.
    pub purpose: String,
}

impl std::fmt::Display for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let groups: Vec<&str> = self.groups.iter().map(|group| group.as_str()).collect();
        write!(f, "{} ({})", self.requirement, groups.join(","))?;
        match self.condition {
            Some(condition) => write!(f, ", only with {condition}"),
            None => Ok(()),
        }
    }
}

/// A rule with its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Which.
    #[serde(flatten)]
    pub rule: Rule,
    /// On which terms.
    #[serde(flatten)]
    pub terms: Terms,
}

/// A rule whose terms are not the same in both editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Which.
    #[serde(flatten)]
    pub rule: Rule,
    /// In the first edition.
    pub before: Terms,
    /// In the second.
    pub after: Terms,
}

/// The way from one edition to another, in one cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Listed only in the second.
    pub added: Vec<Listed>,
    /// Listed only in the first.
    pub removed: Vec<Listed>,
    /// Listed in both, on other terms.
    pub changed: Vec<Changed>,
}

/// Compares what `catalog` lists in two editions.
pub fn diff(catalog: &Catalog, cloud: Cloud, from: &Edition, to: &Edition) -> Diff {
    let before = rules(catalog, cloud, from);
    let after = rules(catalog, cloud, to);
    let changed = before.iter().filter_map(|(rule, old)| {
        let new = after.get(rule).filter(|new| differs(old, new))?;
        Some(Changed {
            rule: rule.clone(),
            before: old.clone(),
            after: new.clone(),
        })
    });
    Diff {
        added: only_in(&after, &before),
        removed: only_in(&before, &after),
        changed: changed.collect(),
    }
}

/// Another wording of the purpose asks for no change of a firewall.
fn differs(old: &Terms, new: &Terms) -> bool {
    (&old.groups, old.requirement, old.condition) != (&new.groups, new.requirement, new.condition)
}

fn only_in(here: &BTreeMap<Rule, Terms>, there: &BTreeMap<Rule, Terms>) -> Vec<Listed> {
    here.iter()
        .filter(|(rule, _)| !there.contains_key(*rule))
        .map(|(rule, terms)| Listed {
            rule: rule.clone(),
            terms: terms.clone(),
        })
        .collect()
}

fn rules(catalog: &Catalog, cloud: Cloud, edition: &Edition) -> BTreeMap<Rule, Terms> {
    let mut rules: BTreeMap<Rule, Terms> = BTreeMap::new();
    for entry in catalog
        .entries
        .iter()
        .filter(|entry| entry.applies(cloud, edition))
    {
        let own = Terms {
            groups: vec![entry.group],
            requirement: entry.requirement,
            condition: entry.condition,
            purpose: entry.purpose.clone(),
        };
        for host in &entry.hosts {
            for service in &entry.services {
                let rule = Rule {
                    pattern: host.pattern.clone(),
                    protocol: service.protocol,
                    port: service.port,
                };
                rules
                    .entry(rule)
                    .and_modify(|terms| join(terms, &own))
                    .or_insert_with(|| own.clone());
            }
        }
    }
    rules
}

fn join(terms: &mut Terms, other: &Terms) {
    terms.groups.extend(&other.groups);
    terms.groups.sort_unstable();
    terms.groups.dedup();
    terms.requirement = terms.requirement.min(other.requirement);
    terms.condition = terms
        .condition
        .filter(|condition| other.condition == Some(*condition));
}
