//! A confirmed failure, with everything that experiments on it start from.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::outcome::{Failure, Outcome, Phase, Verdict, Warning};
use crate::store::{Record, State};
use crate::target::{Host, Probe, ProbeKind, Target};

/// One target that is not reachable.
#[derive(Debug, Clone)]
pub struct Case {
    /// Which.
    pub target: Arc<Target>,
    /// Of what.
    pub failure: Failure,
    /// The address that failed of it.
    pub address: SocketAddr,
    /// Another server to compare with.
    pub control: Option<Control>,
    /// Whether the attempt dialled the control address itself.
    pub knows_control: bool,
}

/// Another target on the same port that can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Which; for an `https` target another one, with a name.
    pub target: Arc<Target>,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Control {
    /// The SNI that it answers to.
    pub(super) fn name(&self) -> Option<&str> {
        sni(&self.target)
    }
}

impl Case {
    /// The case of `record` among all `records`. None when there is nothing to find out: it can be reached, nothing
    /// was sent to an address of its own, the node has no route, or it is reached through a proxy.
    pub fn find(record: &Record, records: &[Record]) -> Option<Self> {
        let failure = record.failure.clone().filter(|_| is_failing(record))?;
        let latest = record.latest.as_deref()?;
        let facts = &latest.facts;
        if failure.reason.is_own_trouble() || facts.no_local_route || facts.proxy.is_some() {
            return None;
        }
        let address = failed_address(latest, &failure)?;
        let controls = records.iter().filter_map(|other| control(record, other));
        let elsewhere = controls.filter(|control| control.address != address);
        Some(Self {
            target: Arc::clone(&record.target),
            address,
            failure,
            // Short names are those that people know.
            control: elsewhere.min_by_key(|control| control.name().map(str::len)),
            knows_control: facts.control.is_some(),
        })
    }

    /// The SNI of the target; none for one that is known by its address.
    pub(super) fn name(&self) -> Option<&str> {
        sni(&self.target)
    }

    pub(super) fn fails_at_tls(&self) -> bool {
        matches!(self.target.probe, Probe::Https(_)) && self.failure.phase == Phase::Tls
    }
}

fn is_failing(record: &Record) -> bool {
    matches!(record.state, State::Unreachable | State::Unproven)
}

/// The last one that failed as the target did.
fn failed_address(latest: &Outcome, failure: &Failure) -> Option<SocketAddr> {
    let alike = |failed: &Failure| (failed.phase, failed.reason) == (failure.phase, failure.reason);
    let mut tried = latest.addresses.iter().rev();
    let failed = tried.find(|tried| tried.failure.as_ref().is_some_and(alike))?;
    Some(failed.address)
}

fn sni(target: &Target) -> Option<&str> {
    match (&target.probe, &target.host) {
        (Probe::Https(https), Host::Name(name)) => Some(https.server_name.as_ref().unwrap_or(name)),
        (Probe::Https(https), Host::Address(_)) => https.server_name.as_deref(),
        _ => None,
    }
}

fn control(of: &Record, other: &Record) -> Option<Control> {
    let latest = other.latest.as_deref()?;
    let proven = other.state == State::Reachable && latest.verdict == Verdict::Reachable;
    let (of, other) = (&of.target, &other.target);
    // Who asks to be left alone is.
    let willing = !latest.warnings.contains(&Warning::KissOfDeath);
    let same_port = other.port == of.port && other.host != of.host;
    if !proven
        || !willing
        || !same_port
        || !is_comparable(of, other)
        || latest.facts.proxy.is_some()
    {
        return None;
    }
    Some(Control {
        target: Arc::clone(other),
        address: latest.addresses.last()?.address,
    })
}

/// Datagrams are compared with those of the same protocol, hellos with hellos of another name.
fn is_comparable(of: &Target, other: &Target) -> bool {
    let is_datagram =
        |kind: ProbeKind| matches!(kind, ProbeKind::Ntp | ProbeKind::Udp | ProbeKind::DnsUdp);
    let (kind, other_kind) = (of.id.probe, other.id.probe);
    match kind {
        ProbeKind::Https => sni(other).is_some() && sni(other) != sni(of),
        _ if is_datagram(kind) => kind == other_kind,
        _ => !is_datagram(other_kind),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::outcome::{AddressResult, Facts, ProxyHop, Reason};
    use crate::target::Https;

    fn target(name: &str, probe: Probe, port: u16) -> Arc<Target> {
        let host = Host::Name(name.to_owned());
        Arc::new(Target::bare(probe, host, Some(port)))
    }

    fn https(name: &str) -> Arc<Target> {
        target(name, Probe::Https(Https::default()), 443)
    }

    fn outcome(last: u8, reason: Option<Reason>) -> Outcome {
        let failure = reason.map(|reason| Failure {
            phase: Phase::Tls,
            reason,
            detail: String::new(),
        });
        Outcome {
            started_at: Timestamp::now(),
            elapsed: Duration::ZERO,
            phases: Vec::new(),
            addresses: vec![AddressResult {
                address: SocketAddr::from(([203, 0, 113, last], 443)),
                failure: failure.clone(),
            }],
            facts: Facts::default(),
            warnings: Vec::new(),
            verdict: failure.map_or(Verdict::Reachable, Verdict::Unreachable),
        }
    }

    fn record(target: &Arc<Target>, outcome: &Outcome) -> Record {
        let mut record = Record::new(Arc::clone(target), Timestamp::now());
        record.take(outcome.clone());
        record.take(outcome.clone());
        record
    }

    fn failing() -> Record {
        record(&https("failing"), &outcome(1, Some(Reason::Timeout)))
    }

    fn chosen(others: &[Record]) -> Option<String> {
        let control = Case::find(&failing(), others).unwrap().control;
        control.map(|control| control.target.host.to_string())
    }

    #[test]
    fn a_failure_that_says_nothing_of_the_direct_way_is_no_case() {
        assert!(Case::find(&failing(), &[]).is_some());
        let case = |outcome: &Outcome| Case::find(&record(&https("failing"), outcome), &[]);
        assert!(case(&outcome(1, None)).is_none(), "reachable");
        assert!(case(&outcome(1, Some(Reason::LocalResource))).is_none());
        let mut proxied = outcome(1, Some(Reason::Timeout));
        proxied.facts.proxy = Some(ProxyHop {
            address: "proxy:3128".to_owned(),
            via: "configuration",
            status: None,
        });
        assert!(case(&proxied).is_none());
        let mut unsent = outcome(1, Some(Reason::Unreachable));
        unsent.facts.no_local_route = true;
        assert!(case(&unsent).is_none());
        let mut unresolved = outcome(1, Some(Reason::NameNotFound));
        unresolved.addresses.clear();
        assert!(case(&unresolved).is_none());
    }

    #[test]
    fn the_control_is_another_server_that_works_on_the_same_port() {
        let well = |target: &Arc<Target>, last| record(target, &outcome(last, None));
        let tcp = target("tcp", Probe::Tcp, 443);
        let elsewhere = target("elsewhere", Probe::Https(Https::default()), 8443);
        let unfit = [
            record(&https("broken"), &outcome(2, Some(Reason::Timeout))),
            well(&https("neighbour"), 1),
            well(&tcp, 3),
            well(&elsewhere, 4),
        ];
        assert_eq!(chosen(&unfit), None);
        let fit = [&unfit[..], &[well(&https("other"), 5)]].concat();
        assert_eq!(chosen(&fit).as_deref(), Some("other"));
    }

    #[test]
    fn a_server_that_asks_to_be_left_alone_is_no_control() {
        let ntp = |name| target(name, Probe::Ntp, 443);
        let failing = record(&ntp("failing"), &outcome(1, Some(Reason::Timeout)));
        let mut kiss = outcome(2, None);
        let control = |other: &Outcome| {
            let others = [record(&ntp("other"), other)];
            Case::find(&failing, &others).unwrap().control
        };
        assert!(control(&kiss).is_some());
        kiss.warnings.push(Warning::KissOfDeath);
        assert!(control(&kiss).is_none());
    }
}
