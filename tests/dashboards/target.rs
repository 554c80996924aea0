//! The drill-down: one target over all nodes, and on one node.

use crate::board::{BOTH, Board, Choice, FLEET, Row, Variable, fleet_variables};
use crate::board::{group_variable, node_variable, target_variable};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

/// The chosen target over all nodes.
const TARGET: &str = "cluster=~\"$cluster\",job=~\"$job\",target=~\"$target\",probe=~\"$probe\"";
/// The families of facts have no probe.
const FACTS: &str = "cluster=~\"$cluster\",job=~\"$job\",node=~\"$node\",target=~\"$target\"";

pub(crate) fn board() -> Board {
    let mut variables = fleet_variables();
    variables.push(group_variable());
    variables.push(target_variable(Choice::One));
    let probe = Variable {
        name: "probe",
        label: "Probe",
        query: format!("label_values(egress_target_info{{{FLEET},target=~\"$target\"}}, probe)"),
        regex: "",
        choice: Choice::Several(Some(".+")),
    };
    variables.push(probe.json());
    variables.push(node_variable(Choice::Several(Some(".*"))));
    Board {
        uid: "egress-target",
        title: "egress-probe / Target and node",
        description: "One target over all nodes, and on one of them.",
        variables,
        rows: vec![over_all_nodes(), on_the_node(), facts()],
    }
}

fn over_all_nodes() -> Row {
    let stat = |title, description, expression: String| {
        Panel::new(Kind::Stat, title, description)
            .ask(expression, "{{probe}}")
            .size(5, 5)
    };
    let reached = stat(
        "Reached by",
        "The share of the nodes that reach the target.",
        format!("target:egress_probe_success:avg{{{TARGET}}}"),
    )
    .unit("percentunit")
    .colours(RED, &[(0.5, YELLOW), (1.0, GREEN)]);
    let down = stat(
        "Nodes down",
        "Nodes that do not reach it, without those that are cut off altogether.",
        format!("target:egress_nodes_down:count{{{TARGET}}}"),
    )
    .colours(GREEN, &[(1.0, RED)]);
    let columns = Table::default()
        .column("probe", "Probe")
        .column("host", "Host")
        .column("port", "Port")
        .column("groups", "Groups")
        .column("requirement", "Requirement")
        .column("Value", "Nodes");
    let what = Panel::new(
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
    .size(14, 5);
    let reasons = Panel::new(
        Kind::Stack,
        "Nodes by reason",
        "Nodes that do not reach the target, by the phase and reason that is believed.",
    )
    .ask(
        format!("sum by (phase, reason) (target:egress_probe_failure_info:count{{{TARGET}}})"),
        "{{phase}} {{reason}}",
    );
    let latency = Panel::new(
        Kind::Lines,
        "Latency",
        "Duration of the last attempt: the median over the nodes, and what it rarely exceeded in the last day.",
    )
    .ask(format!("target:egress_probe_duration_seconds:median{{{TARGET}}}"), "{{probe}} median")
    .ask(format!("target:egress_probe_duration_seconds:past{{{TARGET}}}"), "{{probe}} past")
    .unit("s");
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
        .column("reason", "Reason");
    let failing = Panel::new(
        Kind::Table(columns),
        "Nodes that do not reach it",
        "At most a hundred of them.",
    )
    .ask(
        format!("topk(100, egress_probe_failure_info{{{TARGET}}})"),
        "",
    );
    Row {
        title: "Over all nodes",
        panels: vec![reached, down, what, reasons, latency, failing],
    }
}

fn on_the_node() -> Row {
    let state = Panel::new(
        Kind::States,
        "State",
        "The confirmed state on each chosen node. A gap: pending, or nothing can be decided. Choose a node in large fleets.",
    )
    .ask(format!("egress_probe_success{{{BOTH}}}"), "{{node}} {{instance}} {{probe}}")
    .map("1", "reachable", GREEN)
    .map("0", "unreachable", RED)
    .colours(RED, &[(1.0, GREEN)])
    .size(24, 7);
    let phases = Panel::new(
        Kind::Stack,
        "Time in each phase",
        "Of the last attempt, mean over the chosen nodes.",
    )
    .ask(
        format!("avg by (probe, phase) (egress_probe_phase_duration_seconds{{{BOTH}}})"),
        "{{probe}} {{phase}}",
    )
    .unit("s");
    let attempts = Panel::new(
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
    .unit("percentunit");
    let reasons = Panel::new(
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
    );
    let age = Panel::new(
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
    .unit("s");
    Row {
        title: "On the chosen nodes",
        panels: vec![state, phases, attempts, reasons, age],
    }
}

fn facts() -> Row {
    let lines = |title, description| Panel::new(Kind::Lines, title, description).size(8, 8);
    let addresses = lines(
        "Addresses",
        "Addresses that the name has, and those of which the last result is a failure; the most on any chosen node.",
    )
    .ask(format!("max by (family) (egress_resolved_addresses{{{FACTS}}})"), "{{family}}")
    .ask(format!("max by (family) (egress_failing_addresses{{{FACTS}}})"), "{{family}} failing");
    let status = lines(
        "HTTP status",
        "The status of the last response, and on how many chosen nodes.",
    )
    .ask(
        format!("count_values(\"status\", egress_http_response_status{{{FACTS}}})"),
        "{{status}}",
    );
    let warnings = lines("Warnings and undecided", "On how many of the chosen nodes.")
        .ask(
            format!("count by (warning) (egress_probe_warning{{{BOTH}}})"),
            "{{warning}}",
        )
        .ask(
            format!("count by (reason) (egress_probe_unproven{{{BOTH}}})"),
            "unproven {{reason}}",
        );
    let trusted = lines(
        "Certificate",
        "Time until it ends: the earliest on any chosen node.",
    )
    .ask(
        format!("min(egress_tls_certificate_not_after_timestamp_seconds{{{FACTS}}}) - time()"),
        "ends in",
    )
    .unit("dtdurations");
    let refused = lines(
        "Certificate refused",
        "Chosen nodes on which it was not verified.",
    )
    .ask(
        format!("sum(egress_tls_certificate_trusted{{{FACTS}}} == bool 0)"),
        "nodes",
    );
    let offset = lines(
        "Clock",
        "How far the node's clock is from the server's; the worst chosen node.",
    )
    .ask(
        format!("max(abs(egress_ntp_offset_seconds{{{FACTS}}}))"),
        "offset",
    )
    .ask(format!("max(egress_ntp_delay_seconds{{{FACTS}}})"), "delay")
    .ask(
        format!("max(egress_ntp_root_dispersion_seconds{{{FACTS}}})"),
        "root dispersion",
    )
    .unit("s");
    let stratum = lines(
        "Stratum",
        "What the time server says of itself: 1 is a primary server, 0 and 16 have no time.",
    )
    .ask(format!("max(egress_ntp_stratum{{{FACTS}}})"), "stratum");
    Row {
        title: "Facts",
        panels: vec![
            addresses, status, warnings, trusted, refused, offset, stratum,
        ],
    }
}
