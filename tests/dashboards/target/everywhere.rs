//! The chosen target over all nodes.

use super::TARGET;
use crate::board::Row;
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

pub(super) fn row() -> Row {
    Row {
        title: "Over all nodes",
        panels: vec![
            reached(),
            down(),
            what(),
            reasons(),
            causes(),
            latency(),
            failing(),
        ],
    }
}

fn reached() -> Panel {
    number(
        "Reached by",
        "The share of the nodes that reach the target.",
        format!("target:egress_probe_success:avg{{{TARGET}}}"),
    )
    .unit("percentunit")
    .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)])
}

fn down() -> Panel {
    number(
        "Nodes down",
        "Nodes that do not reach it, without those that are cut off altogether.",
        format!("target:egress_nodes_down:count{{{TARGET}}}"),
    )
    .colours(GREEN, &[(1.0, RED)])
}

fn what() -> Panel {
    let columns = Table::default()
        .column("probe", "Probe")
        .column("host", "Host")
        .column("port", "Port")
        .column("groups", "Groups")
        .column("requirement", "Requirement")
        .column("Value", "Nodes");
    Panel::new(
        Kind::Table(columns),
        "What it is",
        "As the catalogue has it.",
    )
    .ask(
        format!(
            "count by (probe, host, port, groups, requirement) (egress_target_info{{{TARGET}}})"
        ),
        "",
    )
    .size(14, 5)
}

fn reasons() -> Panel {
    Panel::new(
        Kind::Stack,
        "Nodes by reason",
        "Nodes that do not reach the target, by the phase and reason that is believed.",
    )
    .ask(
        format!("sum by (phase, reason) (target:egress_probe_failure_info:count{{{TARGET}}})"),
        "{{phase}} {{reason}}",
    )
    .size(8, 8)
}

fn causes() -> Panel {
    Panel::new(
        Kind::Stack,
        "Nodes by cause",
        "Nodes that do not reach the target, by what stands behind it, as they see it. docs/causes.md explains each cause.",
    )
    .ask(format!("sum by (cause) (target:egress_diagnosis_info:count{{{TARGET}}})"), "{{cause}}")
    .size(8, 8)
}

fn latency() -> Panel {
    Panel::new(
        Kind::Lines,
        "Latency",
        "Duration of the last attempt: the median over the nodes, and what it rarely exceeded in the last day.",
    )
    .ask(format!("target:egress_probe_duration_seconds:median{{{TARGET}}}"), "{{probe}} median")
    .ask(format!("target:egress_probe_duration_seconds:past{{{TARGET}}}"), "{{probe}} past")
    .unit("s")
    .size(8, 8)
}

fn failing() -> Panel {
    let columns = Table::default()
        .column("node", "Node")
        .link(
            "Look at this node",
            "/d/egress-target?var-node=${__data.fields.Node}&${target:queryparam}&${probe:queryparam}\
             &${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}",
        )
        .column("instance", "Instance")
        .column("probe", "Probe")
        .column("phase", "Phase")
        .column("reason", "Reason")
        .column("cause", "Cause");
    Panel::new(
        Kind::Table(columns),
        "Nodes that do not reach it",
        "At most a hundred of them. The cause is what stands behind the failure, as the node sees it.",
    )
    .ask(
        format!(
            "topk(100, egress_probe_failure_info{{{TARGET}}} \
             * on (cluster, job, node, instance, target, probe) group_left (cause) egress_diagnosis_info{{{TARGET}}} \
             or on (cluster, job, node, instance, target, probe) egress_probe_failure_info{{{TARGET}}})"
        ),
        "",
    )
}

fn number(title: &'static str, description: &'static str, expression: String) -> Panel {
    Panel::new(Kind::Stat, title, description)
        .ask(expression, "{{probe}}")
        .size(5, 5)
}
