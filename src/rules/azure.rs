//! The rules as rule collections of an Azure Firewall policy: what the three Azure forms have in common.

use std::collections::BTreeSet;

use super::rule::{Destination, Layer, Rule, Standing, Transport};
use super::{RuleSet, words};
use crate::catalog::Protocol;
use crate::target::Group;

/// Characters of a name that Azure takes.
const LONGEST_NAME: usize = 80;

/// Rules of one group and one layer. Azure wants them apart.
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) priority: usize,
    pub(super) layer: Layer,
    pub(super) rules: Vec<AzureRule>,
}

/// One rule as Azure has it.
pub(super) struct AzureRule {
    pub(super) name: String,
    pub(super) to: Match,
    /// What it is for, what to mind, what fails without it: one line each.
    pub(super) comments: Vec<String>,
}

/// What a rule matches.
pub(super) enum Match {
    /// Requests to these names.
    Names {
        protocol: WebProtocol,
        port: u16,
        fqdns: Vec<String>,
    },
    /// Requests to the names that Azure keeps under a tag.
    Tag { tag: String },
    /// Packets to these addresses, service tags, or `*`.
    Addresses {
        transports: Vec<Transport>,
        port: u16,
        addresses: Vec<String>,
    },
    /// Packets to whatever these names resolve to on the firewall.
    ResolvedNames {
        transports: Vec<Transport>,
        port: u16,
        fqdns: Vec<String>,
    },
}

/// What an application rule of Azure Firewall can speak.
#[derive(Clone, Copy)]
pub(super) enum WebProtocol {
    Http,
    Https,
}

impl WebProtocol {
    /// As Azure spells it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "Http",
            Self::Https => "Https",
        }
    }
}

impl Transport {
    /// As Azure spells it.
    pub(super) const fn azure(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
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
    let wanted = set
        .rules
        .iter()
        .filter(|rule| rule.group() == group && rule.standing() == Standing::Complete);
    let (mut written, mut tagged) = (Vec::new(), Vec::new());
    for rule in wanted {
        match &rule.fqdn_tag {
            Some(tag) if set.fqdn_tag && layer == rule.layer => tagged.push((tag, rule)),
            _ => written.extend(matches(rule, layer).into_iter().map(|to| (rule, to))),
        }
    }
    let mut rules: Vec<AzureRule> = tag_rule(&tagged).into_iter().collect();
    let mut names: BTreeSet<String> = rules.iter().map(|rule| rule.name.clone()).collect();
    let mut last: Option<&str> = None;
    for (rule, to) in written {
        let joined = match rules.last_mut().filter(|_| last == Some(&rule.entry)) {
            Some(known) => known.take(&to, rule),
            None => false,
        };
        if !joined {
            let name = unique(rule, &mut names);
            rules.push(AzureRule {
                name,
                to,
                comments: comments(rule),
            });
        }
        last = Some(&rule.entry);
    }
    rules
}

/// One rule for the tag, which says what it stands for.
fn tag_rule(tagged: &[(&String, &Rule)]) -> Option<AzureRule> {
    let (tag, _) = tagged.first()?;
    let covered = tagged
        .iter()
        .map(|(_, rule)| format!("{} covers {}", tag, words::what(rule)));
    Some(AzureRule {
        name: (*tag).clone(),
        to: Match::Tag {
            tag: (*tag).clone(),
        },
        comments: covered.collect(),
    })
}

/// What of a rule belongs into collections of a layer: names here, addresses there.
fn matches(rule: &Rule, layer: Layer) -> Vec<Match> {
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    for to in &rule.destinations {
        match to {
            Destination::Fqdn(name) => names.push(name.clone()),
            Destination::Any if rule.layer == Layer::Application => names.push("*".to_owned()),
            other => addresses.push(other.to_string()),
        }
    }
    let (port, transports) = (rule.port, rule.transports.clone());
    let web = match rule.protocol {
        Protocol::Https => Some(WebProtocol::Https),
        Protocol::Http => Some(WebProtocol::Http),
        _ => None,
    };
    let mut found = Vec::new();
    match (layer, web) {
        (Layer::Application, Some(protocol)) if !names.is_empty() => {
            found.push(Match::Names {
                protocol,
                port,
                fqdns: names,
            });
        }
        (Layer::Network, None) if !names.is_empty() => {
            let transports = transports.clone();
            found.push(Match::ResolvedNames {
                transports,
                port,
                fqdns: names,
            });
        }
        _ => {}
    }
    if layer == Layer::Network && !addresses.is_empty() {
        found.push(Match::Addresses {
            transports,
            port,
            addresses,
        });
    }
    found
}

fn comments(rule: &Rule) -> Vec<String> {
    let mut lines = vec![words::why(rule)];
    let notes = rule.notes.iter().map(|note| format!("mind: {note}"));
    lines.extend(notes);
    lines.extend(rule.evidence.iter().map(ToString::to_string));
    lines.iter().map(|line| words::one_line(line)).collect()
}

impl AzureRule {
    /// Takes up the other hosts of the same entry, if they are reached in the same way.
    fn take(&mut self, other: &Match, rule: &Rule) -> bool {
        let (own, more) = match (&mut self.to, other) {
            (
                Match::Names {
                    protocol,
                    port,
                    fqdns,
                },
                Match::Names {
                    protocol: other,
                    port: other_port,
                    fqdns: more,
                },
            ) if (protocol.as_str(), *port) == (other.as_str(), *other_port) => (fqdns, more),
            (
                Match::Addresses {
                    transports,
                    port,
                    addresses,
                },
                Match::Addresses {
                    transports: other,
                    port: other_port,
                    addresses: more,
                },
            ) if (&*transports, *port) == (other, *other_port) => (addresses, more),
            (
                Match::ResolvedNames {
                    transports,
                    port,
                    fqdns,
                },
                Match::ResolvedNames {
                    transports: other,
                    port: other_port,
                    fqdns: more,
                },
            ) if (&*transports, *port) == (other, *other_port) => (fqdns, more),
            _ => return false,
        };
        own.extend(
            more.iter()
                .filter(|name| !own.contains(name))
                .cloned()
                .collect::<Vec<_>>(),
        );
        for line in comments(rule) {
            if !self.comments.contains(&line) {
                self.comments.push(line);
            }
        }
        true
    }
}

/// `registry-https-443`, and another number behind it if that is taken.
fn unique(rule: &Rule, taken: &mut BTreeSet<String>) -> String {
    let end = format!("-{}-{}", rule.protocol, rule.port);
    let start: String = rule
        .entry
        .chars()
        .take(LONGEST_NAME - end.len() - 4)
        .collect();
    let name = format!("{start}{end}");
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}
