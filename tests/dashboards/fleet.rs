//! The overview: every target over all nodes, what changed, why it fails, and whether the agents are well.
//! Nearly all of it asks for recorded series, so that it opens as fast at 5,000 nodes as at five.

use crate::board::{Board, Choice, FLEET, NODE, Row, TARGET, fleet_variables};
use crate::board::{group_variable, node_variable, target_variable};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

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
            now(),
            targets(),
            failures(),
            latency(),
            clock_and_certificates(),
            agents(),
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

fn now() -> Row {
    let required = format!(
        "and on (cluster, job, target, probe) target:egress_target_required:group{{{FLEET}}}"
    );
    let panels = vec![
        Panel::new(Kind::Stat, "Agents that answer", "Agents whose metrics were scraped.")
            .ask(format!("sum(fleet:egress_agents:count{{{FLEET}}})"), ""),
        bad(
            "Agents that are missed",
            "Agents that answered within the last day, do not now, and should.",
            &format!("count(node:egress_agent_missing:group{{{FLEET}}})"),
        ),
        bad(
            "Down on most nodes",
            "Required targets that more than half of the nodes do not reach: the path, not the nodes.",
            &format!("count(target:egress_probe_success:avg{{{TARGET}}} < 0.5 {required})"),
        ),
        bad(
            "Down on some nodes",
            "Required targets that a node or some of them do not reach, cut-off nodes aside.",
            &format!(
                "count(target:egress_nodes_down:count{{{TARGET}}} > 0 {required} \
                 and target:egress_probe_success:avg{{{TARGET}}} >= 0.5)"
            ),
        )
        .colours(GREEN, &[(1.0, YELLOW)]),
        bad(
            "Nodes cut off",
            "Nodes that do not reach most of what most other nodes reach.",
            &format!("count(node:egress_probe_success:avg{{{NODE}}} < 0.5)"),
        ),
        bad(
            "Undecided",
            "Targets about which some node can say neither that they are reachable nor that they are not.",
            &format!("count(count by (target, probe) (egress_probe_unproven{{{TARGET}}}))"),
        )
        .colours(GREEN, &[(1.0, YELLOW)]),
    ];
    Row {
        title: "Now",
        panels,
    }
}

fn targets() -> Row {
    let state = Panel::new(
        Kind::States,
        "Every target over time",
        "The share of the nodes that reach a target. Green: all of them. Yellow: not all. Red: less than half.",
    )
    .ask(format!("target:egress_probe_success:avg{{{TARGET}}}"), "{{target}} {{probe}}")
    .unit("percentunit")
    .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)]);
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
    let table = Panel::new(
        Kind::Table(columns),
        "Every target now",
        "Nodes: those that can say whether they reach it. Phase and reason: those of most failures in the last five minutes.",
    )
    .ask(format!("target:egress_probe_success:avg{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_success:count{{{TARGET}}}"), "")
    .ask(format!("target:egress_nodes_down:count{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_duration_seconds:median{{{TARGET}}}"), "")
    .ask(format!("target:egress_probe_failure_info:top{{{TARGET}}}"), "");
    let changed = Panel::new(
        Kind::Stack,
        "What changed when",
        "Changes of state in five minutes, over all nodes, for each target that had one.",
    )
    .ask(
        format!("round(target:egress_probe_state_changes:increase5m{{{TARGET}}}) > 0"),
        "{{target}} {{probe}}",
    );
    let down = Panel::new(
        Kind::Stack,
        "Nodes that do not reach a target",
        "For each target that some node does not reach, cut-off nodes aside.",
    )
    .ask(
        format!("target:egress_nodes_down:count{{{TARGET}}} > 0"),
        "{{target}} {{probe}}",
    );
    Row {
        title: "Targets",
        panels: vec![state, table, changed, down],
    }
}

fn failures() -> Row {
    let reasons = Panel::new(
        Kind::Stack,
        "Failing by reason",
        "Pairs of node and target that are unreachable, by the phase and reason that is believed.",
    )
    .ask(
        format!("sum by (phase, reason) (target:egress_probe_failure_info:count{{{TARGET}}})"),
        "{{phase}} {{reason}}",
    );
    let undecided = Panel::new(
        Kind::Stack,
        "Undecided and warnings",
        "Pairs of node and target about which nothing can be said, by reason, and warnings about those that are reachable.",
    )
    .ask(format!("count by (reason) (egress_probe_unproven{{{TARGET}}})"), "unproven {{reason}}")
    .ask(format!("count by (warning) (egress_probe_warning{{{TARGET}}})"), "warning {{warning}}");
    let columns = Table::default()
        .column("target", "Target")
        .link(TO_TARGET.0, TO_TARGET.1)
        .column("probe", "Probe")
        .column("phase", "Phase")
        .column("reason", "Reason")
        .column("Value", "Nodes");
    let table = Panel::new(
        Kind::Table(columns),
        "Failing now",
        "What fails, why, and on how many nodes. docs/reasons.md says what each reason means and what to ask for.",
    )
    .ask(format!("sort_desc(target:egress_probe_failure_info:count{{{TARGET}}})"), "")
    .size(12, 9);
    let columns = Table::default()
        .column("node", "Node")
        .link(TO_NODE.0, TO_NODE.1)
        .column("instance", "Instance")
        .column("Value", "Reaches")
        .unit("percentunit")
        .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)]);
    let nodes = Panel::new(
        Kind::Table(columns),
        "Nodes that reach least",
        "The share of required targets that a node reaches, among those that most nodes reach.",
    )
    .ask(
        format!("bottomk(20, node:egress_probe_success:avg{{{NODE}}})"),
        "",
    )
    .size(12, 9);
    Row {
        title: "Failures",
        panels: vec![reasons, undecided, table, nodes],
    }
}

fn latency() -> Row {
    let phases = Panel::new(
        Kind::Stack,
        "Latency by phase",
        "Time in each phase of the last attempt: median over the nodes, mean over the chosen targets.",
    )
    .ask(
        format!("avg by (phase) (target:egress_probe_phase_duration_seconds:median{{{TARGET}}})"),
        "{{phase}}",
    )
    .unit("s");
    let slowest = Panel::new(
        Kind::Lines,
        "Slowest targets",
        "Duration of the last attempt, median over the nodes. Failed attempts count: a timeout is slow.",
    )
    .ask(
        format!("topk(10, target:egress_probe_duration_seconds:median{{{TARGET}}})"),
        "{{target}} {{probe}}",
    )
    .unit("s");
    let past = Panel::new(
        Kind::Lines,
        "Against its own past",
        "Duration now over what it rarely exceeded in the last day. From 3 on it is an alert, if it is 0.2 s as well.",
    )
    .ask(
        format!(
            "topk(10, target:egress_probe_duration_seconds:median{{{TARGET}}} \
             / target:egress_probe_duration_seconds:past{{{TARGET}}})"
        ),
        "{{target}} {{probe}}",
    )
    .size(24, 7);
    Row {
        title: "Latency",
        panels: vec![phases, slowest, past],
    }
}

fn clock_and_certificates() -> Row {
    let offset = Panel::new(
        Kind::Lines,
        "Clock",
        "How far clocks of nodes are from those of time servers: the worst node, and the middle one.",
    )
    .ask(format!("max(abs(egress_ntp_offset_seconds{{{NODE}}}))"), "worst")
    .ask(format!("quantile(0.5, abs(egress_ntp_offset_seconds{{{NODE}}}))"), "median")
    .unit("s")
    .size(8, 8);
    let silent = Panel::new(
        Kind::Lines,
        "Nodes without a time server",
        "Nodes to which no time server answers, cut-off nodes aside.",
    )
    .ask(
        format!("sum(fleet:egress_ntp_silent:sum{{{FLEET}}})"),
        "nodes",
    )
    .size(8, 8);
    let dns = Panel::new(
        Kind::Lines,
        "Nodes without names",
        "The share of the nodes on which most names do not resolve.",
    )
    .ask(
        format!("max by (job) (fleet:egress_dns_down:avg{{{FLEET}}})"),
        "{{job}}",
    )
    .unit("percentunit")
    .size(8, 8);
    let columns = Table::default()
        .column("target", "Target")
        .column("Value", "Ends in")
        .unit("dtdurations")
        .colours(RED, &[(7.0 * 86400.0, YELLOW), (14.0 * 86400.0, GREEN)]);
    let ends = Panel::new(
        Kind::Table(columns),
        "Certificates",
        "Time until the certificate ends that a target presents; the earliest over all nodes.",
    )
    .ask(
        format!("sort(target:egress_tls_certificate_not_after_timestamp_seconds:min{{{TARGET}}} - time())"),
        "",
    )
    .size(12, 9);
    let columns = Table::default()
        .column("target", "Target")
        .column("Value", "Nodes");
    let untrusted = Panel::new(
        Kind::Table(columns),
        "Certificates that are refused",
        "Targets whose certificate was not verified in the last attempt, and on how many nodes.",
    )
    .ask(
        format!("count by (target) (egress_tls_certificate_trusted{{{TARGET}}} == 0)"),
        "",
    )
    .size(12, 9);
    Row {
        title: "Names, clock and certificates",
        panels: vec![offset, silent, dns, ends, untrusted],
    }
}

fn agents() -> Row {
    let answer = Panel::new(
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
    .size(8, 8);
    let lag = Panel::new(
        Kind::Lines,
        "Scheduler lag",
        "How late attempts start on the worst node, and the memory of the largest agent.",
    )
    .ask(
        format!("max(egress_scheduler_lag_seconds{{{NODE}}})"),
        "lag",
    )
    .unit("s")
    .size(8, 8);
    let memory = Panel::new(
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
    .size(8, 8);
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
    let stale = Panel::new(
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
    .size(12, 9);
    let columns = Table::default()
        .column("version", "Version")
        .column("edition", "Edition")
        .column("sha256", "Catalogue")
        .column("Value #A", "Agents by version")
        .column("Value #B", "Agents by catalogue")
        .column("Value #C", "Refused their configuration");
    let versions = Panel::new(
        Kind::Table(columns),
        "Versions",
        "Which builds and catalogues run, on how many nodes, and how many refused the configuration on disk.",
    )
    .ask(format!("count by (version) (egress_build_info{{{FLEET}}})"), "")
    .ask(format!("count by (edition, sha256) (egress_catalog_info{{{FLEET}}})"), "")
    .ask(format!("count(egress_config_last_reload_successful{{{FLEET}}} == 0)"), "")
    .size(12, 9);
    let columns = Table::default()
        .column("pattern", "Pattern")
        .column("groups", "Groups")
        .column("needs", "Needs")
        .column("Value", "Nodes");
    let untestable = Panel::new(
        Kind::Table(columns),
        "Untestable",
        "Rows of the catalogue that nobody tests, because something is not given.",
    )
    .ask(
        format!("count by (pattern, groups, needs) (egress_untestable_info{{{FLEET}}})"),
        "",
    );
    Row {
        title: "Agents",
        panels: vec![answer, lag, memory, stale, versions, untestable],
    }
}
