//! From what was seen on a node to what stands behind it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::outcome::{
    AddressResult, AddressTried, Answer, Certificate, ControlDial, Facts, Findings, Hop, IcmpError,
    NameControl, NameTried, NtpReply, Outcome, Path, ProxyHop, SizeControl, Verdict,
};
use crate::target::{Group, Host, Https, Probe, Requirement, Target};

fn outcome(verdict: Verdict, facts: Facts) -> Outcome {
    Outcome {
        started_at: Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_millis(1),
        phases: Vec::new(),
        addresses: vec![AddressResult {
            address: ([203, 0, 113, 1], 443).into(),
            failure: verdict.failure().cloned(),
        }],
        facts,
        warnings: Vec::new(),
        verdict,
    }
}

fn record(host: &str, port: Option<u16>, probe: Probe, verdict: &Verdict, facts: &Facts) -> Record {
    let host: Host = host
        .parse()
        .map_or_else(|_| Host::Name(host.to_owned()), Host::Address);
    let target = port.map_or_else(|| host.to_string(), |port| host.with_port(port));
    let target = Target {
        id: TargetId {
            target: target.into(),
            probe: probe.kind(),
        },
        host,
        port,
        probe,
        groups: vec![Group::Core],
        requirement: Requirement::Required,
        purpose: String::new(),
    };
    let mut record = Record::new(Arc::new(target), Timestamp::UNIX_EPOCH);
    for _ in 0..2 {
        record.take(outcome(verdict.clone(), facts.clone()));
    }
    record
}

fn failed(phase: Phase, reason: Reason) -> Verdict {
    Verdict::Unreachable(Failure {
        phase,
        reason,
        detail: "as it was seen".to_owned(),
    })
}

fn https(host: &str, verdict: &Verdict, facts: &Facts) -> Record {
    record(
        host,
        Some(443),
        Probe::Https(Https::default()),
        verdict,
        facts,
    )
}

fn well(host: &str) -> Record {
    https(host, &Verdict::Reachable, &Facts::default())
}

fn dns(host: &str, verdict: &Verdict) -> Record {
    record(host, None, Probe::Dns, verdict, &Facts::default())
}

fn nameserver(verdict: &Verdict) -> Record {
    let question = "a.example".to_owned();
    record(
        "10.0.0.10",
        Some(53),
        Probe::DnsUdp { question },
        verdict,
        &Facts::default(),
    )
}

fn ntp(verdict: &Verdict, facts: &Facts) -> Record {
    record("time.example", Some(123), Probe::Ntp, verdict, facts)
}

/// The diagnosis of the first record, beside the others.
fn first(records: &[Record]) -> Diagnosis {
    let mut diagnoses = diagnose(records);
    diagnoses
        .targets
        .remove(&records[0].target.id)
        .expect("something is wrong with it")
}

fn said(records: &[Record]) -> (Cause, Certainty) {
    let diagnosis = first(records);
    assert!(!diagnosis.evidence.is_empty());
    (diagnosis.cause, diagnosis.certainty)
}

fn found(mut record: Record, findings: Findings) -> Record {
    record.findings = Some(Arc::new(findings));
    record
}

const NOTHING: Findings = Findings {
    at: Timestamp::UNIX_EPOCH,
    names: None,
    control: None,
    path: None,
    control_path: None,
    hello_path: None,
    size: None,
};

/// Routers 10.9.0.1 to 10.9.0.`hops` answer, and then `answer` comes.
fn path(hops: u8, answer: Answer) -> Path {
    let hops_of = (1..=hops).map(|ttl| Hop {
        ttl,
        address: [10, 9, 0, ttl].into(),
    });
    Path {
        hops: hops_of.collect(),
        answer,
        answered_at: hops + 1,
        rejected_by: None,
    }
}

fn names(other_name: Answer, other_address: Answer) -> NameControl {
    NameControl {
        other_name: Some(NameTried {
            name: "well.example".to_owned(),
            answer: other_name,
        }),
        no_name: None,
        other_address: Some(AddressTried {
            address: ([203, 0, 113, 2], 443).into(),
            answer: other_address,
        }),
    }
}

const CERTAIN: Certainty = Certainty::Certain;
const LIKELY: Certainty = Certainty::Likely;
const UNDETERMINED: (Cause, Certainty) = (Cause::Undetermined, Certainty::Open);

fn plain(phase: Phase, reason: Reason) -> Record {
    https("a.example", &failed(phase, reason), &Facts::default())
}

#[test]
fn a_node_on_which_all_is_well_has_nothing_to_tell() {
    assert_eq!(
        diagnose(&[well("a.example"), well("b.example")]),
        Diagnoses::default()
    );
}

#[test]
fn when_no_name_resolves_it_is_dns_and_not_so_many_firewalls() {
    let gone = failed(Phase::Resolve, Reason::Timeout);
    let silent = failed(Phase::Exchange, Reason::Timeout);
    let records = [
        plain(Phase::Resolve, Reason::Timeout),
        dns("a.example", &gone),
        dns("b.example", &gone),
        nameserver(&silent),
    ];
    assert_eq!(said(&records), (Cause::DnsOutage, CERTAIN));
    let diagnoses = diagnose(&records);
    assert_eq!(diagnoses.causes.len(), 1);
    let story = diagnoses.story.unwrap();
    assert_eq!(
        story,
        "No name resolves, and 4 targets fail for that alone."
    );
}

#[test]
fn one_name_that_does_not_resolve_is_filtered_or_open() {
    let other = dns("b.example", &Verdict::Reachable);
    for (reason, expected) in [
        (Reason::Sinkholed, (Cause::DnsFilter, CERTAIN)),
        (Reason::NameNotFound, (Cause::DnsFilter, LIKELY)),
        (Reason::NoAddresses, (Cause::DnsFilter, LIKELY)),
        (Reason::Timeout, (Cause::DnsFilter, LIKELY)),
        (Reason::ResolverRefused, (Cause::DnsFilter, LIKELY)),
        (Reason::ResolverFailure, UNDETERMINED),
    ] {
        let failing = dns("a.example", &failed(Phase::Resolve, reason));
        assert_eq!(
            said(&[failing.clone(), other.clone()]),
            expected,
            "{reason}"
        );
        let ruled_out = first(&[failing, other.clone()]).ruled_out;
        assert_eq!(ruled_out[0].cause, Cause::DnsOutage);
    }
}

#[test]
fn when_nothing_works_on_any_port_no_target_is_blamed() {
    let silent = failed(Phase::Connect, Reason::Timeout);
    let records = [
        plain(Phase::Connect, Reason::Timeout),
        https("b.example", &silent, &Facts::default()),
        record(
            "c.example",
            Some(80),
            Probe::Http,
            &silent,
            &Facts::default(),
        ),
        dns("a.example", &Verdict::Reachable),
    ];
    assert_eq!(said(&records), (Cause::EgressDown, CERTAIN));
    let untried = Record::new(Arc::clone(&well("d.example").target), Timestamp::UNIX_EPOCH);
    let early = [&records[..], &[untried]].concat();
    assert_ne!(said(&early).0, Cause::EgressDown, "not all is known yet");
    let mut without_route = records;
    for record in &mut without_route[..3] {
        let mut latest = record.latest.as_deref().unwrap().clone();
        latest.facts.no_local_route = true;
        record.latest = Some(Arc::new(latest));
    }
    assert_eq!(said(&without_route), (Cause::RouteMissing, CERTAIN));
}

#[test]
fn one_port_that_is_silent_for_all_is_a_rule_for_the_port() {
    let silent = failed(Phase::Connect, Reason::Timeout);
    let records = [
        plain(Phase::Connect, Reason::Timeout),
        https("b.example", &silent, &Facts::default()),
        https("c.example", &silent, &Facts::default()),
        record(
            "d.example",
            Some(80),
            Probe::Http,
            &Verdict::Reachable,
            &Facts::default(),
        ),
    ];
    assert_eq!(said(&records), (Cause::FirewallDrop, LIKELY));
}

#[test]
fn silence_at_one_target_decides_only_with_the_way_of_another() {
    let silent = plain(Phase::Connect, Reason::Timeout);
    assert_eq!(said(&[silent.clone(), well("b.example")]), UNDETERMINED);
    let early = Findings {
        path: Some(path(2, Answer::Silence)),
        control_path: Some(path(3, Answer::Answered)),
        ..NOTHING
    };
    let diagnosis = first(&[found(silent.clone(), early), well("b.example")]);
    assert_eq!(
        (diagnosis.cause, diagnosis.certainty),
        (Cause::FirewallDrop, LIKELY)
    );
    let place = diagnosis.place.unwrap();
    assert_eq!(place.acts_at, 3);
    assert_eq!(place.to_string(), "at hop 2 (10.9.0.2) or right behind it");
    let late = Findings {
        path: Some(path(3, Answer::Silence)),
        control_path: Some(path(3, Answer::Answered)),
        ..NOTHING
    };
    assert_eq!(
        said(&[found(silent, late), well("b.example")]),
        UNDETERMINED
    );
}

#[test]
fn an_rst_is_the_hosts_own_when_it_comes_from_as_far_away() {
    let refused = plain(Phase::Connect, Reason::ConnectionRefused);
    for (hops, expected) in [
        (2, (Cause::FirewallReject, LIKELY)),
        (3, (Cause::EndpointDown, LIKELY)),
    ] {
        let findings = Findings {
            path: Some(path(hops, Answer::Reset)),
            control_path: Some(path(3, Answer::Answered)),
            ..NOTHING
        };
        assert_eq!(said(&[found(refused.clone(), findings)]), expected);
    }
    assert_eq!(said(&[refused]), UNDETERMINED);
}

fn icmp(kind: u8, code: u8, sender: [u8; 4]) -> Facts {
    let sender = Some(sender.into());
    Facts {
        icmp: Some(IcmpError { kind, code, sender }),
        ..Facts::default()
    }
}

#[test]
fn icmp_says_who_rejects() {
    let (host, router) = ([203, 0, 113, 1], [10, 9, 0, 2]);
    for (reason, facts, expected) in [
        (
            Reason::Prohibited,
            icmp(3, 13, router),
            (Cause::FirewallReject, CERTAIN),
        ),
        (
            Reason::ConnectionRefused,
            icmp(3, 3, router),
            (Cause::FirewallReject, CERTAIN),
        ),
        (Reason::ConnectionRefused, icmp(3, 3, host), UNDETERMINED),
        (Reason::Unreachable, icmp(3, 1, router), UNDETERMINED),
    ] {
        let record = https("a.example", &failed(Phase::Connect, reason), &facts);
        assert_eq!(said(&[record, well("b.example")]), expected, "{reason}");
    }
    for (reason, sender, expected) in [
        (Reason::Prohibited, router, (Cause::NtpFilter, CERTAIN)),
        (
            Reason::ConnectionRefused,
            router,
            (Cause::NtpFilter, CERTAIN),
        ),
        (
            Reason::ConnectionRefused,
            host,
            (Cause::EndpointDown, LIKELY),
        ),
    ] {
        let record = ntp(&failed(Phase::Exchange, reason), &icmp(3, 3, sender));
        assert_eq!(said(&[record]), expected, "{reason} from {sender:?}");
    }
}

#[test]
fn a_name_that_is_cut_off_while_others_pass_is_filtered() {
    for reason in [
        Reason::ConnectionReset,
        Reason::ConnectionClosed,
        Reason::TlsAlert,
    ] {
        let cut = plain(Phase::Tls, reason);
        assert_eq!(
            said(&[cut.clone(), well("b.example")]),
            (Cause::SniFilter, LIKELY)
        );
        assert_eq!(said(&[cut]), UNDETERMINED, "alone, nothing decides");
    }
    let silent = plain(Phase::Tls, Reason::Timeout);
    assert_eq!(said(&[silent.clone(), well("b.example")]), UNDETERMINED);
    let findings = Findings {
        names: Some(names(Answer::Answered, Answer::Silence)),
        ..NOTHING
    };
    assert_eq!(
        said(&[found(silent, findings)]),
        (Cause::SniFilter, CERTAIN)
    );
}

#[test]
fn silence_after_the_handshake_is_the_server_or_what_stands_before_it() {
    let silent = plain(Phase::Tls, Reason::Timeout);
    for (hops, expected) in [
        (2, (Cause::FirewallDrop, LIKELY)),
        (3, (Cause::EndpointDown, LIKELY)),
    ] {
        let findings = Findings {
            names: Some(names(Answer::Silence, Answer::Answered)),
            path: Some(path(3, Answer::Answered)),
            hello_path: Some(path(hops, Answer::Silence)),
            ..NOTHING
        };
        let diagnosis = first(&[found(silent.clone(), findings), well("b.example")]);
        assert_eq!((diagnosis.cause, diagnosis.certainty), expected);
        assert!(
            diagnosis
                .ruled_out
                .iter()
                .any(|out| out.cause == Cause::SniFilter)
        );
    }
}

#[test]
fn a_handshake_that_passes_in_small_packets_only_is_an_mtu_black_hole() {
    let size = Some(SizeControl {
        path_mtu: Some(1500),
        small: Answer::Answered,
        large: Answer::Silence,
    });
    let silent = plain(Phase::Tls, Reason::Timeout);
    let findings = Findings { size, ..NOTHING };
    assert_eq!(
        said(&[found(silent, findings)]),
        (Cause::MtuBlackhole, CERTAIN)
    );
}

#[test]
fn a_port_that_accepts_for_everybody_is_a_transparent_proxy() {
    let control = Some(ControlDial {
        address: ([192, 0, 2, 1], 443).into(),
        accepted: true,
    });
    let facts = Facts {
        control,
        ..Facts::default()
    };
    let intercepted = Verdict::Unproven(Failure {
        phase: Phase::Connect,
        reason: Reason::InterceptedPort,
        detail: String::new(),
    });
    let tcp = record("a.example", Some(9000), Probe::Tcp, &intercepted, &facts);
    assert_eq!(said(&[tcp]), (Cause::TransparentProxy, CERTAIN));
    let cut = found(
        plain(Phase::Tls, Reason::ConnectionReset),
        Findings { control, ..NOTHING },
    );
    assert_eq!(
        said(std::slice::from_ref(&cut)),
        (Cause::TransparentProxy, CERTAIN)
    );
    let mute = plain(Phase::Tls, Reason::ConnectionReset);
    assert_eq!(
        said(&[mute, cut.clone()]),
        (Cause::TransparentProxy, CERTAIN),
        "seen at another target of the port"
    );
    assert_eq!(
        said(&[cut, well("b.example")]),
        (Cause::SniFilter, LIKELY),
        "some names pass"
    );
}

fn presented(issuer: &str) -> Facts {
    Facts {
        certificate: Some(Certificate {
            subject: "CN=a".to_owned(),
            issuer: issuer.to_owned(),
            names: vec!["other.example".to_owned()],
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            sha256: String::new(),
            chain_length: 1,
            trusted: false,
            vouched_by: None,
        }),
        ..Facts::default()
    }
}

#[test]
fn one_unknown_issuer_on_many_hosts_is_an_inspection() {
    let untrusted = failed(Phase::Tls, Reason::CertificateUntrusted);
    let here = https("a.example", &untrusted, &presented("CN=Inspection"));
    assert_eq!(
        said(std::slice::from_ref(&here)),
        (Cause::TlsInspection, LIKELY)
    );
    let there = https("b.example", &untrusted, &presented("CN=Inspection"));
    assert_eq!(said(&[here, there]), (Cause::TlsInspection, CERTAIN));
}

fn time(offset: f64) -> Facts {
    Facts {
        ntp: Some(NtpReply {
            offset_seconds: Some(offset),
            delay_seconds: Some(0.01),
            root_delay_seconds: 0.0,
            root_dispersion_seconds: 0.0,
            stratum: 2,
            leap: 0,
            kiss_code: None,
        }),
        ..Facts::default()
    }
}

#[test]
fn a_certificate_out_of_its_time_is_the_servers_fault_or_the_clocks() {
    let expired = plain(Phase::Tls, Reason::CertificateExpired);
    let clock = |offset| ntp(&Verdict::Reachable, &time(offset));
    assert_eq!(
        said(&[expired.clone(), clock(0.1)]),
        (Cause::EndpointDown, LIKELY)
    );
    assert_eq!(
        said(&[expired.clone(), clock(-90_000.0)]),
        (Cause::ClockWrong, CERTAIN)
    );
    assert_eq!(
        said(&[expired.clone(), well("b.example")]),
        (Cause::EndpointDown, LIKELY)
    );
    let other = https(
        "b.example",
        &failed(Phase::Tls, Reason::CertificateExpired),
        &Facts::default(),
    );
    assert_eq!(said(&[expired.clone(), other]), (Cause::ClockWrong, LIKELY));
    assert_eq!(said(&[expired]), UNDETERMINED);
}

#[test]
fn what_was_seen_before_the_clock_was_stepped_says_nothing_of_it() {
    let later = |mut record: Record| {
        let outcome = record.latest.as_mut().map(Arc::make_mut).unwrap();
        outcome.started_at += Duration::from_hours(24);
        record
    };
    let expired = || {
        let outdated = failed(Phase::Tls, Reason::CertificateExpired);
        https("a.example", &outdated, &Facts::default())
    };
    let before = [ntp(&Verdict::Reachable, &time(0.1)), well("b.example")];
    let [clock, well] = before;
    assert_eq!(
        said(&[later(expired()), clock.clone(), well.clone()]),
        UNDETERMINED
    );
    assert_eq!(
        said(&[later(expired()), later(clock), well]),
        (Cause::EndpointDown, LIKELY)
    );
}

#[test]
fn silent_time_servers_are_filtered_where_other_datagrams_pass() {
    let silent = ntp(&failed(Phase::Exchange, Reason::Timeout), &Facts::default());
    assert_eq!(said(std::slice::from_ref(&silent)), UNDETERMINED);
    assert_eq!(
        said(&[silent, nameserver(&Verdict::Reachable)]),
        (Cause::NtpFilter, LIKELY)
    );
}

#[test]
fn a_nameserver_that_answers_over_one_transport_is_alive() {
    let question = "a.example".to_owned();
    let silent = failed(Phase::Connect, Reason::Timeout);
    let tcp = record(
        "10.0.0.10",
        Some(53),
        Probe::DnsTcp { question },
        &silent,
        &Facts::default(),
    );
    assert_eq!(
        said(&[tcp, nameserver(&Verdict::Reachable)]),
        (Cause::FirewallDrop, LIKELY)
    );
}

#[test]
fn a_proxy_that_refuses_is_not_a_proxy_that_cannot() {
    for (status, expected) in [(403, (Cause::ProxyDenied, CERTAIN)), (503, UNDETERMINED)] {
        let proxy = Some(ProxyHop {
            address: "proxy.example:3128".to_owned(),
            via: "configuration",
            status: Some(status),
        });
        let facts = Facts {
            proxy,
            ..Facts::default()
        };
        let refused = failed(Phase::Tunnel, Reason::ProxyRefused);
        assert_eq!(said(&[https("a.example", &refused, &facts)]), expected);
    }
}

#[test]
fn failures_that_come_and_go_are_loss() {
    let mut record = plain(Phase::Connect, Reason::Timeout);
    for _ in 0..3 {
        record.take(outcome(Verdict::Reachable, Facts::default()));
        for _ in 0..2 {
            record.take(outcome(
                failed(Phase::Connect, Reason::Timeout),
                Facts::default(),
            ));
        }
    }
    assert_eq!(said(&[record]), (Cause::PacketLoss, LIKELY));
}

#[test]
fn what_the_agent_lacks_is_never_the_networks_fault() {
    for (reason, cause) in [
        (Reason::LocalResource, Cause::LocalResource),
        (Reason::PermissionDenied, Cause::LocalResource),
        (Reason::Internal, Cause::Undetermined),
    ] {
        let own = Verdict::Unproven(Failure {
            phase: Phase::Connect,
            reason,
            detail: "too many open files".to_owned(),
        });
        assert_eq!(
            said(&[https("a.example", &own, &Facts::default())]).0,
            cause
        );
    }
}

#[test]
fn the_story_tells_of_what_explains_most() {
    let cut = failed(Phase::Tls, Reason::ConnectionReset);
    let records = [
        https("a.example", &cut, &Facts::default()),
        https("b.example", &cut, &Facts::default()),
        well("c.example"),
        ntp(&failed(Phase::Exchange, Reason::Timeout), &Facts::default()),
        nameserver(&Verdict::Reachable),
    ];
    let story = diagnose(&records).story.unwrap();
    assert_eq!(
        story,
        "a.example:443 and b.example:443 are most likely stopped by name (TLS SNI). \
         NTP to time.example:123 is most likely filtered. 2 targets have nothing against them."
    );
}
