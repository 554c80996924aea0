//! How long attempts take, and took.

use crate::board::{Row, TARGET};
use crate::panel::{Kind, Panel};

pub(super) fn row() -> Row {
    Row {
        title: "Latency",
        panels: vec![phases(), slowest(), past()],
    }
}

fn phases() -> Panel {
    Panel::new(
        Kind::Stack,
        "Latency by phase",
        "Time in each phase of the last attempt: median over the nodes, mean over the chosen targets.",
    )
    .ask(
        format!("avg by (phase) (target:egress_probe_phase_duration_seconds:median{{{TARGET}}})"),
        "{{phase}}",
    )
    .unit("s")
}

fn slowest() -> Panel {
    Panel::new(
        Kind::Lines,
        "Slowest targets",
        "Duration of the last attempt, median over the nodes. Failed attempts count: a timeout is slow.",
    )
    .ask(
        format!("topk(10, target:egress_probe_duration_seconds:median{{{TARGET}}})"),
        "{{target}} {{probe}}",
    )
    .unit("s")
}

fn past() -> Panel {
    Panel::new(
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
    .size(24, 7)
}
