//! Each kind of fault under each kind of probe, all in one run of `check`: the verdict of every pair, while the
//! neighbours of the broken hosts stay green. `tests/matrix` has the named faults, with proof and cause.

mod scene;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod witness;

use std::sync::LazyLock;
use std::thread;

use egress_lab::{Fault, Lab, Scope, Standing};
use serde_json::{Value, json};

use scene::{INTERCEPTED, PECULIAR, Scene, expected};
use support::check::checked;
use support::clients::accepts;
use support::report::Report;
use table::{KINDS, Kind};

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::start);

/// The firewall's face towards the node.
const FIREWALL: &str = "198.18.0.1";

fn assert_rows(kind: Kind) {
    let wrong: Vec<_> = kind
        .rows()
        .iter()
        .filter_map(|(fault, verdict)| {
            let target = kind.target(&kind.host(*fault));
            let seen = SCENE.report.target(&target, kind.as_str());
            let detail = seen.failure.as_ref().map_or("", |failure| &failure.detail);
            let line = format!("{fault}: {}, not {verdict} ({detail})", seen.verdict());
            (seen.verdict() != *verdict).then_some(line)
        })
        .collect();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", kind.as_str());
}

#[test]
fn a_name_that_is_kept_from_the_node_says_how() {
    assert_rows(Kind::Dns);
}

#[test]
fn every_fault_of_a_nameserver_over_udp_has_its_reason() {
    assert_rows(Kind::DnsUdp);
}

#[test]
fn every_fault_of_a_nameserver_over_tcp_has_its_reason() {
    assert_rows(Kind::DnsTcp);
}

#[test]
fn every_fault_of_https_has_its_reason() {
    assert_rows(Kind::Https);
}

#[test]
fn every_fault_of_tcp_has_its_reason() {
    assert_rows(Kind::Tcp);
}

#[test]
fn every_fault_of_ssh_has_its_reason() {
    assert_rows(Kind::Ssh);
}

#[test]
fn every_fault_of_http_has_its_reason() {
    assert_rows(Kind::Http);
}

#[test]
fn every_fault_of_ntp_has_its_reason() {
    assert_rows(Kind::Ntp);
}

#[test]
fn every_fault_of_udp_has_its_reason() {
    assert_rows(Kind::Udp);
}

#[test]
fn what_is_not_broken_is_green_in_the_same_run_and_nothing_is_forgotten() {
    let expected = expected();
    let report = &SCENE.report;
    let mut wrong = Vec::new();
    let mut met = 0;
    for target in &report.targets {
        let id = format!("{} {}", target.target, target.probe);
        let verdict = expected.get(&id).copied();
        met += usize::from(verdict.is_some());
        if target.verdict() != verdict.unwrap_or("reachable") {
            wrong.push(target.line());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(met, expected.len(), "every row was judged");
    assert_eq!(report.summary.pending, 0);
    assert_eq!(SCENE.exit, 1);
}

#[test]
fn the_sender_of_an_icmp_error_is_kept() {
    for kind in KINDS.into_iter().filter(|kind| *kind != Kind::Dns) {
        for (fault, _) in kind.rows() {
            let host = kind.host(*fault);
            let seen = SCENE.report.target(&kind.target(&host), kind.as_str());
            let told = seen.facts.get("icmp").unwrap_or(&Value::Null);
            let icmp = icmp_of(kind, *fault, &host);
            assert_eq!(*told, icmp, "{} {fault}", kind.as_str());
        }
    }
    let prohibited = SCENE
        .report
        .target("ipv6-prohibited.peculiar.example:443", "https");
    let icmp = json!({"type": 1, "code": 1, "sender": "2001:db8::1"});
    assert_eq!(prohibited.facts["icmp"], icmp);
}

/// TCP ports are closed by RST: only the firewall's own words come as ICMP there.
fn icmp_of(kind: Kind, fault: Fault, host: &str) -> Value {
    let error = |code: u8, sender: &str| json!({"type": 3, "code": code, "sender": sender});
    match fault {
        Fault::AdminProhibited => error(13, FIREWALL),
        Fault::HostUnreachable => error(1, FIREWALL),
        Fault::Reject if kind.is_over_udp() => error(3, FIREWALL),
        Fault::Refused if kind.is_over_udp() => match host.parse() {
            Ok(std::net::IpAddr::V4(_)) => error(3, host),
            _ => error(3, &SCENE.lab.address_of(host).to_string()),
        },
        _ => Value::Null,
    }
}

#[test]
fn an_address_that_fails_is_not_lost_behind_one_that_works() {
    let seen = SCENE
        .report
        .target("ipv4-dropped.peculiar.example:443", "https");
    assert_eq!(seen.verdict(), "reachable partial_addresses");
    let six = SCENE.lab.ipv6_address_of("ipv4-dropped.peculiar.example");
    let six = six.expect("it was asked for");
    assert_eq!(seen.address.as_deref(), Some(&*format!("[{six}]:443")));
    let only = SCENE.report.target("ipv6.peculiar.example:443", "https");
    assert!(
        only.address
            .as_deref()
            .is_some_and(|at| at.starts_with('['))
    );
}

#[test]
fn a_server_may_say_no_but_nobody_in_its_place() {
    let status = |host: &str| {
        let target = SCENE.report.target(&format!("{host}:443"), "https");
        (target.verdict(), target.facts["http"]["status"].clone())
    };
    let denied = "unreachable request http_denied".to_owned();
    assert_eq!(status(PECULIAR[4].0), (denied.clone(), 470.into()));
    assert_eq!(status(PECULIAR[5].0), (denied, 407.into()));
    assert_eq!(status(PECULIAR[6].0), ("reachable".to_owned(), 403.into()));
}

#[test]
fn a_port_that_is_accepted_for_everybody_proves_nothing() {
    let (host, port) = INTERCEPTED;
    let target = SCENE.report.target(&format!("{host}:{port}"), "tcp");
    assert_eq!(target.verdict(), "unproven connect intercepted_port");
    let control = json!({"address": format!("192.0.2.1:{port}"), "accepted": true});
    assert_eq!(target.facts["control"], control);
    assert!(accepts(&SCENE.lab, "192.0.2.1", port));
    assert!(!accepts(&SCENE.lab, "192.0.2.1", 9000));
}

#[test]
fn names_need_a_nameserver_and_say_what_became_of_it() {
    let expected = [
        (Fault::Drop, "unreachable resolve timeout"),
        (Fault::Reject, "unreachable resolve connection_refused"),
        (Fault::AdminProhibited, "unreachable resolve prohibited"),
        (Fault::HostUnreachable, "unreachable resolve unreachable"),
        (Fault::Refused, "unreachable resolve connection_refused"),
        (Fault::Silent, "unreachable resolve timeout"),
        (Fault::WrongProtocol, "unreachable resolve unexpected_reply"),
    ];
    let scene = &*SCENE;
    // Side by side: most of the time is spent waiting for what does not come.
    thread::scope(|scope| {
        for (fault, verdict) in expected {
            scope.spawn(move || {
                let nameserver = Kind::DnsUdp.host(fault);
                let (_, report) = checked_rows(
                    scene,
                    &["--nameserver", &nameserver, "--timeout", "3s"],
                    &["well.https.example"],
                );
                let seen = report.target("well.https.example", "dns").verdict();
                assert_eq!(seen, verdict, "{fault}");
            });
        }
    });
}

#[test]
fn names_resolve_past_a_dead_nameserver_which_is_reported_itself() {
    let dead = Kind::DnsUdp.host(Fault::Drop);
    let alive = Lab::NAMESERVER.to_string();
    let nameservers = ["--nameserver", &dead, "--nameserver", &alive];
    let targets = ["well.http*", &format!("{dead}:53"), &format!("{alive}:53")];
    let (exit, report) = checked_rows(
        &SCENE,
        &[&nameservers[..], &["--timeout", "4500ms"]].concat(),
        &targets,
    );
    assert_eq!(
        report.troubled(),
        [
            format!("{dead}:53 dns-udp unreachable exchange timeout"),
            format!("{dead}:53 dns-tcp unreachable connect timeout"),
        ]
    );
    let summary = report.summary;
    assert_eq!((exit, summary.targets, summary.reachable), (1, 8, 6));
}

fn checked_rows(scene: &Scene, more: &[&str], targets: &[&str]) -> (i32, Report) {
    let catalog = scene.catalog.to_str().expect("a path of plain letters");
    let mut arguments = vec!["--no-builtin", "--catalog", catalog];
    arguments.extend(more);
    for target in targets {
        arguments.extend(["--target", target]);
    }
    checked(&scene.lab, &arguments)
}

#[test]
fn the_faults_stand_for_programs_that_are_not_the_agent() {
    let lab = &SCENE.lab;
    let standing = lab.faults().expect("a list");
    for kind in KINDS {
        for (fault, _) in kind.rows() {
            let (host, fault) = (kind.host(*fault), *fault);
            let scope = Scope::Everything;
            assert!(
                standing.contains(&Standing { host, scope, fault }),
                "{fault}"
            );
        }
    }
    thread::scope(|scope| {
        scope.spawn(|| witness::curl_meets_the_faults(lab));
        scope.spawn(|| witness::dig_meets_the_faults(lab));
        scope.spawn(|| witness::openssl_meets_the_reset(lab));
    });
}
