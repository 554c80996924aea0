//! What is reached, and what changed when.

use super::TO_TARGET;
use crate::board::{Row, TARGET};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

pub(super) fn row() -> Row {
    Row {
        title: "Targets",
        panels: vec![state(), table(), changed(), down()],
    }
}

fn state() -> Panel {
    Panel::new(
        Kind::States,
        "Every target over time",
        "The share of the nodes that reach a target. Green: all of them. Yellow: not all. Red: less than half.",
    )
    .ask(format!("target:egress_probe_success:avg{{{TARGET}}}"), "{{target}} {{probe}}")
    .unit("percentunit")
    .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)])
}

fn table() -> Panel {
    let columns = Table::default()
        .column("target", "Target")
        .link(TO_TARGET.0, TO_TARGET.1)
        .column("probe", "Probe")
        .column("Value #A", "Reached by")
        .unit("percentunit")
        .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)])
        .column("Value #B", "Nodes")
        .column("Value #C", "Nodes down")
        .column("phase", "Phase")
        .column("reason", "Reason")
        .column("Value #D", "Median")
        .unit("s");
    Panel::new(
        Kind::Table(columns),
        "Every target now",
        "Nodes: those that can say whether they reach it. Phase and reason: those of most failures in the last five minutes.",
    )
    .ask(format!("target:egress_probe_success:avg{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_success:count{{{TARGET}}}"), "")
    .ask(format!("target:egress_nodes_down:count{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_duration_seconds:median{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_failure_info:top{{{TARGET}}}"), "")
}

fn changed() -> Panel {
    Panel::new(
        Kind::Stack,
        "What changed when",
        "Changes of state in five minutes, over all nodes, for each target that had one.",
    )
    .ask(
        format!("round(target:egress_probe_state_changes:increase5m{{{TARGET}}}) > 0"),
        "{{target}} {{probe}}",
    )
}

fn down() -> Panel {
    Panel::new(
        Kind::Stack,
        "Nodes that do not reach a target",
        "For each target that some node does not reach, cut-off nodes aside.",
    )
    .ask(
        format!("target:egress_nodes_down:count{{{TARGET}}} > 0"),
        "{{target}} {{probe}}",
    )
}
