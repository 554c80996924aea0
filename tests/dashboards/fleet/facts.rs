//! Names, clock and certificates: what else the agents see.

use crate::board::{FLEET, NODE, Row, TARGET};
use crate::panel::{GREEN, Kind, Panel, RED, YELLOW};
use crate::table::Table;

pub(super) fn row() -> Row {
    Row {
        title: "Names, clock and certificates",
        panels: vec![offset(), silent(), dns(), ends(), untrusted()],
    }
}

fn offset() -> Panel {
    Panel::new(
        Kind::Lines,
        "Clock",
        "How far clocks of nodes are from those of time servers: the worst node, and the middle one.",
    )
    .ask(format!("max(abs(egress_ntp_offset_seconds{{{NODE}}}))"), "worst")
    .ask(format!("quantile(0.5, abs(egress_ntp_offset_seconds{{{NODE}}}))"), "median")
    .unit("s")
    .size(8, 8)
}

fn silent() -> Panel {
    Panel::new(
        Kind::Lines,
        "Nodes without a time server",
        "Nodes to which no time server answers, cut-off nodes aside.",
    )
    .ask(
        format!("sum(fleet:egress_ntp_silent:sum{{{FLEET}}})"),
        "nodes",
    )
    .size(8, 8)
}

fn dns() -> Panel {
    Panel::new(
        Kind::Lines,
        "Nodes without names",
        "The share of the nodes on which most names do not resolve.",
    )
    .ask(
        format!("max by (job) (fleet:egress_dns_down:avg{{{FLEET}}})"),
        "{{job}}",
    )
    .unit("percentunit")
    .size(8, 8)
}

fn ends() -> Panel {
    let columns = Table::default()
        .column("target", "Target")
        .column("Value", "Ends in")
        .unit("dtdurations")
        .colours(RED, &[(7.0 * 86400.0, YELLOW), (14.0 * 86400.0, GREEN)]);
    Panel::new(
        Kind::Table(columns),
        "Certificates",
        "Time until the certificate ends that a target presents; the earliest over all nodes.",
    )
    .ask(
        format!("sort(target:egress_tls_certificate_not_after_timestamp_seconds:min{{{TARGET}}} - time())"),
        "",
    )
    .size(12, 9)
}

fn untrusted() -> Panel {
    let columns = Table::default()
        .column("target", "Target")
        .column("Value", "Nodes");
    Panel::new(
        Kind::Table(columns),
        "Certificates that are refused",
        "Targets whose certificate was not verified in the last attempt, and on how many nodes.",
    )
    .ask(
        format!("count by (target) (egress_tls_certificate_trusted{{{TARGET}}} == 0)"),
        "",
    )
    .size(12, 9)
}
