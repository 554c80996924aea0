//! The drill-down: one target over all nodes, and on one node.

mod everywhere;
mod facts;
mod here;

use crate::board::{Board, Choice, FLEET, Variable, fleet_variables};
use crate::board::{group_variable, node_variable, target_variable};

/// The chosen target over all nodes.
const TARGET: &str = "cluster=~\"$cluster\",job=~\"$job\",target=~\"$target\",probe=~\"$probe\"";
/// The families of facts have no probe.
const FACTS: &str = "cluster=~\"$cluster\",job=~\"$job\",node=~\"$node\",target=~\"$target\"";

pub(crate) fn board() -> Board {
    let probe = Variable {
        name: "probe",
        label: "Probe",
        query: format!("label_values(egress_target_info{{{FLEET},target=~\"$target\"}}, probe)"),
        regex: "",
        choice: Choice::Several(Some(".+")),
    };
    let mut variables = fleet_variables();
    variables.push(group_variable());
    variables.push(target_variable(Choice::One));
    variables.push(probe.json());
    variables.push(node_variable(Choice::Several(Some(".*"))));
    Board {
        uid: "egress-target",
        title: "egress-probe / Target and node",
        description: "One target over all nodes, and on one of them.",
        variables,
        rows: vec![everywhere::row(), here::row(), facts::row()],
    }
}
