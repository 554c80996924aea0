//! The page of one target: what is believed and why, then everything that was seen.

use jiff::Timestamp;

use super::page::{Ink, Page};
use crate::diagnosis::Diagnosis;
use crate::outcome::Failure;
use crate::status::cause_lines::{cause_line, grounds};
use crate::status::fact_lines::fact_lines;
use crate::status::warning_lines::warning_lines;
use crate::status::{AttemptReport, TargetReport, human, meaning, ticket};
use crate::store::State;

pub(super) fn write(page: &mut Page, target: &TargetReport, now: Timestamp) {
    head(page, target, now);
    if let Some(failure) = &target.failure {
        explain(page, target, failure);
    } else if let Some(diagnosis) = &target.diagnosis {
        cause(page, diagnosis);
    }
    last_attempt(page, target, now);
    addresses(page, target, now);
    history(page, target, now);
}

fn head(page: &mut Page, target: &TargetReport, now: Timestamp) {
    let ink = match target.state {
        State::Reachable if target.is_quiet() => Ink::Green,
        State::Unreachable => Ink::Red,
        _ => Ink::Yellow,
    };
    let state = target.state.as_str().to_uppercase();
    let name = format!("  {}  {}", target.target, target.probe);
    page.line(0, &[(ink, &state), (Ink::Bold, &name)]);
    let since = human::since(target.since, now);
    page.labelled(0, "since", Ink::Plain, &since);
    let groups = human::list(&target.groups);
    page.labelled(
        0,
        "needed",
        Ink::Plain,
        &format!("{}, in {groups}", target.requirement),
    );
    if !target.purpose.is_empty() {
        page.labelled(0, "purpose", Ink::Plain, &target.purpose);
    }
    for warning in warning_lines(target) {
        page.labelled(0, "warning", Ink::Yellow, &warning);
    }
}

fn explain(page: &mut Page, target: &TargetReport, failure: &Failure) {
    let meaning = meaning(failure.reason, failure.phase);
    page.labelled(
        0,
        "failure",
        Ink::Red,
        &format!("{} {}", failure.phase, failure.reason),
    );
    page.labelled(0, "detail", Ink::Plain, &failure.detail);
    if let Some(diagnosis) = &target.diagnosis {
        cause(page, diagnosis);
    }
    page.labelled(0, "usually", Ink::Plain, meaning.usually);
    page.labelled(0, "to do", Ink::Plain, target.todo().unwrap_or_default());
    let ticket = if meaning.rule {
        ticket(target)
    } else {
        Vec::new()
    };
    for (place, line) in ticket.iter().enumerate() {
        let ink = if place == 0 { Ink::Bold } else { Ink::Plain };
        page.labelled(0, "", ink, line);
    }
}

fn cause(page: &mut Page, diagnosis: &Diagnosis) {
    page.labelled(0, "cause", Ink::Bold, &cause_line(diagnosis));
    for ground in grounds(diagnosis) {
        page.labelled(0, "", Ink::Plain, &format!("- {ground}"));
    }
}

fn last_attempt(page: &mut Page, target: &TargetReport, now: Timestamp) {
    page.blank();
    let Some(at) = target.last_attempt else {
        page.line(
            0,
            &[(Ink::Bold, "LAST ATTEMPT"), (Ink::Plain, "  none yet")],
        );
        return;
    };
    let took = target.duration_seconds.unwrap_or_default();
    let line = format!(
        "  {}, took {}",
        human::since(at, now),
        human::duration(took)
    );
    page.line(0, &[(Ink::Bold, "LAST ATTEMPT"), (Ink::Plain, &line)]);
    phases(page, target);
    let address = target
        .address
        .map(|address| ("address", address.to_string()));
    let rows: Vec<_> = address
        .into_iter()
        .chain(fact_lines(&target.facts))
        .collect();
    page.table(2, &rows);
}

/// A waterfall: where each phase starts, and how long it lasts.
fn phases(page: &mut Page, target: &TargetReport) {
    const BAR: usize = 50;
    let total: f64 = target.phases.iter().map(|phase| phase.seconds).sum();
    let failed = target.history.last().and_then(|last| last.phase);
    let mut before = 0.0;
    for timing in &target.phases {
        let (start, end) = (
            column(before, total, BAR),
            column(before + timing.seconds, total, BAR),
        );
        before += timing.seconds;
        let start = start.min(BAR - 1);
        let bar = format!(
            "{}{}",
            ".".repeat(start),
            "#".repeat((end - start.min(end)).max(1))
        );
        let row = format!(
            "{:<9}{:>9}  {bar:.<BAR$}",
            timing.phase,
            human::duration(timing.seconds)
        );
        let verdict = if failed == Some(timing.phase) {
            "  failed"
        } else {
            ""
        };
        page.line(2, &[(Ink::Plain, &row), (Ink::Red, verdict)]);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a short bar"
)]
fn column(part: f64, total: f64, width: usize) -> usize {
    if total <= 0.0 {
        return 0;
    }
    ((part / total * width as f64).round() as usize).min(width)
}

fn addresses(page: &mut Page, target: &TargetReport, now: Timestamp) {
    if target.addresses.is_empty() {
        return;
    }
    page.blank();
    page.line(
        0,
        &[
            (Ink::Bold, "ADDRESSES"),
            (Ink::Plain, "  the last result of each"),
        ],
    );
    for address in &target.addresses {
        let (ink, result) = match &address.failure {
            None => (Ink::Green, "works".to_owned()),
            Some(failure) => (Ink::Red, format!("{} {}", failure.phase, failure.reason)),
        };
        let name = format!("{:<47}", address.address);
        let age = format!("  {}", human::ago(address.at, now));
        page.line(2, &[(Ink::Plain, &name), (ink, &result), (Ink::Dim, &age)]);
    }
}

fn history(page: &mut Page, target: &TargetReport, now: Timestamp) {
    const SHOWN: usize = 8;
    if target.history.is_empty() {
        return;
    }
    page.blank();
    page.line(
        0,
        &[
            (Ink::Bold, "HISTORY"),
            (
                Ink::Plain,
                "  + reachable, x unreachable, ? unproven; newest last",
            ),
        ],
    );
    let marks: String = target.history.iter().map(AttemptReport::mark).collect();
    page.line(2, &[(Ink::Plain, &marks)]);
    for change in target.changes.iter().rev().take(SHOWN) {
        let why = match (change.phase, change.reason) {
            (Some(phase), Some(reason)) => format!(": {phase} {reason}"),
            _ => String::new(),
        };
        let (at, ago) = (human::utc(change.at), human::ago(change.at, now));
        let line = format!("{at}  {} -> {}{why} ({ago})", change.from, change.to);
        page.line(2, &[(Ink::Plain, &line)]);
    }
}
