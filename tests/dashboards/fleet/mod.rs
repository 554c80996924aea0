//! The overview: every target over all nodes, what changed, why it fails, and whether the agents are well.
//! Nearly all of it asks for recorded series, so that it opens as fast at 5,000 nodes as at five.

mod agents;
mod facts;
mod failures;
mod latency;
mod now;
mod targets;

use crate::board::{
    Board, Choice, fleet_variables, group_variable, node_variable, target_variable,
};

const TO_TARGET: (&str, &str) = (
    "Look at this target",
    "/d/egress-target?var-target=${__data.fields.Target}&var-probe=${__data.fields.Probe}\
     &${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}",
);
const TO_NODE: (&str, &str) = (
    "Look at this node",
    "/d/egress-target?var-node=${__data.fields.Node}\
     &${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}",
);

pub(crate) fn board() -> Board {
    let mut variables = fleet_variables();
    variables.push(group_variable());
    variables.push(target_variable(Choice::Several(None)));
    variables.push(node_variable(Choice::Several(Some(".*"))));
    Board {
        uid: "egress-fleet",
        title: "egress-probe / Fleet",
        description: "What the nodes of a fleet reach, and what not.",
        variables,
        rows: vec![
            now::row(),
            targets::row(),
            failures::row(),
            latency::row(),
            facts::row(),
            agents::row(),
        ],
    }
}
