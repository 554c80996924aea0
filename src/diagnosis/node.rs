//! One look over all targets, before one of them is blamed.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Cause, Diagnosis};
use crate::outcome::{Failure, Phase, Reason};
use crate::store::{Record, State};
use crate::target::{ProbeKind, Requirement, TargetId};

/// So few targets are no whole node.
const FEW: usize = 3;

/// How many of some kind work, how many do not, and how many nobody knows of yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) well: usize,
    pub(super) broken: usize,
    pending: usize,
}

/// The records of a node, and what they say together.
pub(super) struct Node<'a> {
    records: &'a [Record],
    /// Targets of kind `dns`.
    pub(super) names: Count,
    /// Nameservers, by transport.
    nameservers: Count,
    /// Everything that goes beyond the nameservers.
    beyond: Count,
}

impl<'a> Node<'a> {
    pub(super) fn new(records: &'a [Record]) -> Self {
        let count = |wanted: fn(ProbeKind) -> bool| {
            let of_kind = records.iter().filter(|r| wanted(r.target.id.probe));
            count(of_kind)
        };
        Self {
            records,
            names: count(|probe| probe == ProbeKind::Dns),
            nameservers: count(|probe| matches!(probe, ProbeKind::DnsUdp | ProbeKind::DnsTcp)),
            beyond: count(|probe| !is_of_dns(probe)),
        }
    }

    /// Whether more than this target fails, for a cause of the whole node.
    pub(super) fn explains(&self, record: &Record, failure: &Failure) -> Option<Diagnosis> {
        if failure.reason.is_own_trouble() {
            return None;
        }
        let resolving = failure.phase == Phase::Resolve
            || matches!(
                record.target.id.probe,
                ProbeKind::DnsUdp | ProbeKind::DnsTcp
            );
        if self.is_down() {
            return Some(self.down());
        }
        (resolving && self.no_name_resolves()).then(|| self.dns_outage())
    }

    /// Every name fails, and not for want of trying.
    fn no_name_resolves(&self) -> bool {
        self.names.well + self.names.pending == 0
            && (self.names.broken >= 2 || self.names.broken > 0 && self.nameservers.well == 0)
    }

    fn dns_outage(&self) -> Diagnosis {
        let all = self.names.broken;
        let of_names = |record: &Record| record.target.id.probe == ProbeKind::Dns;
        if self.of(of_names).all(is_without_route) {
            let evidence = "this node has no route to its nameservers";
            return Diagnosis::certain(Cause::RouteMissing, evidence)
                .not(Cause::FirewallDrop, "no packet left this node");
        }
        let evidence = format!("none of the {all} names of the plan resolves");
        if self.nameservers.well == 0 && self.nameservers.broken > 0 {
            Diagnosis::certain(Cause::DnsOutage, evidence).and(format!(
                "{} answer neither over UDP nor over TCP",
                self.silent_nameservers()
            ))
        } else {
            Diagnosis::likely(Cause::DnsOutage, evidence).and(
                "the nameservers answer the agent: what fails is behind them, or they refuse this node",
            )
        }
    }

    fn silent_nameservers(&self) -> String {
        let mut all: Vec<&str> = self
            .of(|record| {
                matches!(
                    record.target.id.probe,
                    ProbeKind::DnsUdp | ProbeKind::DnsTcp
                )
            })
            .map(|record| &*record.target.id.target)
            .collect();
        all.dedup();
        format!("the nameservers ({})", all.join(", "))
    }

    /// Nothing beyond the nameservers works, and what fails is not only the want of names.
    fn is_down(&self) -> bool {
        let Count {
            well,
            broken,
            pending,
        } = self.beyond;
        if well + pending > 0 || broken < FEW || self.of(is_past_the_way).next().is_some() {
            return false;
        }
        let mut stopped = self.of(stopped_on_the_way).map(kind_of_way);
        let Some(first) = stopped.next() else {
            return false;
        };
        // One port alone is a rule, not the way.
        self.names.well == 0 || stopped.any(|kind| kind != first)
    }

    fn down(&self) -> Diagnosis {
        let broken = self.beyond.broken;
        let without_route = self.of(is_without_route);
        if without_route.count() * 2 > broken {
            let evidence =
                format!("this node has no route: none of {broken} targets can be sent to");
            return Diagnosis::certain(Cause::RouteMissing, evidence);
        }
        let evidence =
            format!("none of {broken} targets beyond the nameservers can be reached, on any port");
        let names = self.names.well;
        Diagnosis::certain(Cause::EgressDown, evidence).and_if(names > 0, || {
            format!("{names} names resolve: the nameservers are nearer than the break")
        })
    }

    /// The records that are as `wanted`.
    pub(super) fn of(&self, wanted: impl Fn(&Record) -> bool) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| wanted(record))
    }

    /// Others of the same probe on the same port.
    pub(super) fn alike(&self, record: &Record) -> impl Iterator<Item = &'a Record> {
        let (id, port) = (record.target.id.clone(), record.target.port);
        self.of(move |other| {
            other.target.id != id && other.target.id.probe == id.probe && other.target.port == port
        })
    }

    /// How those fare.
    pub(super) fn count_alike(&self, record: &Record) -> Count {
        count(self.alike(record))
    }

    /// Whether a target of this kind is well.
    pub(super) fn is_well(&self, target: &str, probe: ProbeKind) -> bool {
        let id = |id: &TargetId| &*id.target == target && id.probe == probe;
        self.of(|record| id(&record.target.id) && record.state == State::Reachable)
            .any(|_| true)
    }

    /// Whether it is required, and unreachable.
    pub(super) fn is_urgent(&self, id: &TargetId) -> bool {
        self.of(|record| {
            record.target.id == *id
                && record.state == State::Unreachable
                && record.target.requirement == Requirement::Required
        })
        .any(|_| true)
    }

    /// How far this node's clock was off by the best time server, in seconds, when `record` was tried.
    pub(super) fn clock_offset(&self, record: &Record) -> Option<f64> {
        let replies =
            self.of(|other| other.state == State::Reachable && is_of_one_time(other, record));
        let replies = replies.filter_map(|record| facts(record)?.ntp.as_ref());
        let best = replies.min_by_key(|reply| reply.stratum);
        best.and_then(|reply| reply.offset_seconds)
    }
}

/// Whether both were tried at about the same time by this node's clock. If not, it may have been stepped in between, and
/// what one says of times means nothing for the other.
pub(super) fn is_of_one_time(one: &Record, other: &Record) -> bool {
    /// Longer than any pause between two attempts at a time server that asks for the longest.
    const AT_MOST: Duration = Duration::from_mins(20);
    let at = |record: &Record| Some(record.latest.as_ref()?.started_at);
    at(one)
        .zip(at(other))
        .is_some_and(|(one, other)| one.duration_since(other).unsigned_abs() <= AT_MOST)
}

pub(super) fn count<'r>(records: impl Iterator<Item = &'r Record>) -> Count {
    let mut count = Count::default();
    for record in records {
        match record.state {
            State::Reachable => count.well += 1,
            State::Unreachable => count.broken += 1,
            State::Pending => count.pending += 1,
            State::Unproven => {}
        }
    }
    count
}

/// Stopped before any program answered, on the way to something else than a nameserver.
fn stopped_on_the_way(record: &Record) -> bool {
    record.state == State::Unreachable
        && !is_of_dns(record.target.id.probe)
        && record.failure.as_ref().is_some_and(|failure| {
            matches!(failure.phase, Phase::Connect | Phase::Exchange)
                && matches!(
                    failure.reason,
                    Reason::Timeout | Reason::Unreachable | Reason::Prohibited
                )
        })
}

fn is_without_route(record: &Record) -> bool {
    facts(record).is_some_and(|facts| facts.no_local_route)
}

/// A program answered, or at least a connection stood, although the target is not reachable.
fn is_past_the_way(record: &Record) -> bool {
    record.failure.as_ref().is_some_and(|failure| {
        matches!(
            failure.phase,
            Phase::Tunnel | Phase::Tls | Phase::Request | Phase::Banner
        )
    })
}

fn is_of_dns(probe: ProbeKind) -> bool {
    matches!(
        probe,
        ProbeKind::Dns | ProbeKind::DnsUdp | ProbeKind::DnsTcp
    )
}

fn kind_of_way(record: &Record) -> (ProbeKind, Option<u16>) {
    (record.target.id.probe, record.target.port)
}

/// What the latest attempt saw.
pub(super) fn facts(record: &Record) -> Option<&crate::outcome::Facts> {
    record.latest.as_deref().map(|outcome| &outcome.facts)
}

/// The address that decided the latest attempt.
pub(super) fn last_address(record: &Record) -> Option<SocketAddr> {
    let latest = record.latest.as_deref()?;
    latest.addresses.last().map(|result| result.address)
}
