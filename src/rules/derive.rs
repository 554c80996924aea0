//! From a row of the catalogue to a rule: what a firewall can go by, and what it would need to be told first.

use std::net::{IpAddr, Ipv4Addr};

use super::destination::{Destination, destination, lets_through, of_host};
use super::rule::{Layer, Rule, Transport};
use crate::catalog::Protocol;
use crate::plan::Row;
use crate::target::Group;

/// The FQDN tag of Azure Firewall for nodes of AKS, and the document whose names it holds.
const FQDN_TAG: (&str, &str) = ("AzureKubernetesService", "aks-outbound-rules");

/// Azure's own resolver and agent: no route table and no firewall sees packets to it.
const PLATFORM: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// What is found out about the ways to a row.
#[derive(Default)]
struct Way {
    destinations: Vec<Destination>,
    needs: Vec<String>,
    notes: Vec<String>,
    /// Whether some destinations are not what is documented.
    beyond: bool,
}

pub(super) fn rule(row: &Row) -> Rule {
    let mut way = match row.protocol {
        Protocol::Https | Protocol::Http => by_name(row),
        _ => by_address(row),
    };
    leave_out_local(&mut way);
    if let Some(condition) = row.unmet {
        way.needs = vec![format!("condition {condition}")];
    }
    if !row.alpn.is_empty() {
        let alpn = row.alpn.join(", ");
        way.notes.push(format!(
            "ALPN {alpn} must pass: exempt it from TLS inspection"
        ));
    }
    let layer = layer(row.protocol, &way.destinations);
    let (tag, document) = FQDN_TAG;
    let on_page = row.sources.iter().any(|source| source.document == document);
    let core = layer == Layer::Application && row.group == Group::Core;
    let tagged = core && on_page && !way.beyond;
    Rule {
        entry: row.entry.clone(),
        pattern: row.pattern.clone(),
        layer,
        protocol: row.protocol,
        transports: transports(row.protocol),
        port: row.port,
        destinations: way.destinations,
        needs: way.needs,
        fqdn_tag: tagged.then(|| tag.to_owned()),
        service_tags: row.service_tags.clone(),
        groups: vec![row.group],
        requirement: row.requirement,
        condition: row.condition,
        purpose: row.purpose.clone(),
        sources: row.sources.clone(),
        since: row.since,
        notes: way.notes,
        evidence: Vec::new(),
    }
}

/// The rule for what is probed of a row, also where the documented host cannot be named yet.
pub(super) fn rule_of_probed(row: &Row) -> Rule {
    let mut rule = rule(row);
    if !rule.needs.is_empty() && !row.probed.is_empty() {
        let needs = std::mem::take(&mut rule.needs).join(", ");
        let note = format!("to name the documented host {}, give {needs}", row.pattern);
        rule.notes.push(note);
        rule.destinations = row.probed.iter().map(of_host).collect();
        rule.layer = layer(row.protocol, &rule.destinations);
    }
    rule
}

fn transports(protocol: Protocol) -> Vec<Transport> {
    match protocol {
        Protocol::Https | Protocol::Http | Protocol::Tcp | Protocol::Ssh => vec![Transport::Tcp],
        Protocol::Ntp | Protocol::Udp => vec![Transport::Udp],
        Protocol::Dns => vec![Transport::Udp, Transport::Tcp],
    }
}

/// No name stands in a request to a bare address.
fn layer(protocol: Protocol, destinations: &[Destination]) -> Layer {
    let address = |to: &Destination| matches!(to, Destination::Address(_));
    let bare = !destinations.is_empty() && destinations.iter().all(address);
    match protocol {
        Protocol::Https | Protocol::Http if !bare => Layer::Application,
        _ => Layer::Network,
    }
}

/// The pattern as documented, and what is probed besides: both must pass.
fn by_name(row: &Row) -> Way {
    let patterns = match &row.filled {
        Ok(patterns) => patterns,
        Err(missing) => return needing(missing.clone()),
    };
    let mut way = Way::default();
    for pattern in patterns {
        match destination(pattern) {
            Some(to) => way.destinations.push(to),
            None => way.notes.push(format!(
                "`{pattern}` cannot stand in a rule: a `*` may stand at the left only, the rest must be a host name"
            )),
        }
    }
    for host in &row.probed {
        let to = of_host(host);
        if !way
            .destinations
            .iter()
            .any(|known| lets_through(known, &to))
        {
            way.notes.push(format!(
                "{to} is used, and the documented host does not match it"
            ));
            way.destinations.push(to);
            way.beyond = true;
        }
    }
    // A wildcard is whole without the names that are probed for it; a bare domain may stand for names below it.
    let bare = !row.pattern.starts_with('*') && row.probed.is_empty();
    if bare && !row.needs.is_empty() && !way.destinations.is_empty() {
        let needs = row.needs.join(", ");
        let note = format!("the names that are used are not known without {needs}");
        way.notes.push(note);
    }
    if way.destinations.is_empty() {
        way.needs.push("the exact name of the host".to_owned());
    }
    note_everywhere(&mut way);
    way
}

/// A packet carries no name: an address, a set of addresses, or a name that the firewall itself resolves.
fn by_address(row: &Row) -> Way {
    let patterns = row.filled.as_deref().unwrap_or_default();
    let plain = |to: &Destination| !matches!(to, Destination::Fqdn(name) if name.starts_with('*'));
    let documented = patterns.iter().filter_map(|text| destination(text));
    let mut way = Way {
        destinations: documented.filter(plain).collect(),
        ..Way::default()
    };
    if way.destinations.is_empty() {
        let addresses = row.addresses.iter().filter_map(|text| destination(text));
        way.destinations = addresses.collect();
    }
    if way.destinations.is_empty() {
        way.destinations = row.probed.iter().map(of_host).collect();
    }
    if way.destinations.is_empty() {
        let tags = row.service_tags.iter().cloned();
        way.destinations = tags.map(Destination::ServiceTag).collect();
        if !way.destinations.is_empty() && !row.service_tags.contains(&row.pattern) {
            way.notes.push(
                "the service tag is wider than the host that is meant: give its address or name as a parameter"
                    .to_owned(),
            );
        }
    }
    if way.destinations.is_empty() {
        way.needs.clone_from(&row.needs);
    }
    if way
        .destinations
        .iter()
        .any(|to| matches!(to, Destination::Fqdn(_)))
    {
        way.notes.push(
            "a name in a network rule needs the firewall's DNS proxy, asked by the nodes too; \
             without it, allow the addresses of the name"
                .to_owned(),
        );
    }
    note_everywhere(&mut way);
    way
}

fn needing(needs: Vec<String>) -> Way {
    Way {
        needs,
        ..Way::default()
    }
}

fn note_everywhere(way: &mut Way) {
    if way.destinations.contains(&Destination::Any) {
        way.notes.push(
            "lets this port through to everywhere: rules by name decide nothing beside it"
                .to_owned(),
        );
    }
}

/// What never leaves the node or the platform needs no rule.
fn leave_out_local(way: &mut Way) {
    let local = |address: IpAddr| {
        let link_local = match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        address == PLATFORM || address.is_loopback() || link_local
    };
    let notes = &mut way.notes;
    way.destinations.retain(|to| match to {
        Destination::Address(address) if local(*address) => {
            notes.push(format!("no firewall sees packets to {address}"));
            false
        }
        _ => true,
    });
}
