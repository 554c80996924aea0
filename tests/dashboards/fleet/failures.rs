//! What fails, why, and on which nodes.

use super::{TO_NODE, TO_TARGET};
use crate::board::{NODE, Row, TARGET};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

pub(super) fn row() -> Row {
    Row {
        title: "Failures",
        panels: vec![reasons(), causes(), table(), nodes(), undecided()],
    }
}

fn reasons() -> Panel {
    Panel::new(
        Kind::Stack,
        "Failing by reason",
        "Pairs of node and target that are unreachable, by the phase and reason that is believed.",
    )
    .ask(
        format!("sum by (phase, reason) (target:egress_probe_failure_info:count{{{TARGET}}})"),
        "{{phase}} {{reason}}",
    )
}

fn causes() -> Panel {
    Panel::new(
        Kind::Stack,
        "Failing by cause",
        "The same pairs by what stands behind them, as the agents see it. docs/causes.md says what each cause means.",
    )
    .ask(format!("sum by (cause) (target:egress_diagnosis_info:count{{{TARGET}}})"), "{{cause}}")
}

fn undecided() -> Panel {
    Panel::new(
        Kind::Stack,
        "Undecided and warnings",
        "Pairs of node and target about which nothing can be said, by reason, and warnings about those that are reachable.",
    )
    .ask(format!("count by (reason) (egress_probe_unproven{{{TARGET}}})"), "unproven {{reason}}")
    .ask(format!("count by (warning) (egress_probe_warning{{{TARGET}}})"), "warning {{warning}}")
}

fn table() -> Panel {
    let columns = Table::default()
        .column("target", "Target")
        .link(TO_TARGET.0, TO_TARGET.1)
        .column("probe", "Probe")
        .column("phase", "Phase")
        .column("reason", "Reason")
        .column("Value", "Nodes");
    Panel::new(
        Kind::Table(columns),
        "Failing now",
        "What fails, why, and on how many nodes. docs/reasons.md says what each reason means and what to ask for.",
    )
    .ask(format!("sort_desc(target:egress_probe_failure_info:count{{{TARGET}}})"), "")
    .size(12, 9)
}

fn nodes() -> Panel {
    let columns = Table::default()
        .column("node", "Node")
        .link(TO_NODE.0, TO_NODE.1)
        .column("instance", "Instance")
        .column("Value", "Reaches")
        .unit("percentunit")
        .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)]);
    Panel::new(
        Kind::Table(columns),
        "Nodes that reach least",
        "The share of required targets that a node reaches, among those that most nodes reach.",
    )
    .ask(
        format!("bottomk(20, node:egress_probe_success:avg{{{NODE}}})"),
        "",
    )
    .size(12, 9)
}
