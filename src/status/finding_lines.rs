//! What experiments found out, as labelled lines.

use super::fact_lines::FactLine;
use super::human;
use crate::outcome::{Answer, Findings, NameControl, Path, SizeControl};

/// What was tried and what came of it.
pub(super) fn finding_lines(findings: &Findings) -> Vec<FactLine> {
    let mut lines = Vec::new();
    if let Some(names) = &findings.names {
        name_lines(names, &mut lines);
    }
    if let Some(control) = findings.control {
        let accepted = if control.accepted {
            "accepted, although no server can be there"
        } else {
            "not accepted, as it should be"
        };
        lines.push(("control dial", format!("{}: {accepted}", control.address)));
    }
    let paths = [
        ("path", &findings.path),
        ("path of another", &findings.control_path),
        ("path of the name", &findings.hello_path),
    ];
    for (label, path) in paths {
        if let Some(path) = path {
            lines.push((label, path_line(path)));
        }
    }
    if let Some(size) = findings.size {
        lines.push(("size", size_line(size)));
    }
    lines
}

fn name_lines(names: &NameControl, lines: &mut Vec<FactLine>) {
    if let Some(other) = &names.other_name {
        let line = format!("{} to this address: {}", other.name, said(other.answer));
        lines.push(("another name", line));
    }
    if let Some(answer) = names.no_name {
        lines.push(("no name", format!("to this address: {}", said(answer))));
    }
    if let Some(other) = names.other_address {
        let line = format!("this name to {}: {}", other.address, said(other.answer));
        lines.push(("another address", line));
    }
}

/// `hop 1 10.0.0.1, hop 2 10.0.1.1; reset at hop 3, sent by 10.0.1.1`.
fn path_line(path: &Path) -> String {
    let hops = path.hops.iter();
    let hops: Vec<_> = hops
        .map(|hop| format!("hop {} {}", hop.ttl, hop.address))
        .collect();
    let hops = if hops.is_empty() {
        "no router answered".to_owned()
    } else {
        human::list(&hops)
    };
    let sender = path.rejected_by.map(|by| format!(", sent by {by}"));
    let (answer, ttl) = (said(path.answer), path.answered_at);
    format!(
        "{hops}; {answer} at hop {ttl}{}",
        sender.unwrap_or_default()
    )
}

fn size_line(size: SizeControl) -> String {
    let mtu = size.path_mtu.map(|mtu| format!("path MTU {mtu}; "));
    let (small, large) = (said(size.small), said(size.large));
    format!(
        "{}small segments: {small}; large: {large}",
        mtu.unwrap_or_default()
    )
}

fn said(answer: Answer) -> String {
    answer.as_str().replace('_', " ")
}
