//! Whether the agents are well.

use super::TO_NODE;
use crate::board::{FLEET, NODE, Row};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

pub(super) fn row() -> Row {
    Row {
        title: "Agents",
        panels: vec![answer(), lag(), memory(), stale(), versions(), untestable()],
    }
}

fn answer() -> Panel {
    Panel::new(
        Kind::Lines,
        "Agents",
        "Agents that answer, and agents that are missed.",
    )
    .ask(
        format!("sum(fleet:egress_agents:count{{{FLEET}}})"),
        "answer",
    )
    .ask(
        format!("count(node:egress_agent_missing:group{{{FLEET}}}) or vector(0)"),
        "missed",
    )
    .size(8, 8)
}

fn lag() -> Panel {
    Panel::new(
        Kind::Lines,
        "Scheduler lag",
        "How late attempts start on the worst node, and the memory of the largest agent.",
    )
    .ask(
        format!("max(egress_scheduler_lag_seconds{{{NODE}}})"),
        "lag",
    )
    .unit("s")
    .size(8, 8)
}

fn memory() -> Panel {
    Panel::new(
        Kind::Lines,
        "Memory",
        "Resident memory of the largest agent.",
    )
    .ask(
        format!(
            "max(process_resident_memory_bytes{{{NODE}}} \
                 and on (cluster, job, node, instance) egress_build_info{{{NODE}}})"
        ),
        "largest",
    )
    .unit("bytes")
    .size(8, 8)
}

fn stale() -> Panel {
    let columns = Table::default()
        .column("node", "Node")
        .link(TO_NODE.0, TO_NODE.1)
        .column("instance", "Instance")
        .column("Value #A", "Last seen")
        .unit("dtdurations")
        .colours(GREEN, &[(300.0, YELLOW), (600.0, RED)])
        .column("Value #B", "Last attempt")
        .unit("dtdurations")
        .colours(GREEN, &[(300.0, YELLOW), (600.0, RED)]);
    Panel::new(
        Kind::Table(columns),
        "Stale agents",
        "How long ago agents were last seen, and how old the newest attempt of those is that answer. The worst twenty.",
    )
    .ask(
        format!("topk(20, time() - node:egress_agent_last_seen:timestamp_seconds{{{NODE}}})"),
        "",
    )
    .ask(
        format!("topk(20, time() - node:egress_probe_last_attempt_timestamp_seconds:max{{{NODE}}})"),
        "",
    )
    .size(12, 9)
}

fn versions() -> Panel {
    let columns = Table::default()
        .column("version", "Version")
        .column("edition", "Edition")
        .column("sha256", "Catalogue")
        .column("Value #A", "Agents by version")
        .column("Value #B", "Agents by catalogue")
        .column("Value #C", "Refused their configuration");
    Panel::new(
        Kind::Table(columns),
        "Versions",
        "Which builds and catalogues run, on how many nodes, and how many refused the configuration on disk.",
    )
    .ask(format!("count by (version) (egress_build_info{{{FLEET}}})"), "")
    .ask(format!("count by (edition, sha256) (egress_catalog_info{{{FLEET}}})"), "")
    .ask(format!("count(egress_config_last_reload_successful{{{FLEET}}} == 0)"), "")
    .size(12, 9)
}

fn untestable() -> Panel {
    let columns = Table::default()
        .column("pattern", "Pattern")
        .column("groups", "Groups")
        .column("needs", "Needs")
        .column("Value", "Nodes");
    Panel::new(
        Kind::Table(columns),
        "Untestable",
        "Rows of the catalogue that nobody tests, because something is not given.",
    )
    .ask(
        format!("count by (pattern, groups, needs) (egress_untestable_info{{{FLEET}}})"),
        "",
    )
}
