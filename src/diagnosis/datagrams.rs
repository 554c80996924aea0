//! Failures of an exchange of datagrams, and of DNS over TCP.

use super::connecting::{other_transport, path, stops_early};
use super::node::{Node, facts, last_address};
use super::place::Place;
use super::{Cause, Diagnosis};
use crate::outcome::{Failure, Reason};
use crate::store::Record;
use crate::target::ProbeKind;

pub(super) fn diagnose(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let detail = &failure.detail;
    let Some(facts) = facts(record) else {
        return Diagnosis::undetermined(detail);
    };
    let is_ntp = record.target.id.probe == ProbeKind::Ntp;
    let filter = if is_ntp {
        Cause::NtpFilter
    } else {
        Cause::FirewallReject
    };
    let place = path(record).and_then(Place::of);
    let sender = facts.icmp.and_then(|icmp| icmp.sender);
    match (failure.reason, sender) {
        _ if facts.no_local_route => Diagnosis::certain(Cause::RouteMissing, detail.clone()),
        (Reason::Prohibited, Some(sender)) => Diagnosis::certain(
            filter,
            format!("{sender} says that this is administratively prohibited"),
        )
        .at(place),
        (Reason::ConnectionRefused, Some(sender)) => {
            if last_address(record).is_some_and(|at| at.ip() == sender) {
                Diagnosis::likely(
                    Cause::EndpointDown,
                    format!("the server itself ({sender}) says that nobody listens"),
                )
            } else {
                Diagnosis::certain(
                    filter,
                    format!("{sender}, which is not the server, says that the port cannot be reached"),
                )
                .at(place)
            }
        }
        (Reason::Timeout, _) if is_ntp => no_time(record, node).at(place),
        (Reason::Timeout, _) => other_transport(record, node).unwrap_or_else(|| {
            Diagnosis::undetermined("no reply came")
                .and("a packet filter on the way there or back and a dead server are silent alike")
                .at(place)
        }),
        (Reason::NoRejection, _) => Diagnosis::undetermined(detail)
            .and("an open path to a server that does not answer strangers looks like this, and so does a drop"),
        (Reason::UnexpectedReply, _) => {
            Diagnosis::undetermined(detail).and("somebody answers, and not with what was asked for")
        }
        _ => Diagnosis::undetermined(detail).at(place),
    }
}

fn no_time(record: &Record, node: &Node<'_>) -> Diagnosis {
    let early = record.findings.as_deref().and_then(stops_early);
    let alike = node.count_alike(record);
    let dns = node.of(|other| {
        other.target.id.probe == ProbeKind::DnsUdp
            && node.is_well(&other.target.id.target, ProbeKind::DnsUdp)
    });
    match early {
        Some(early) => Diagnosis {
            cause: Cause::NtpFilter,
            ..early
        },
        None if alike.well > 0 => Diagnosis::undetermined("no reply came")
            .and(format!("other time servers answer ({})", alike.well))
            .not(Cause::ClockWrong, "this says nothing about the clock"),
        None if dns.count() > 0 => Diagnosis::likely(
            Cause::NtpFilter,
            "no time server answers, while nameservers answer over UDP",
        ),
        None => Diagnosis::undetermined("no reply came, and nothing shows that other UDP passes"),
    }
}
