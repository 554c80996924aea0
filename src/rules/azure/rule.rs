//! One rule as Azure Firewall has it.

use super::super::destination::Destination;
use super::super::rule::{Layer, Rule, Transport};
use super::super::words::one_line;
use crate::catalog::Protocol;

/// A rule with a name of its own in its collection.
pub(in crate::rules) struct AzureRule {
    pub(in crate::rules) name: String,
    pub(in crate::rules) how: How,
    /// Names, addresses, service tags or an FQDN tag.
    pub(in crate::rules) to: Vec<String>,
    /// What it is for, what to mind, what fails without it: one line each.
    pub(in crate::rules) comments: Vec<String>,
}

/// What the firewall compares.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::rules) enum How {
    /// The names in requests.
    Names { protocol: WebProtocol, port: u16 },
    /// The names in requests, with those that Azure keeps under a tag.
    Tag,
    /// The addresses of packets; service tags and `*` stand for many.
    Addresses(Packets),
    /// The addresses of packets, with those that the firewall finds for names.
    ResolvedNames(Packets),
}

/// Packets by transport and port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::rules) struct Packets {
    pub(in crate::rules) transports: Vec<Transport>,
    pub(in crate::rules) port: u16,
}

/// What an application rule of Azure Firewall can speak.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::rules) enum WebProtocol {
    Http,
    Https,
}

impl WebProtocol {
    /// As Azure spells it.
    pub(in crate::rules) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "Http",
            Self::Https => "Https",
        }
    }
}

impl Transport {
    /// As Azure spells it.
    pub(in crate::rules) const fn azure(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

impl Packets {
    /// The transports as Azure spells them.
    pub(in crate::rules) fn spelled(&self) -> Vec<String> {
        let transports = self.transports.iter();
        transports
            .map(|transport| transport.azure().to_owned())
            .collect()
    }
}

impl AzureRule {
    /// Takes up the hosts of another row.
    pub(super) fn take(&mut self, to: Vec<String>, comments: Vec<String>) {
        join(&mut self.to, to);
        join(&mut self.comments, comments);
    }
}

fn join(known: &mut Vec<String>, others: Vec<String>) {
    for other in others {
        if !known.contains(&other) {
            known.push(other);
        }
    }
}

/// What of a rule belongs into collections of a layer, and how it is compared there.
pub(super) fn ways(rule: &Rule, layer: Layer) -> Vec<(How, Vec<String>)> {
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    for to in &rule.destinations {
        match to {
            Destination::Fqdn(name) => names.push(name.clone()),
            Destination::Any if rule.layer == Layer::Application => names.push("*".to_owned()),
            other => addresses.push(other.to_string()),
        }
    }
    let port = rule.port;
    let packets = Packets {
        transports: rule.transports.clone(),
        port,
    };
    let by_name = match rule.protocol {
        Protocol::Https => (
            Layer::Application,
            How::Names {
                protocol: WebProtocol::Https,
                port,
            },
        ),
        Protocol::Http => (
            Layer::Application,
            How::Names {
                protocol: WebProtocol::Http,
                port,
            },
        ),
        _ => (Layer::Network, How::ResolvedNames(packets.clone())),
    };
    let by_address = (Layer::Network, How::Addresses(packets));
    let ways = [(by_name, names), (by_address, addresses)];
    ways.into_iter()
        .filter(|((at, _), to)| *at == layer && !to.is_empty())
        .map(|((_, how), to)| (how, to))
        .collect()
}

pub(super) fn comments(rule: &Rule) -> Vec<String> {
    let mut lines = vec![rule.why()];
    let notes = rule.notes.iter().map(|note| format!("mind: {note}"));
    lines.extend(notes);
    lines.extend(rule.evidence.iter().map(|seen| format!("seen: {seen}")));
    lines.iter().map(|line| one_line(line)).collect()
}
