//! Green, or how much is not.

use crate::board::{FLEET, NODE, Row, TARGET};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};

pub(super) fn row() -> Row {
    Row {
        title: "Now",
        panels: vec![
            answering(),
            missed(),
            down_on_most(),
            down_on_some(),
            cut_off(),
            undecided(),
        ],
    }
}

/// A number of which any is too many.
fn bad(title: &'static str, description: &'static str, expression: &str) -> Panel {
    let or_none = format!("({expression}) or vector(0)");
    Panel::new(Kind::Stat, title, description)
        .ask(or_none, "")
        .colours(GREEN, &[(1.0, RED)])
}

/// The required ones among targets.
fn required() -> String {
    format!("and on (cluster, job, target, probe) target:egress_target_required:group{{{FLEET}}}")
}

fn answering() -> Panel {
    Panel::new(
        Kind::Stat,
        "Agents that answer",
        "Agents whose metrics were scraped.",
    )
    .ask(format!("sum(fleet:egress_agents:count{{{FLEET}}})"), "")
}

fn missed() -> Panel {
    bad(
        "Agents that are missed",
        "Agents that answered within the last day, do not now, and should.",
        &format!("count(node:egress_agent_missing:group{{{FLEET}}})"),
    )
}

fn down_on_most() -> Panel {
    let required = required();
    bad(
        "Down on most nodes",
        "Required targets that more than half of the nodes do not reach: the path, not the nodes.",
        &format!("count(target:egress_probe_success:avg{{{TARGET}}} < 0.5 {required})"),
    )
}

fn down_on_some() -> Panel {
    let required = required();
    bad(
        "Down on some nodes",
        "Required targets that a node or some of them do not reach, cut-off nodes aside.",
        &format!(
            "count(target:egress_nodes_down:count{{{TARGET}}} > 0 {required} \
             and target:egress_probe_success:avg{{{TARGET}}} >= 0.5)"
        ),
    )
    .colours(GREEN, &[(1.0, YELLOW)])
}

fn cut_off() -> Panel {
    bad(
        "Nodes cut off",
        "Nodes that do not reach most of what most other nodes reach.",
        &format!("count(node:egress_probe_success:avg{{{NODE}}} < 0.5)"),
    )
}

fn undecided() -> Panel {
    bad(
        "Undecided",
        "Targets about which some node can say neither that they are reachable nor that they are not.",
        &format!("count(count by (target, probe) (egress_probe_unproven{{{TARGET}}}))"),
    )
    .colours(GREEN, &[(1.0, YELLOW)])
}
