//! The rules as rule collections of an Azure Firewall policy: what the three Azure forms have in common.

mod rule;

use std::collections::{BTreeSet, HashMap};

use super::rule::{Layer, Rule};
use super::{RuleSet, words};
use crate::target::Group;
pub(super) use rule::{AzureRule, How, Packets};

/// Characters of a name that Azure takes.
const LONGEST_NAME: usize = 80;

/// Characters of what makes a name unique.
const LONGEST_NUMBER: usize = 6;

/// Rules of one group and one layer. Azure wants them apart.
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) priority: usize,
    pub(super) layer: Layer,
    pub(super) rules: Vec<AzureRule>,
}

/// Network collections first, as Azure decides by them first; the places of the groups are fixed.
pub(super) fn collections(set: &RuleSet) -> Vec<Collection> {
    let mut collections = Vec::new();
    for (layer, first) in [(Layer::Network, 1000), (Layer::Application, 2000)] {
        for (place, group) in Group::ALL.iter().enumerate() {
            let rules = rules(set, *group, layer);
            if !rules.is_empty() {
                collections.push(Collection {
                    name: format!("{group}-{layer}"),
                    priority: first + 10 * place,
                    layer,
                    rules,
                });
            }
        }
    }
    collections
}

fn rules(set: &RuleSet, group: Group, layer: Layer) -> Vec<AzureRule> {
    let of_group = set.rules.iter().filter(|rule| rule.group() == group);
    let tagged: Vec<_> = of_group
        .filter(|rule| rule.layer == layer && is_tagged(set, rule))
        .collect();
    let plain = set.complete(group).filter(|rule| !is_tagged(set, rule));
    let mut rules: Vec<AzureRule> = tag_rule(&tagged).into_iter().collect();
    let mut names: BTreeSet<String> = rules.iter().map(|rule| rule.name.clone()).collect();
    // The hosts of an entry that are reached in the same way make one rule.
    let mut places: HashMap<(&str, How), usize> = HashMap::new();
    for rule in plain {
        for (how, to) in rule::ways(rule, layer) {
            let place = *places
                .entry((&rule.entry, how.clone()))
                .or_insert(rules.len());
            match rules.get_mut(place) {
                Some(known) => known.take(to, rule::comments(rule)),
                None => rules.push(AzureRule {
                    name: unique(rule, &mut names),
                    how,
                    to,
                    comments: rule::comments(rule),
                }),
            }
        }
    }
    rules
}

/// Lines for the end of a file.
pub(super) fn tail(set: &RuleSet) -> Vec<String> {
    words::tail(set, |rule| is_tagged(set, rule))
}

/// Whether the tag stands for the rule, also where a parameter of it is not given.
fn is_tagged(set: &RuleSet, rule: &Rule) -> bool {
    set.fqdn_tag && rule.fqdn_tag.is_some()
}

/// One rule for the tag, which says what it stands for.
fn tag_rule(tagged: &[&Rule]) -> Option<AzureRule> {
    let tag = tagged.first()?.fqdn_tag.clone()?;
    let covered = tagged
        .iter()
        .map(|rule| format!("{tag} covers {}", words::what(rule)));
    Some(AzureRule {
        name: tag.clone(),
        comments: covered.collect(),
        how: How::Tag,
        to: vec![tag],
    })
}

/// `registry-https-443`, of characters that Azure takes, and a number behind it if that is taken.
fn unique(rule: &Rule, taken: &mut BTreeSet<String>) -> String {
    let end = format!("-{}-{}", rule.protocol, rule.port);
    let room = LONGEST_NAME - end.len() - LONGEST_NUMBER;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let entry = rule.entry.chars().take(room);
    let entry: String = entry.map(|c| if plain(c) { c } else { '-' }).collect();
    let name = format!("{entry}{end}");
    let mut free = name.clone();
    for number in 2.. {
        if taken.insert(free.clone()) {
            break;
        }
        free = format!("{name}-{number}");
    }
    free
}
