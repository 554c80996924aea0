//! For each alert: when it fires and what it says, when it does not, and when it resolves.

use crate::promtool::{Firing, Scenario};
use crate::source::Source;
use crate::world::{CERTIFICATE, LAST_ATTEMPT, LATENCY, OFFSET, Silence, World};

const MCR: &str = "mcr.microsoft.com:443";
const RESET: (&str, &str) = ("tls", "connection_reset");
const TIMEOUT: (&str, &str) = ("connect", "timeout");
const UNRESOLVED: (&str, &str) = ("resolve", "timeout");

/// Everything that is said: an alert about `target` over https.
fn labels<'a>((phase, reason): (&'a str, &'a str), target: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("target", target),
        ("probe", "https"),
        ("phase", phase),
        ("reason", reason),
    ]
}

fn on_node_0<'a>(labels: [(&'a str, &'a str); 4]) -> Vec<(&'a str, &'a str)> {
    let node = [("node", "node-0"), ("instance", "10.0.0.0:9100")];
    labels.into_iter().chain(node).collect()
}

#[test]
fn a_target_that_three_of_four_nodes_do_not_reach_pages_after_two_minutes_until_it_heals() {
    let labels = labels(RESET, MCR);
    let down: Firing<'_> = ("EgressTargetDownOnMostNodes", &labels);
    let said = "mcr.microsoft.com:443 (https) is out of reach for 3 of the nodes, more than half. Most of them fail in \
                phase tls, reason connection_reset.";
    Scenario::of(World::new(4, 40).fail(0..3, 10..30, MCR, RESET))
        .quiet(9)
        .quiet(11)
        .firing(12, &[down])
        .describes(20, down, said)
        .firing(29, &[down])
        .quiet(30)
        .quiet(39)
        .holds();
}

#[test]
fn a_target_of_which_half_of_the_nodes_are_left_does_not_page() {
    // It warns, and names one of the two.
    let warnings = "count(ALERTS{alertname=\"EgressTargetDownOnSomeNodes\",alertstate=\"firing\",node=~\"node-[01]\"})";
    Scenario::of(World::new(4, 40).fail(0..2, 10..40, MCR, RESET))
        .quiet(24)
        .value(39, warnings, 1.0)
        .value(39, "count(ALERTS)", 1.0)
        .holds();
}

#[test]
fn an_optional_target_that_is_down_everywhere_alerts_nobody() {
    let target = "us.download.nvidia.com:443";
    Scenario::of(World::new(4, 60).fail(0..4, 10..60, target, RESET))
        .quiet(20)
        .quiet(59)
        .holds();
}

#[test]
fn a_target_about_which_nothing_can_be_said_is_not_down() {
    let world = World::new(4, 60)
        .undecided(0..3, 10..60, MCR)
        .fail(3..4, 10..60, MCR, RESET);
    let labels = labels(RESET, MCR);
    // Of the nodes that can say something, one of one does not reach it.
    Scenario::of(world)
        .firing(40, &[("EgressTargetDownOnMostNodes", &labels)])
        .holds();
    Scenario::of(World::new(4, 60).undecided(0..4, 10..60, MCR))
        .quiet(59)
        .holds();
}

#[test]
fn a_reason_that_changes_every_minute_does_not_hold_the_page_back() {
    let mut world = World::new(4, 40);
    for minute in 10..40 {
        let kind = if minute % 2 == 0 { RESET } else { TIMEOUT };
        world = world.fail(0..4, minute..minute + 1, MCR, kind);
    }
    let pages = "count(ALERTS{alertname=\"EgressTargetDownOnMostNodes\",alertstate=\"firing\"})";
    let mut scenario = Scenario::of(world);
    for minute in 12..40 {
        scenario = scenario.value(minute, pages, 1.0);
    }
    scenario.holds();
}

#[test]
fn a_reason_of_two_minutes_does_not_rename_the_page() {
    let labels = labels(RESET, MCR);
    let world = World::new(4, 30)
        .fail(0..4, 10..30, MCR, RESET)
        .fail(0..3, 20..22, MCR, TIMEOUT);
    Scenario::of(world)
        .firing(20, &[("EgressTargetDownOnMostNodes", &labels)])
        .firing(21, &[("EgressTargetDownOnMostNodes", &labels)])
        .holds();
}

#[test]
fn the_nodes_that_do_not_reach_a_target_are_counted_by_cause() {
    let world = World::new(4, 20)
        .diagnosed()
        .fail(0..2, 10..20, MCR, RESET)
        .fail(2..3, 10..20, MCR, TIMEOUT);
    let of = |cause: &str| format!("sum(target:egress_diagnosis_info:count{{cause=\"{cause}\"}})");
    Scenario::of(world)
        .value(15, &of("sni_filter"), 2.0)
        .value(15, &of("firewall_drop"), 1.0)
        // Where a warning stands, the target is reached.
        .value(15, "sum(target:egress_diagnosis_info:count)", 3.0)
        .holds();
}

#[test]
fn what_fails_from_the_first_minute_on_is_waited_for_as_well() {
    let count = |alert: &str| {
        format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}) or vector(0)")
    };
    let waits = |world: World, alert: &str, minute: usize| {
        Scenario::of(world)
            .value(minute - 1, &count(alert), 0.0)
            .value(minute, &count(alert), 1.0)
            .holds();
    };
    let ill = |nodes, target| World::new(4, 20).fail(nodes, 0..20, target, TIMEOUT);
    waits(ill(0..4, MCR), "EgressTargetDownOnMostNodes", 2);
    waits(ill(0..1, MCR), "EgressTargetDownOnSomeNodes", 15);
    waits(ill(0..1, ""), "EgressNodeCutOff", 5);
    waits(ill(0..4, ""), "EgressDnsFailing", 2);
    waits(ill(0..4, "ntp"), "EgressNtpSilent", 15);
}

#[test]
fn a_target_that_one_node_of_four_does_not_reach_warns_after_a_quarter_of_an_hour() {
    let labels = on_node_0(labels(RESET, MCR));
    let down: Firing<'_> = ("EgressTargetDownOnSomeNodes", &labels);
    let said = "mcr.microsoft.com:443 (https) has been out of reach for 15 minutes for 1 of the nodes, not more than \
                half. One of them is node-0 (10.0.0.0:9100): phase tls, reason connection_reset.";
    Scenario::of(World::new(4, 60).fail(0..1, 10..50, MCR, RESET))
        .quiet(24)
        .firing(25, &[down])
        .describes(40, down, said)
        .firing(49, &[down])
        .quiet(50)
        .holds();
}

#[test]
fn a_node_that_fails_for_ten_minutes_now_and_then_does_not_warn() {
    let world = World::new(4, 60)
        .fail(0..1, 10..20, MCR, RESET)
        .fail(0..1, 25..35, MCR, RESET)
        .fail(1..2, 40..50, MCR, RESET);
    let mut scenario = Scenario::of(world);
    for minute in 5..60 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

#[test]
fn a_node_that_reaches_nothing_pages_after_five_minutes_and_only_as_a_node() {
    let labels = [
        ("node", "node-0"),
        ("instance", "10.0.0.0:9100"),
        ("phase", "connect"),
        ("reason", "timeout"),
    ];
    let cut: Firing<'_> = ("EgressNodeCutOff", &labels);
    let said = "node-0 (10.0.0.0:9100) does not reach 100 % of the required targets that most nodes reach. Most of \
                them fail in phase connect, reason timeout.";
    Scenario::of(World::new(4, 60).fail(0..1, 10..40, "", TIMEOUT))
        .quiet(14)
        .firing(15, &[cut])
        .describes(20, cut, said)
        .value(20, "sum(target:egress_nodes_down:count)", 0.0)
        .firing(39, &[cut])
        .quiet(40)
        .holds();
}

#[test]
fn a_node_that_reaches_half_of_what_it_must_is_not_cut_off() {
    let world = World::new(4, 24).fail(0..1, 5..24, "m", TIMEOUT);
    // Three of seven required targets begin with m.
    Scenario::of(world).quiet(15).quiet(19).holds();
}

#[test]
fn what_no_node_reaches_is_no_node_s_fault() {
    let pages = "count(ALERTS{alertname!=\"EgressTargetDownOnMostNodes\",alertstate=\"firing\"}) or vector(0)";
    Scenario::of(World::new(4, 30).fail(0..4, 5..30, "", TIMEOUT).fail(
        0..4,
        5..30,
        "ntp",
        TIMEOUT,
    ))
    .value(
        14,
        "count(ALERTS{alertname=\"EgressNodeCutOff\"}) or vector(0)",
        0.0,
    )
    .value(14, pages, 1.0)
    .holds();
}

#[test]
fn names_that_do_not_resolve_on_most_nodes_page_after_two_minutes() {
    let labels = [("phase", "resolve"), ("reason", "timeout")];
    let failing: Firing<'_> = ("EgressDnsFailing", &labels);
    let mut world = World::new(4, 40);
    for target in ["mcr.microsoft.com", "login.microsoftonline.com"] {
        world = world.fail(0..3, 10..30, target, UNRESOLVED);
    }
    let alert = "count(ALERTS{alertname=\"EgressDnsFailing\",alertstate=\"firing\"}) or vector(0)";
    let said = "On 75 % of the nodes most names do not resolve. Most of them fail in phase resolve, reason timeout.";
    Scenario::of(world)
        .value(11, alert, 0.0)
        .value(12, alert, 1.0)
        .describes(20, failing, said)
        .value(29, alert, 1.0)
        .value(30, alert, 0.0)
        .holds();
}

#[test]
fn one_name_that_does_not_resolve_is_not_all_of_dns() {
    let gone = ("resolve", "name_not_found");
    let world = World::new(4, 40).fail(0..4, 10..40, "mcr.microsoft.com", gone);
    Scenario::of(world)
        .value(
            39,
            "count(ALERTS{alertname=\"EgressDnsFailing\"}) or vector(0)",
            0.0,
        )
        .holds();
}

#[test]
fn a_certificate_of_an_unknown_authority_warns_after_five_minutes() {
    let untrusted = ("tls", "certificate_untrusted");
    let labels = labels(untrusted, MCR);
    let resigned: Firing<'_> = ("EgressTlsResigned", &labels);
    let said = "1 of the nodes get a certificate for mcr.microsoft.com:443 that no known authority vouches for: phase \
                tls, reason certificate_untrusted. Usually a firewall opens TLS and signs it anew.";
    Scenario::of(World::new(4, 40).fail(0..1, 10..22, MCR, untrusted))
        .quiet(14)
        .firing(15, &[resigned])
        .describes(18, resigned, said)
        .firing(21, &[resigned])
        .quiet(22)
        .holds();
    let expired = ("tls", "certificate_expired");
    Scenario::of(World::new(4, 24).fail(0..1, 10..24, MCR, expired))
        .quiet(23)
        .holds();
}

#[test]
fn a_certificate_with_less_than_a_fortnight_left_warns_until_it_is_renewed() {
    let ending: Firing<'_> = ("EgressCertificateNearEnd", &[("target", MCR)]);
    let end = 13.5 * 86400.0;
    let said = "The certificate that mcr.microsoft.com:443 presents ends in 13 days. After that, attempts fail in \
                phase tls, reason certificate_expired.";
    Scenario::of(World::new(2, 120).gauge(0..1, 10..100, CERTIFICATE, end))
        .quiet(69)
        .firing(70, &[ending])
        .describes(80, ending, said)
        .quiet(100)
        .holds();
    let fortnight = 14.2 * 86400.0;
    Scenario::of(World::new(2, 100).gauge(0..2, 10..100, CERTIFICATE, fortnight))
        .quiet(99)
        .holds();
    Scenario::of(World::new(2, 100).gauge(0..2, 10..100, CERTIFICATE, 5.0))
        .quiet(99)
        .holds();
}

#[test]
fn time_servers_that_are_silent_for_a_quarter_of_an_hour_warn() {
    let kind = [("phase", "exchange"), ("reason", "timeout")];
    let silent: Firing<'_> = ("EgressNtpSilent", &kind);
    let labels = [
        ("target", "ntp.ubuntu.com:123"),
        ("probe", "ntp"),
        ("phase", "exchange"),
        ("reason", "timeout"),
    ];
    let labels = on_node_0(labels);
    let down: Firing<'_> = ("EgressTargetDownOnSomeNodes", &labels);
    let said = "1 of the nodes have had no answer of any time server for 15 minutes. Most attempts fail in phase \
                exchange, reason timeout.";
    Scenario::of(World::new(4, 60).fail(0..1, 10..50, "ntp", ("exchange", "timeout")))
        .quiet(24)
        .firing(25, &[silent, down])
        .describes(30, silent, said)
        .quiet(50)
        .holds();
}

#[test]
fn a_clock_that_is_off_by_more_than_a_second_warns_in_either_direction() {
    let off: Firing<'_> = ("EgressClockOff", &[]);
    let said = "The clocks of 2 of the nodes differ by more than a second from every time server that answers.";
    let world =
        World::new(4, 60)
            .gauge(0..1, 10..50, OFFSET, 1.2)
            .gauge(1..2, 10..50, OFFSET, -3.0);
    Scenario::of(world)
        .quiet(24)
        .firing(25, &[off])
        .describes(30, off, said)
        .firing(49, &[off])
        .quiet(50)
        .holds();
    Scenario::of(World::new(4, 60).gauge(0..4, 10..60, OFFSET, 0.9))
        .quiet(59)
        .holds();
}

#[test]
fn latency_is_measured_against_its_own_past() {
    let labels = [("target", MCR), ("probe", "https")];
    let slow: Firing<'_> = ("EgressLatencyHigh", &labels);
    let said = "On half of the nodes an attempt at mcr.microsoft.com:443 (https) takes 0.9 s or more, over three \
                times what was usual in the last day.";
    Scenario::of(World::new(3, 240).gauge(0..2, 120..180, LATENCY, 0.9))
        .quiet(119)
        .firing(150, &[slow])
        .describes(170, slow, said)
        .quiet(200)
        .holds();
    // One slow node of three, three times nearly nothing, what has always been slow, and what is twice as slow.
    for world in [
        World::new(3, 240).gauge(0..1, 120..240, LATENCY, 0.9),
        World::new(3, 240).gauge(0..3, 120..240, LATENCY, 0.2),
        World::new(3, 240).gauge(0..3, 0..240, LATENCY, 4.0),
        World::new(3, 240)
            .gauge(0..3, 0..240, LATENCY, 1.0)
            .gauge(0..3, 120..240, LATENCY, 2.0),
    ] {
        Scenario::of(world).quiet(150).quiet(239).holds();
    }
}

#[test]
fn an_agent_that_does_not_answer_is_missed_after_ten_minutes_for_as_long_as_it_is_silent() {
    let labels = [("node", "node-0"), ("instance", "10.0.0.0:9100")];
    let down: Firing<'_> = ("EgressAgentDown", &labels);
    let said = "The agent of node-0 (10.0.0.0:9100) has not answered for 21 minutes. Nobody watches the egress of this \
                node.";
    Scenario::of(World::new(4, 400).silent(0..1, 10..390, Silence::NoAnswer))
        .quiet(19)
        .firing(20, &[down])
        .describes(30, down, said)
        .firing(389, &[down])
        .quiet(390)
        .holds();
}

#[test]
fn an_agent_whose_pod_has_gone_is_missed_only_while_its_node_is_known() {
    let labels = [("node", "node-0"), ("instance", "10.0.0.0:9100")];
    let down: Firing<'_> = ("EgressAgentDown", &labels);
    let world = World::new(4, 60).silent(0..1, 10..50, Silence::NoTarget);
    Scenario::of(world.clone().known_nodes(0..4))
        .quiet(19)
        .firing(20, &[down])
        .quiet(50)
        .holds();
    // Without kube-state-metrics, and when it says that the node has gone: a node that was removed is no fault.
    Scenario::of(world.clone()).quiet(49).holds();
    Scenario::of(world.known_nodes(1..4)).quiet(49).holds();
}

#[test]
fn agents_that_are_mostly_gone_are_one_page() {
    let gone: Firing<'_> = ("EgressAgentsGone", &[]);
    let said = "3 of the agents of job egress-probe, more than half, do not answer. Nobody watches the egress of their \
                nodes.";
    Scenario::of(World::new(4, 40).silent(0..3, 10..30, Silence::NoAnswer))
        .quiet(14)
        .firing(15, &[gone])
        .describes(20, gone, said)
        .firing(29, &[gone])
        .quiet(30)
        .holds();
    Scenario::of(World::new(4, 40).silent(0..4, 10..30, Silence::NoTarget))
        .quiet(14)
        .firing(15, &[gone])
        .quiet(30)
        .holds();
}

#[test]
fn an_agent_that_has_stopped_trying_warns() {
    let stale: Firing<'_> = ("EgressAgentStale", &[]);
    let said =
        "1 of the agents answer, but have made no attempt for 10 minutes. What they say is old.";
    Scenario::of(World::new(4, 60).gauge(0..1, 10..50, LAST_ATTEMPT, 540.0))
        .quiet(23)
        .firing(24, &[stale])
        .describes(30, stale, said)
        .quiet(50)
        .holds();
    Scenario::of(World::new(4, 60).gauge(0..1, 10..18, LAST_ATTEMPT, 540.0))
        .quiet(25)
        .quiet(59)
        .holds();
}

#[test]
fn attempts_that_start_late_warn() {
    let late: Firing<'_> = ("EgressSchedulerLate", &[]);
    let said = "On 2 of the nodes attempts start more than 5 s late on average. The agent, or the node, has too much \
                to do.";
    let lag = "egress_scheduler_lag_seconds";
    Scenario::of(World::new(4, 60).gauge(0..2, 10..40, lag, 8.0))
        .quiet(20)
        .firing(25, &[late])
        .describes(30, late, said)
        .quiet(50)
        .holds();
    Scenario::of(World::new(4, 60).gauge(0..2, 10..12, lag, 20.0))
        .quiet(25)
        .holds();
}

#[test]
fn a_configuration_that_is_refused_warns_after_five_minutes() {
    let refused: Firing<'_> = ("EgressReloadFailed", &[]);
    let said = "4 of the agents refused the configuration on disk, and go on with the one before.";
    let metric = "egress_config_last_reload_successful";
    Scenario::of(World::new(4, 40).gauge(0..4, 10..30, metric, 0.0))
        .quiet(14)
        .firing(15, &[refused])
        .describes(20, refused, said)
        .quiet(30)
        .holds();
}

#[test]
fn every_alert_is_described_here() {
    let here = include_str!("alerts.rs");
    for alert in Source::read().alerts() {
        let name = format!("\"{}\"", alert.name);
        assert!(here.contains(&name), "{} has no test", alert.name);
    }
}
