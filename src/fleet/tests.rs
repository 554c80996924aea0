//! Many agents put together, from reports and from samples.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::samples::Query;
use super::{AgentReport, Fleet, Readings, text};
use crate::status::Health;
use crate::status::text::Style;
use crate::target::Requirement;

const NOW: &str = "2026-11-23T20:05:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A target of a report: `NAME STATE` and what is wrong with it.
fn target(name: &str, requirement: &str, state: &str, more: &str) -> String {
    format!(
        r#"{{"target":"{name}","probe":"https","requirement":"{requirement}","state":"{state}","since":"2026-11-23T20:00:00Z"{more}}}"#
    )
}

fn well(name: &str) -> String {
    target(name, "required", "reachable", "")
}

fn reset(name: &str) -> String {
    let more = r#","failure":{"phase":"tls","reason":"connection_reset","detail":"d"},"diagnosis":{"cause":"sni_filter"}"#;
    target(name, "required", "unreachable", more)
}

fn warned(name: &str) -> String {
    let more = r#","warnings":["partial_addresses"],"diagnosis":{"cause":"partial_addresses"}"#;
    target(name, "optional", "reachable", more)
}

fn read(readings: &mut Readings, node: &str, targets: &[String]) {
    let targets = targets.join(",");
    let json = format!(r#"{{"agent":{{"node":"{node}"}},"targets":[{targets}]}}"#);
    let report: AgentReport = serde_json::from_str(&json).unwrap();
    report.add_to(readings, &format!("http://{node}:9100"));
}

/// One name is broken everywhere, one node has trouble of its own, and so have two together.
fn readings() -> Readings {
    let mut readings = Readings::default();
    for number in 1..=5 {
        let other = |name| if number == 3 { reset(name) } else { well(name) };
        let pair = if number > 3 {
            warned("d:443")
        } else {
            target("d:443", "optional", "reachable", "")
        };
        let targets = [reset("a:443"), other("b:443"), other("c:443"), pair];
        read(&mut readings, &format!("node-{number}"), &targets);
    }
    readings.unread(
        "http://node-6:9100".to_owned(),
        "nobody listens at 192.0.2.6:9100",
    );
    readings
}

#[test]
fn what_fails_on_most_nodes_comes_first_then_the_odd_ones_then_who_is_silent() {
    let fleet = Fleet::new(readings(), now());
    assert_eq!(
        (fleet.health, fleet.nodes, fleet.targets),
        (Health::Failing, 5, 4)
    );
    let page = text::render(&fleet, Style::PLAIN);
    assert_eq!(
        page,
        "\
FAILING  1 target on all or most nodes, 3 on some  2026-11-23 20:05:00 UTC
5 agents read, 1 could not be read; 4 targets.

ON ALL OR MOST NODES (1)
  a:443  https  required  on 5 of 5 nodes
    tls connection_reset; cause: sni_filter; since 2026-11-23 20:00:00 UTC (5 min ago)

ON SOME NODES (3)
  node-3
    b:443  https  required
      tls connection_reset; cause: sni_filter; since 2026-11-23 20:00:00 UTC (5 min ago)
    c:443  https  required
      tls connection_reset; cause: sni_filter; since 2026-11-23 20:00:00 UTC (5 min ago)
  node-4, node-5
    d:443  https  optional
      warning: partial_addresses; cause: partial_addresses

COULD NOT BE READ (1)
  http://node-6:9100: nobody listens at 192.0.2.6:9100
"
    );
}

#[test]
fn what_fails_in_several_ways_says_how_often_each() {
    let mut readings = Readings::default();
    let refused = r#","failure":{"phase":"connect","reason":"connection_refused","detail":"d"}"#;
    for number in 1..=3 {
        let targets = match number {
            1 => [target("a:443", "required", "unreachable", refused)],
            _ => [reset("a:443")],
        };
        read(&mut readings, &format!("node-{number}"), &targets);
    }
    let fleet = Fleet::new(readings, now());
    let kinds: Vec<_> = fleet.widespread[0]
        .kinds
        .iter()
        .map(|kind| (kind.what.as_str(), kind.nodes))
        .collect();
    assert_eq!(
        kinds,
        [
            ("tls connection_reset", 2),
            ("connect connection_refused", 1)
        ]
    );
}

#[test]
fn the_only_node_that_tests_a_target_is_an_odd_one_unless_it_is_the_only_node() {
    let mut readings = Readings::default();
    read(&mut readings, "node-1", &[reset("own:443")]);
    assert_eq!(Fleet::new(readings.clone(), now()).widespread.len(), 1);
    read(&mut readings, "node-2", &[well("other:443")]);
    let fleet = Fleet::new(readings, now());
    assert_eq!(
        (fleet.widespread.len(), fleet.scattered[0].nodes.len()),
        (0, 1)
    );
}

#[test]
fn what_is_required_on_one_node_is_required() {
    let mut readings = Readings::default();
    read(&mut readings, "node-1", &[warned("a:443")]);
    read(&mut readings, "node-2", &[well("a:443")]);
    let fleet = Fleet::new(readings, now());
    let finding = &fleet.scattered[0].findings[0];
    assert_eq!(finding.requirement, Requirement::Required);
}

#[test]
fn half_of_the_nodes_are_not_most() {
    let mut readings = Readings::default();
    for number in 1..=4 {
        let targets = [if number > 2 {
            reset("a:443")
        } else {
            well("a:443")
        }];
        read(&mut readings, &format!("node-{number}"), &targets);
    }
    assert!(Fleet::new(readings.clone(), now()).widespread.is_empty());
    read(&mut readings, "node-5", &[reset("a:443")]);
    assert_eq!(Fleet::new(readings, now()).widespread.len(), 1);
}

#[test]
fn health_is_that_of_the_worst_and_silence_is_never_green() {
    let health = |targets: &[String], silent: bool| {
        let mut readings = Readings::default();
        read(&mut readings, "node-1", targets);
        if silent {
            readings.unread("node-2".to_owned(), "silent");
        }
        Fleet::new(readings, now()).health
    };
    assert_eq!(health(&[well("a:443")], false), Health::Ok);
    assert_eq!(health(&[well("a:443")], true), Health::Incomplete);
    assert_eq!(
        health(&[well("a:443"), warned("b:443")], false),
        Health::Degraded
    );
    assert_eq!(health(&[reset("a:443")], true), Health::Failing);
    let unproven = target("a:443", "required", "unproven", "");
    assert_eq!(health(&[unproven], false), Health::Unproven);
    let pending = target("a:443", "required", "pending", "");
    assert_eq!(health(&[pending], false), Health::Pending);
    assert_eq!(health(&[], false), Health::Incomplete);
    assert_eq!(
        Fleet::new(Readings::default(), now()).health,
        Health::Incomplete
    );
}

#[test]
fn words_that_a_newer_agent_knows_are_shown_as_they_are() {
    let mut readings = Readings::default();
    let more =
        r#","failure":{"phase":"quic","reason":"version_negotiation","detail":""},"later":1"#;
    read(
        &mut readings,
        "node-1",
        &[target("a:443", "required", "unreachable", more)],
    );
    let fleet = Fleet::new(readings, now());
    assert_eq!(
        fleet.widespread[0].kinds[0].what,
        "quic version_negotiation"
    );
}

#[test]
fn two_agents_that_call_their_nodes_the_same_are_two() {
    let mut readings = Readings::default();
    read(&mut readings, "localhost", &[well("a:443")]);
    read(&mut readings, "localhost", &[reset("a:443")]);
    let fleet = Fleet::new(readings, now());
    assert_eq!(fleet.nodes, 2);
    assert_eq!(
        fleet.scattered[0].nodes,
        ["localhost (http://localhost:9100)"]
    );
}

#[test]
fn escape_sequences_of_an_agent_are_shown_not_obeyed() {
    let mut readings = Readings::default();
    read(
        &mut readings,
        "node\\u001b[2J",
        &[reset("a:443\\u001b[2J"), reset("b:443")],
    );
    readings.unread("x\u{1b}[2J".to_owned(), "y\u{1b}[2J");
    read(&mut readings, "node-2", &[well("b:443")]);
    let page = text::render(&Fleet::new(readings, now()), Style::PLAIN);
    assert!(!page.contains('\u{1b}'), "{page}");
}

/// `{node="n1", target="a:443"} 1`, with the labels that are given.
fn sample(labels: &[(&str, &str)], value: f64) -> (BTreeMap<String, String>, f64) {
    let labels = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (labels.collect(), value)
}

#[test]
fn prometheus_tells_the_same_as_the_agents_do() {
    let of = |node: &'static str| [("instance", node), ("target", "a:443"), ("probe", "https")];
    let with = |node, name, value| [&of(node)[..], &[(name, value)]].concat();
    let agents = ["n1", "n2"].map(|node| sample(&[("instance", node)], 1.0));
    let failures = ["n1", "n2"].map(|node| {
        let labels = [
            &with(node, "phase", "tls")[..],
            &[("reason", "connection_reset")],
        ]
        .concat();
        sample(&labels, 1.0)
    });
    let causes = ["n1", "n2"].map(|node| sample(&with(node, "cause", "sni_filter"), 1.0));
    let tested = [
        ("target", "a:443"),
        ("probe", "https"),
        ("requirement", "required"),
    ];
    let answers = BTreeMap::from([
        (Query::Agents, agents.to_vec()),
        (Query::Targets, vec![sample(&tested, 2.0)]),
        (Query::Failures, failures.to_vec()),
        (Query::Undecided, vec![sample(&of("n1"), 1.0)]),
        (Query::Causes, causes.to_vec()),
        (Query::LastSuccess, vec![sample(&of("n1"), 1_795_464_000.5)]),
        (
            Query::Down,
            vec![sample(&[("instance", "n3"), ("node", "worker")], 0.0)],
        ),
    ]);
    let fleet = Fleet::new(Readings::of_samples(&answers), now());
    let [finding] = &fleet.widespread[..] else {
        panic!("{fleet:?}");
    };
    assert_eq!((finding.nodes.len(), finding.tested_on), (2, 2));
    let kind = &finding.kinds[0];
    assert_eq!(
        (kind.what.as_str(), kind.nodes),
        ("tls connection_reset", 2)
    );
    assert_eq!(kind.cause.as_deref(), Some("sni_filter"));
    assert_eq!(
        kind.since.map(Timestamp::as_millisecond),
        Some(1_795_464_000_500)
    );
    assert_eq!(fleet.unread[0].agent, "worker");
}
