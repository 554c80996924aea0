//! Text for a change ticket: who, what, why, and what it rests on.

use std::fmt::Write;

use super::rule::{Rule, Standing};
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
        let rules = set
            .rules
            .iter()
            .filter(|rule| rule.group() == *group && rule.standing() == Standing::Complete);
        for (place, rule) in rules.enumerate() {
            if place == 0 {
                let _ = writeln!(out, "\n{}", group.as_str().to_uppercase());
            }
            for line in ticket(rule) {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    let tail = words::tail(set);
    if !tail.is_empty() {
        let _ = writeln!(out, "\n{}", tail.join("\n"));
    }
    out
}

fn ticket(rule: &Rule) -> Vec<String> {
    let mut lines = vec![format!("{} rule: {}", rule.layer, asked(rule))];
    lines.push(format!("  why: {}", words::why(rule)));
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

/// `https:443 to a, b` or `UDP 123 to ntp.ubuntu.com`.
fn asked(rule: &Rule) -> String {
    let to: Vec<_> = rule.destinations.iter().map(ToString::to_string).collect();
    let to = to.join(", ");
    match rule.layer {
        super::Layer::Application => format!("{}:{} to {to}", rule.protocol, rule.port),
        super::Layer::Network => {
            let transports: Vec<_> = rule.transports.iter().map(|t| t.azure()).collect();
            format!("{} {} to {to}", transports.join(" and "), rule.port)
        }
    }
}
