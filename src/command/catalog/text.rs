//! The lists of `catalog` for people.

use crate::catalog::Cloud;
use crate::catalog::diff::{Changed, Diff, Listed};
use crate::plan::{ListedTarget, ListedUntestable, Listing};
use crate::table::Table;

/// What can be probed, and below it what cannot.
pub(super) fn listing(listing: &Listing, cloud: Cloud) -> String {
    let (can, cannot) = (listing.targets.len(), listing.untestable.len());
    let tested = tested(&listing.targets);
    let tested = format!("{can} rows of cloud {cloud} can be tested\n\n{tested}");
    if cannot == 0 {
        return tested;
    }
    let untested = untested(&listing.untestable);
    format!("{tested}\n{cannot} rows cannot be tested until something is given\n\n{untested}")
}

/// `1 file`, `2 files`.
pub(super) fn files(count: usize) -> String {
    format!("{count} file{}", if count == 1 { "" } else { "s" })
}

/// What an edition adds, removes and changes.
pub(super) fn diff(cloud: Cloud, from: &str, to: &str, diff: &Diff) -> String {
    let sections = [
        format!("Cloud {cloud}, from edition {from} to {to}\n"),
        rules("must be added", '+', &diff.added),
        rules("may be removed", '-', &diff.removed),
        changes(&diff.changed),
    ];
    sections.concat()
}

fn tested(rows: &[ListedTarget]) -> Table<5> {
    let mut table = Table::new(["TARGET", "PROBE", "REQUIREMENT", "GROUPS", "DOCUMENTED AS"]);
    for row in rows {
        table.add([
            row.target.clone(),
            row.probe.to_string(),
            row.requirement.to_string(),
            row.groups_text(),
            row.pattern.clone(),
        ]);
    }
    table
}

fn untested(rows: &[ListedUntestable]) -> Table<6> {
    let mut table = Table::new([
        "DOCUMENTED AS",
        "PROBE",
        "PORT",
        "REQUIREMENT",
        "GROUPS",
        "NEEDS",
    ]);
    for row in rows {
        table.add([
            row.pattern.clone(),
            row.probe.to_string(),
            row.port.to_string(),
            row.requirement.to_string(),
            row.groups_text(),
            row.needs.join(", "),
        ]);
    }
    table
}

fn rules(title: &str, sign: char, rules: &[Listed]) -> String {
    if rules.is_empty() {
        return format!("\nnothing {title}\n");
    }
    let mut table = Table::new(["", "HOST", "PROTOCOL", "PORT", "TERMS", "PURPOSE"]);
    for Listed { rule, terms } in rules {
        table.add([
            sign.to_string(),
            rule.pattern.clone(),
            rule.protocol.to_string(),
            rule.port.to_string(),
            terms.to_string(),
            terms.purpose.clone(),
        ]);
    }
    format!("\n{} {title}\n\n{table}", rules.len())
}

fn changes(changed: &[Changed]) -> String {
    if changed.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["", "HOST", "PROTOCOL", "PORT", "BEFORE", "AFTER"]);
    for change in changed {
        table.add([
            "~".to_owned(),
            change.rule.pattern.clone(),
            change.rule.protocol.to_string(),
            change.rule.port.to_string(),
            change.before.to_string(),
            change.after.to_string(),
        ]);
    }
    format!("\n{} are listed on other terms\n\n{table}", changed.len())
}
