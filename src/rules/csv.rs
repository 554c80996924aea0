//! A table with a line for every rule and destination (RFC 4180).

use super::rule::{Evidence, Rule};
use super::{RuleSet, words};

/// The columns, from what a firewall needs to what a person asks.
const COLUMNS: [&str; 19] = [
    "node_subnets",
    "layer",
    "transports",
    "protocol",
    "port",
    "destination_kind",
    "destination",
    "documented_as",
    "groups",
    "requirement",
    "condition",
    "purpose",
    "sources",
    "since",
    "fqdn_tag",
    "service_tags",
    "needs",
    "notes",
    "evidence",
];

pub(super) fn write(set: &RuleSet) -> String {
    let from = words::node_subnets(set).join(" ");
    let mut out = line(&COLUMNS.map(ToOwned::to_owned));
    for rule in &set.rules {
        if rule.destinations.is_empty() {
            out.push_str(&line(&cells(rule, &from, ["", ""])));
        }
        for to in &rule.destinations {
            let shown = to.to_string();
            out.push_str(&line(&cells(rule, &from, [to.kind(), &shown])));
        }
    }
    for evidence in &set.unruled {
        out.push_str(&line(&unruled(evidence)));
    }
    out
}

fn cells(rule: &Rule, from: &str, [kind, to]: [&str; 2]) -> [String; COLUMNS.len()] {
    let evidence: Vec<_> = rule.evidence.iter().map(ToString::to_string).collect();
    [
        from.to_owned(),
        rule.layer.to_string(),
        spaced(&rule.transports),
        rule.protocol.to_string(),
        rule.port.to_string(),
        kind.to_owned(),
        to.to_owned(),
        rule.pattern.clone(),
        spaced(&rule.groups),
        rule.requirement.to_string(),
        rule.condition
            .map(|condition| condition.to_string())
            .unwrap_or_default(),
        rule.purpose.clone(),
        rule.documented(),
        rule.since.map(|day| day.to_string()).unwrap_or_default(),
        rule.fqdn_tag.clone().unwrap_or_default(),
        rule.service_tags.join(" "),
        rule.needs.join(", "),
        rule.notes.join("; "),
        evidence.join("; "),
    ]
}

/// Only what failed, and that no rule of the nodes mends it.
fn unruled(evidence: &Evidence) -> [String; COLUMNS.len()] {
    let note = "a firewall rule for the nodes is not the likely remedy";
    COLUMNS.map(|column| match column {
        "notes" => note.to_owned(),
        "evidence" => evidence.to_string(),
        _ => String::new(),
    })
}

fn spaced<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    cells.join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
