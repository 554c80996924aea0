//! Fleets: one node of five hundred that is ill, most that are, agents that start, a rollout, two clusters in one Prometheus.

use crate::promtool::{Firing, Scenario};
use crate::world::{Silence, World};

const NODES: usize = 500;
/// Enough for what is about shares of a fleet; promtool is five times as fast with it.
const FEWER: usize = 100;
const MCR: &str = "mcr.microsoft.com:443";
const RESET: (&str, &str) = ("tls", "connection_reset");
const TIMEOUT: (&str, &str) = ("connect", "timeout");
const DOWN: Firing<'_> = (
    "EgressTargetDownOnMostNodes",
    &[
        ("target", MCR),
        ("probe", "https"),
        ("phase", "tls"),
        ("reason", "connection_reset"),
    ],
);

#[test]
fn one_node_of_500_is_one_warning_that_names_it() {
    let labels = [
        ("node", "node-17"),
        ("instance", "10.0.0.17:9100"),
        ("target", MCR),
        ("probe", "https"),
        ("phase", "tls"),
        ("reason", "connection_reset"),
    ];
    Scenario::of(World::new(NODES, 22).fail(17..18, 5..22, MCR, RESET))
        .quiet(19)
        .firing(20, &[("EgressTargetDownOnSomeNodes", &labels)])
        .holds();
}

#[test]
fn one_node_of_500_that_is_cut_off_is_one_page_about_the_node() {
    let labels = [
        ("node", "node-300"),
        ("instance", "10.0.1.44:9100"),
        ("phase", "connect"),
        ("reason", "timeout"),
    ];
    Scenario::of(World::new(NODES, 12).fail(300..301, 5..12, "", TIMEOUT))
        .firing(11, &[("EgressNodeCutOff", &labels)])
        .holds();
}

#[test]
fn a_target_that_400_of_500_nodes_do_not_reach_is_one_page_about_the_target() {
    let said = "mcr.microsoft.com:443 (https) is out of reach for 400 of the nodes, more than half. Most of them fail in \
                phase tls, reason connection_reset.";
    Scenario::of(World::new(NODES, 13).fail(50..450, 5..12, MCR, RESET))
        .quiet(6)
        .firing(7, &[DOWN])
        .describes(10, DOWN, said)
        .quiet(12)
        .holds();
}

#[test]
fn agents_that_are_all_started_anew_alert_nobody() {
    let mut scenario = Scenario::of(World::new(FEWER, 20).restart(0..FEWER, 8));
    for minute in 5..20 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

#[test]
fn agents_that_have_just_started_do_not_count() {
    // Sixty new nodes whose network is not there yet, beside forty that are well.
    let world = World::new(FEWER, 20)
        .silent(40..FEWER, 0..6, Silence::NoTarget)
        .fail(40..FEWER, 6..8, "", TIMEOUT);
    let mut scenario = Scenario::of(world);
    for minute in 3..20 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

#[test]
fn agents_that_start_again_and_again_do_not_count() {
    let world = World::new(FEWER, 20)
        .silent(40..FEWER, 0..6, Silence::NoTarget)
        .restart(40..FEWER, 8)
        .restart(40..FEWER, 10)
        .fail(40..FEWER, 6..12, "", TIMEOUT);
    let mut scenario = Scenario::of(world);
    for minute in 3..20 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

/// Ten agents a minute are replaced; each is away for one scrape.
fn rollout(mut world: World, from: usize) -> World {
    for (batch, first) in (0..FEWER).step_by(10).enumerate() {
        let at = from + batch;
        world = world.silent(first..first + 10, at..at + 1, Silence::NoTarget);
    }
    world
}

#[test]
fn a_rollout_alerts_nobody() {
    let mut scenario = Scenario::of(rollout(World::new(FEWER, 24), 5));
    for minute in 3..24 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

#[test]
fn a_rollout_does_not_end_a_page() {
    let broken = World::new(FEWER, 24).fail(10..90, 2..24, MCR, RESET);
    let mut scenario = Scenario::of(rollout(broken, 8));
    for minute in 6..24 {
        scenario = scenario.firing(minute, &[DOWN]);
    }
    scenario.holds();
}

#[test]
fn a_restart_of_all_agents_does_not_end_a_page() {
    let broken = World::new(FEWER, 24).fail(10..90, 2..24, MCR, RESET);
    let mut scenario = Scenario::of(broken.restart(0..FEWER, 10));
    for minute in 6..24 {
        scenario = scenario.firing(minute, &[DOWN]);
    }
    scenario.holds();
}

#[test]
fn nodes_that_are_removed_are_not_missed() {
    let world = World::new(FEWER, 40).silent(20..FEWER, 5..40, Silence::NoTarget);
    let mut scenario = Scenario::of(world.known_nodes(0..20));
    for minute in 3..40 {
        scenario = scenario.quiet(minute);
    }
    scenario.holds();
}

#[test]
fn the_number_of_alerts_does_not_grow_with_the_fleet() {
    let world = World::new(NODES, 22).fail(0..NODES, 2..22, "", TIMEOUT);
    let firing = "count(ALERTS{alertstate=\"firing\"})";
    // Four required targets, all names, all time servers.
    Scenario::of(world).value(20, firing, 6.0).holds();
}

#[test]
fn the_records_of_a_fleet_are_four_series_for_a_node_and_a_few_for_a_target() {
    let per_node = "count({__name__=~\"node:egress.*\"}) / 500";
    let others = "count({__name__=~\"(target|fleet):egress.*\"})";
    Scenario::of(World::new(NODES, 10))
        .value(9, per_node, 4.0)
        .value(9, others, 21.0)
        .holds();
}

#[test]
fn two_clusters_in_one_prometheus_are_two_fleets() {
    let labels = [DOWN.1, &[("cluster", "north")]].concat();
    let north = World::new(4, 20)
        .cluster("north")
        .fail(0..3, 5..20, MCR, RESET);
    let south = World::new(40, 20).cluster("south");
    Scenario::of_both(north, &south)
        .firing(15, &[(DOWN.0, &labels)])
        .holds();
}

#[test]
fn without_a_label_node_nodes_are_told_apart_by_their_instance() {
    let instance = [("instance", "10.0.0.2:9100")];
    let cut = [
        &instance[..],
        &[("phase", "connect"), ("reason", "timeout")],
    ]
    .concat();
    let world = World::new(4, 30)
        .unnamed()
        .fail(2..3, 5..15, "", TIMEOUT)
        .silent(2..3, 15..30, Silence::NoAnswer);
    Scenario::of(world)
        .firing(12, &[("EgressNodeCutOff", &cut)])
        .quiet(18)
        .firing(26, &[("EgressAgentDown", &instance)])
        .holds();
}
