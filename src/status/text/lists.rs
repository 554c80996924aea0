//! The lists of the overview page below what is broken.

use jiff::Timestamp;

use super::Detail;
use super::overview::heading;
use super::page::{Ink, Page, shorten};
use crate::status::warning_lines::warning_lines;
use crate::status::{StatusReport, TargetReport, Untestable, human};
use crate::target::Group;

/// Columns of a probe's name: `dns-udp`.
pub(super) const PROBE: usize = 7;

pub(super) fn pending(page: &mut Page, targets: &[&TargetReport]) {
    if targets.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "PENDING", targets.len());
    for target in targets {
        let notes = warning_lines(target);
        if notes.is_empty() {
            noted(page, target, &["not tried yet".to_owned()]);
        } else {
            noted(page, target, &notes);
        }
    }
}

pub(super) fn warnings(page: &mut Page, targets: &[&TargetReport]) {
    if targets.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "REACHABLE, WITH WARNINGS", targets.len());
    for target in targets {
        noted(page, target, &warning_lines(target));
    }
}

fn noted(page: &mut Page, target: &TargetReport, notes: &[String]) {
    let name = shorten(&target.target, page.width.saturating_sub(4 + PROBE));
    let probe = target.probe.as_str();
    page.line(
        2,
        &[(Ink::Bold, &name), (Ink::Plain, "  "), (Ink::Plain, probe)],
    );
    for note in notes {
        page.paragraph(6, Ink::Plain, note);
    }
}

/// Where the last attempt spent its time, for those who want to know.
pub(super) fn phases(page: &mut Page, target: &TargetReport, detail: Detail) {
    if detail != Detail::Phases || target.phases.is_empty() {
        return;
    }
    let phases = target.phases.iter();
    let phases = phases.map(|spent| format!("{} {}", spent.phase, human::duration(spent.seconds)));
    let phases = phases.collect::<Vec<_>>().join(", ");
    page.paragraph(6, Ink::Dim, &format!("phases: {phases}"));
}

pub(super) fn reachable(
    page: &mut Page,
    groups: &[(Group, Vec<&TargetReport>)],
    now: Timestamp,
    detail: Detail,
) {
    const DURATION: usize = 8;
    let count = groups.iter().map(|(_, targets)| targets.len()).sum();
    if count == 0 {
        return;
    }
    heading(page, Ink::Green, "REACHABLE", count);
    // Where columns are scarce, names need them more than dates do.
    let dated = page.width >= 90;
    let since_width = if dated { 28 } else { 11 };
    let room = page
        .width
        .saturating_sub(4 + PROBE + DURATION + since_width + 6);
    for (group, targets) in groups {
        page.line(2, &[(Ink::Dim, group.as_str())]);
        for target in targets {
            let name = shorten(&target.target, room);
            let took = target
                .duration_seconds
                .map(human::duration)
                .unwrap_or_default();
            let ago = human::ago(target.since, now);
            let since = if dated {
                format!("{} ({ago})", human::minute(target.since))
            } else {
                ago
            };
            let row = format!(
                "{name:<room$}  {:<PROBE$}  {took:>DURATION$}  {since}",
                target.probe
            );
            let mark = if target.is_quiet() { "  " } else { "! " };
            page.line(2, &[(Ink::Yellow, mark), (Ink::Plain, &row)]);
            phases(page, target, detail);
        }
    }
}

pub(super) fn untestable(page: &mut Page, rows: &[Untestable]) {
    if rows.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "UNTESTABLE", rows.len());
    for row in rows {
        let protocols = human::list(&row.protocols);
        let heading = format!(
            "{}  {protocols}  {}, {}",
            row.pattern,
            row.requirement,
            human::list(&row.groups)
        );
        page.paragraph(2, Ink::Plain, &heading);
        page.labelled(4, "needs", Ink::Plain, &row.needs.join("; "));
    }
}

pub(super) fn environment(page: &mut Page, report: &StatusReport) {
    let (agent, environment) = (&report.agent, &report.environment);
    page.blank();
    page.line(0, &[(Ink::Bold, "ENVIRONMENT")]);
    let started = human::since(agent.started_at, report.generated_at);
    let version = format!("egress-probe {}, started {started}", agent.version);
    let mut rows = vec![("node", agent.node.clone()), ("agent", version)];
    rows.extend(environment.settings());
    page.table(2, &rows);
}
