//! Words that several forms share.

use super::rule::{Rule, Standing};
use super::{RuleSet, Subnet};

/// Text on one line: whatever could break a line or a terminal becomes a space.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// `cloud public, edition latest, location westeurope`.
pub(super) fn made_for(set: &RuleSet) -> String {
    let unknown = "not known";
    let cloud = set.cloud.as_deref().unwrap_or(unknown);
    let location = set.location.as_deref().unwrap_or(unknown);
    one_line(&format!(
        "cloud {cloud}, edition {}, location {location}",
        set.edition
    ))
}

/// The node subnets, each as text.
pub(super) fn node_subnets(set: &RuleSet) -> Vec<String> {
    set.node_subnets.iter().map(Subnet::to_string).collect()
}

/// `https:443 to *.ods.opinsights.azure.com`: the documented form.
pub(super) fn what(rule: &Rule) -> String {
    one_line(&format!(
        "{}:{} to {}",
        rule.protocol, rule.port, rule.pattern
    ))
}

/// What keeps a rule from being written, or makes it needless.
pub(super) fn left_out(rule: &Rule) -> String {
    match rule.standing() {
        Standing::Incomplete => {
            one_line(&format!("{}: needs {}", what(rule), rule.needs.join(", ")))
        }
        Standing::Needless | Standing::Complete => {
            one_line(&format!("{}: {}", what(rule), rule.notes.join("; ")))
        }
    }
}

/// Lines for the head of a file, in the order in which a reader needs them.
pub(super) fn head(set: &RuleSet) -> Vec<String> {
    let mut lines = vec![format!(
        "What AKS nodes must reach, by egress-probe: {}.",
        made_for(set)
    )];
    if !set.node_subnets.is_empty() {
        lines.push(format!(
            "From the node subnets {}.",
            node_subnets(set).join(", ")
        ));
    }
    if set
        .rules
        .iter()
        .all(|rule| rule.standing() != Standing::Complete)
    {
        lines.push("There is no rule to write.".to_owned());
    }
    lines
}

/// Lines for the end of a file: nothing is dropped silently. `tagged` rules stand under a tag.
pub(super) fn tail(set: &RuleSet, tagged: impl Fn(&Rule) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    let rules = set.rules.iter();
    let left = rules.filter(|rule| rule.standing() != Standing::Complete && !tagged(rule));
    let left: Vec<_> = left.collect();
    if !left.is_empty() {
        lines.push("Left out:".to_owned());
        lines.extend(left.iter().map(|rule| format!("- {}", left_out(rule))));
    }
    if !set.unruled.is_empty() {
        lines.push("Fails, and a firewall rule for the nodes is not the likely remedy:".to_owned());
        let failing = set.unruled.iter().map(ToString::to_string);
        lines.extend(failing.map(|line| format!("- {}", one_line(&line))));
    }
    lines
}
