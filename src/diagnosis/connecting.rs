//! Failures of a connect.

use super::node::{Node, facts, last_address};
use super::place::Place;
use super::{Cause, Diagnosis};
use crate::outcome::{Answer, Failure, Findings, Path, Reason};
use crate::store::Record;
use crate::target::ProbeKind;

pub(super) fn diagnose(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let detail = &failure.detail;
    let Some(facts) = facts(record) else {
        return Diagnosis::undetermined(detail);
    };
    let place = path(record).and_then(Place::of);
    let sender = facts.icmp.and_then(|icmp| icmp.sender);
    match failure.reason {
        _ if facts.no_local_route => Diagnosis::certain(Cause::RouteMissing, detail.clone())
            .not(Cause::FirewallDrop, "no packet left this node"),
        Reason::InterceptedPort => Diagnosis::certain(Cause::TransparentProxy, detail.clone()),
        Reason::Prohibited => {
            let sender = sender.map_or_else(|| "a router".to_owned(), |sender| sender.to_string());
            Diagnosis::certain(
                Cause::FirewallReject,
                format!("{sender} says that this is administratively prohibited"),
            )
            .at(place)
        }
        Reason::ConnectionRefused => match sender {
            Some(sender) if last_address(record).is_none_or(|at| at.ip() != sender) => {
                Diagnosis::certain(
                    Cause::FirewallReject,
                    format!(
                        "{sender}, which is not the host, says that the port cannot be reached"
                    ),
                )
                .at(place)
            }
            _ => refused(record),
        },
        Reason::Timeout if facts.proxy.is_some() => Diagnosis::undetermined(detail)
            .and("a proxy that is down and a packet filter before it look alike"),
        Reason::Timeout => silent(record, node),
        Reason::Unreachable => {
            let sender = sender.map_or_else(|| "a router".to_owned(), |sender| sender.to_string());
            Diagnosis::undetermined(format!("{sender} says that it cannot get there"))
                .and("a router without a route, a dead host on its last link and a packet filter can say so")
                .not(Cause::FirewallDrop, "a drop is silent")
                .at(place)
        }
        _ => Diagnosis::undetermined(detail),
    }
}

pub(super) fn path(record: &Record) -> Option<&Path> {
    record.findings.as_deref()?.path.as_ref()
}

/// An RST: of the host, or of somebody nearer.
fn refused(record: &Record) -> Diagnosis {
    let findings = record.findings.as_deref();
    match findings.and_then(distances) {
        Some((path, control))
            if path.answer == Answer::Reset && path.answered_at < control.answered_at =>
        {
            let (near, far) = (path.answered_at, control.answered_at);
            Diagnosis::likely(
                Cause::FirewallReject,
                format!(
                    "the RST comes at TTL {near}, where another target on the port is {far} away"
                ),
            )
            .not(Cause::FirewallDrop, "a drop is silent")
            .at(Place::of(path))
        }
        Some((path, control)) if path.answer == Answer::Reset => {
            let (here, there) = (path.answered_at, control.answered_at);
            Diagnosis::likely(
                Cause::EndpointDown,
                format!(
                    "the RST comes from TTL {here}, as far away as a server that answers ({there})"
                ),
            )
            .not(Cause::FirewallDrop, "a drop is silent")
        }
        _ => Diagnosis::undetermined("the SYN is refused in the name of the host")
            .and("a host does so for a closed port, and packet filters do so in its place")
            .not(Cause::FirewallDrop, "a drop is silent")
            .at(path(record).and_then(Place::of)),
    }
}

/// Two paths on the same port, of which the second leads to a server that answers.
fn distances(findings: &Findings) -> Option<(&Path, &Path)> {
    let (path, control) = (findings.path.as_ref()?, findings.control_path.as_ref()?);
    (control.answer == Answer::Answered).then_some((path, control))
}

fn silent(record: &Record, node: &Node<'_>) -> Diagnosis {
    let place = path(record).and_then(Place::of);
    if let Some(diagnosis) = record.findings.as_deref().and_then(stops_early) {
        return diagnosis;
    }
    if let Some(diagnosis) = other_transport(record, node) {
        return diagnosis;
    }
    let alike = node.count_alike(record);
    let port = record.target.port.unwrap_or_default();
    if alike.well == 0 && alike.broken > 0 {
        let all = alike.broken + 1;
        return Diagnosis::likely(
            Cause::FirewallDrop,
            format!("all {all} targets on TCP {port} fail, while others work: a rule for the port, not for a name"),
        )
        .not(Cause::EndpointDown, "so many servers do not go at once")
        .at(place);
    }
    Diagnosis::undetermined("nothing answers the SYN")
        .and("a packet filter, a route to nowhere and a dead host are silent alike")
        .and_if(is_private(record), || {
            "all addresses of the name are private: a private endpoint, or resolvers that lead astray"
                .to_owned()
        })
        .and_if(alike.well > 0, || {
            format!("other targets on TCP {port} work ({})", alike.well)
        })
        .not_if(alike.well > 0, Cause::EgressDown, || {
            "others work".to_owned()
        })
        .at(place)
}

fn is_private(record: &Record) -> bool {
    facts(record).is_some_and(|facts| facts.private_addresses)
}

/// Packets to the target end before a router that those to another one pass.
pub(super) fn stops_early(findings: &Findings) -> Option<Diagnosis> {
    let (path, control) = distances(findings)?;
    let place = Place::of(path)?;
    let last = place.after?;
    let on_the_same_way = control.hops.contains(&last);
    let goes_on = control.hops.iter().find(|hop| hop.ttl > last.ttl);
    let (true, Some(next), Answer::Silence) = (on_the_same_way, goes_on, path.answer) else {
        return None;
    };
    let evidence = format!(
        "packets to it come as far as {}, those to another target also to {}",
        last.address, next.address
    );
    let diagnosis = Diagnosis::likely(Cause::FirewallDrop, evidence);
    Some(
        diagnosis
            .not(Cause::EndpointDown, "they end long before the host")
            .at(Some(place)),
    )
}

/// A nameserver that answers over the other transport is alive.
pub(super) fn other_transport(record: &Record, node: &Node<'_>) -> Option<Diagnosis> {
    let (here, there, words) = match record.target.id.probe {
        ProbeKind::DnsTcp => ("TCP", "UDP", ProbeKind::DnsUdp),
        ProbeKind::DnsUdp => ("UDP", "TCP", ProbeKind::DnsTcp),
        _ => return None,
    };
    node.is_well(&record.target.id.target, words).then(|| {
        Diagnosis::likely(
            Cause::FirewallDrop,
            format!("the nameserver answers over {there}, and is silent over {here}"),
        )
        .not(Cause::EndpointDown, format!("it answers over {there}"))
        .at(path(record).and_then(Place::of))
    })
}
