//! What the last attempts on the chosen nodes saw.

use super::FACTS;
use crate::board::{BOTH, Row};
use crate::panel::{Kind, Panel};

pub(super) fn row() -> Row {
    Row {
        title: "Facts",
        panels: vec![
            addresses(),
            status(),
            warnings(),
            trusted(),
            refused(),
            offset(),
            stratum(),
        ],
    }
}

fn addresses() -> Panel {
    lines(
        "Addresses",
        "Addresses that the name has, and those of which the last result is a failure; the most on any chosen node.",
    )
    .ask(format!("max by (family) (egress_resolved_addresses{{{FACTS}}})"), "{{family}}")
    .ask(format!("max by (family) (egress_failing_addresses{{{FACTS}}})"), "{{family}} failing")
}

fn status() -> Panel {
    lines(
        "HTTP status",
        "The status of the last response, and on how many chosen nodes.",
    )
    .ask(
        format!("count_values(\"status\", egress_http_response_status{{{FACTS}}})"),
        "{{status}}",
    )
}

fn warnings() -> Panel {
    lines("Warnings and undecided", "On how many of the chosen nodes.")
        .ask(
            format!("count by (warning) (egress_probe_warning{{{BOTH}}})"),
            "{{warning}}",
        )
        .ask(
            format!("count by (reason) (egress_probe_unproven{{{BOTH}}})"),
            "unproven {{reason}}",
        )
}

fn trusted() -> Panel {
    lines(
        "Certificate",
        "Time until it ends: the earliest on any chosen node.",
    )
    .ask(
        format!("min(egress_tls_certificate_not_after_timestamp_seconds{{{FACTS}}}) - time()"),
        "ends in",
    )
    .unit("dtdurations")
}

fn refused() -> Panel {
    lines(
        "Certificate refused",
        "Chosen nodes on which it was not verified.",
    )
    .ask(
        format!("sum(egress_tls_certificate_trusted{{{FACTS}}} == bool 0)"),
        "nodes",
    )
}

fn offset() -> Panel {
    lines(
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
    .unit("s")
}

fn stratum() -> Panel {
    lines(
        "Stratum",
        "What the time server says of itself: 1 is a primary server, 0 and 16 have no time.",
    )
    .ask(format!("max(egress_ntp_stratum{{{FACTS}}})"), "stratum")
}

fn lines(title: &'static str, description: &'static str) -> Panel {
    Panel::new(Kind::Lines, title, description).size(8, 8)
}
