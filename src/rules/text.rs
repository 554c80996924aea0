//! Text for a change ticket: who, what, why, and what it rests on.

use std::fmt::Write;

use super::rule::Rule;
use super::{RuleSet, words};
use crate::target::Group;

pub(super) fn write(set: &RuleSet) -> String {
    let mut out = String::new();
    for line in words::head(set) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line}");
    }
    if set.node_subnets.is_empty() {
        out.push_str("From the node subnets: put them in, or give --source.\n");
    }
    for group in Group::ALL {
        for (place, rule) in set.complete(*group).enumerate() {
            if place == 0 {
                let _ = writeln!(out, "\n{}", group.as_str().to_uppercase());
            }
            for line in ticket(rule) {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    let tail = words::tail(set, |_| false);
    if !tail.is_empty() {
        let _ = writeln!(out, "\n{}", tail.join("\n"));
    }
    out
}

fn ticket(rule: &Rule) -> Vec<String> {
    let mut lines = vec![format!("{} rule: {}", rule.layer, rule.asked())];
    lines.push(format!("  why: {}", rule.why()));
    if let Some(tag) = &rule.fqdn_tag {
        lines.push(format!("  also under the FQDN tag {tag} of Azure Firewall"));
    }
    if !rule.service_tags.is_empty() {
        let tags = rule.service_tags.join(", ");
        lines.push(format!("  NSG: service tag {tags}"));
    }
    lines.extend(rule.notes.iter().map(|note| format!("  mind: {note}")));
    lines.extend(rule.evidence.iter().map(|seen| format!("  seen: {seen}")));
    lines.iter().map(|line| words::one_line(line)).collect()
}
