//! The chosen target on the chosen nodes.

use crate::board::{BOTH, Row};
use crate::panel::{GREEN, Kind, Panel, RED};

pub(super) fn row() -> Row {
    Row {
        title: "On the chosen nodes",
        panels: vec![state(), phases(), attempts(), reasons(), age()],
    }
}

fn state() -> Panel {
    Panel::new(
        Kind::States,
        "State",
        "The confirmed state on each chosen node. A gap: pending, or nothing can be decided. Choose a node in large fleets.",
    )
    .ask(format!("egress_probe_success{{{BOTH}}}"), "{{node}} {{instance}} {{probe}}")
    .map("1", "reachable", GREEN)
    .map("0", "unreachable", RED)
    .colours(RED, &[(1.0, GREEN)])
    .size(24, 7)
}

fn phases() -> Panel {
    Panel::new(
        Kind::Stack,
        "Time in each phase",
        "Of the last attempt, mean over the chosen nodes.",
    )
    .ask(
        format!("avg by (probe, phase) (egress_probe_phase_duration_seconds{{{BOTH}}})"),
        "{{probe}} {{phase}}",
    )
    .unit("s")
}

fn attempts() -> Panel {
    Panel::new(
        Kind::Lines,
        "Attempts that fail",
        "The share of attempts that proved nothing, confirmed or not.",
    )
    .ask(
        format!(
            "sum by (probe) (rate(egress_probe_failures_total{{{BOTH}}}[$__rate_interval])) \
             / sum by (probe) (rate(egress_probe_attempts_total{{{BOTH}}}[$__rate_interval]))"
        ),
        "{{probe}}",
    )
    .unit("percentunit")
}

fn reasons() -> Panel {
    Panel::new(
        Kind::Stack,
        "Failed attempts by reason",
        "In the time of one point of the graph. The very first failure of a kind is not seen here.",
    )
    .ask(
        format!(
            "sum by (probe, phase, reason) \
             (increase(egress_probe_failures_by_reason_total{{{BOTH}}}[$__rate_interval]))"
        ),
        "{{probe}} {{phase}} {{reason}}",
    )
}

fn age() -> Panel {
    Panel::new(
        Kind::Lines,
        "Last success and last attempt",
        "How long ago, on the chosen node where that is longest.",
    )
    .ask(
        format!("max by (probe) (time() - egress_probe_last_success_timestamp_seconds{{{BOTH}}})"),
        "{{probe}} success",
    )
    .ask(
        format!("max by (probe) (time() - egress_probe_last_attempt_timestamp_seconds{{{BOTH}}})"),
        "{{probe}} attempt",
    )
    .unit("s")
}
