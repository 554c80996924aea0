//! The overview page: what broke, why most likely and what to ask for; then the rest in order of importance.

use jiff::Timestamp;

use super::lists;
use super::page::{Ink, Page, shorten};
use crate::status::human;
use crate::status::overview::{Cluster, Overview};
use crate::status::{Headline, Health, StatusReport, TargetReport};

pub(super) fn write(page: &mut Page, report: &StatusReport) {
    let overview = Overview::new(report);
    let now = report.generated_at;
    headline(page, report);
    for (title, ink, clusters) in [
        ("UNREACHABLE, REQUIRED", Ink::Red, &overview.required),
        ("UNREACHABLE, OPTIONAL", Ink::Yellow, &overview.optional),
        ("UNPROVEN", Ink::Yellow, &overview.unproven),
    ] {
        broken(page, title, ink, clusters, now);
    }
    lists::pending(page, &overview.pending);
    lists::warnings(page, &overview.warned);
    lists::reachable(page, &overview.reachable, now);
    lists::untestable(page, &report.untestable);
    lists::environment(page, report);
}

fn headline(page: &mut Page, report: &StatusReport) {
    let Headline { health, sentence } = Headline::of(report);
    let ink = match health {
        Health::Ok => Ink::Green,
        Health::Failing => Ink::Red,
        _ => Ink::Yellow,
    };
    let time = human::utc(report.generated_at);
    let fixed = health.as_str().len() + sentence.len() + time.len() + 6;
    let node = shorten(&report.agent.node, page.width.saturating_sub(fixed).max(8));
    page.line(
        0,
        &[
            (ink, health.as_str()),
            (Ink::Plain, "  "),
            (Ink::Bold, &sentence),
            (Ink::Plain, "  "),
            (Ink::Plain, &node),
            (Ink::Plain, "  "),
            (Ink::Dim, &time),
        ],
    );
    page.paragraph(0, Ink::Plain, &tally(report));
    for notice in &report.notices {
        page.labelled(0, "NOTICE", Ink::Yellow, notice);
    }
}

fn tally(report: &StatusReport) -> String {
    let s = &report.summary;
    let rows = human::count(s.untestable, "row");
    format!(
        "{}: {} reachable ({} with warnings), {} unreachable, {} unproven, {} pending; {rows} untestable. {}",
        human::count(s.targets, "target"),
        s.reachable,
        s.degraded,
        s.unreachable,
        s.unproven,
        s.pending,
        report.freshness(),
    )
}

pub(super) fn heading(page: &mut Page, ink: Ink, title: &str, count: usize) {
    page.blank();
    page.line(0, &[(ink, title), (Ink::Plain, &format!(" ({count})"))]);
}

fn broken(page: &mut Page, title: &str, ink: Ink, clusters: &[Cluster<'_>], now: Timestamp) {
    if clusters.is_empty() {
        return;
    }
    let count = clusters.iter().map(|cluster| cluster.targets.len()).sum();
    heading(page, ink, title, count);
    for (number, cluster) in clusters.iter().enumerate() {
        if number > 0 {
            page.blank();
        }
        let size = human::count(cluster.targets.len(), "target");
        let failure = format!("{} {}", cluster.phase, cluster.reason);
        page.line(
            2,
            &[(ink, &failure), (Ink::Plain, ", "), (Ink::Plain, &size)],
        );
        for target in &cluster.targets {
            broken_target(page, target, now);
        }
        page.labelled(4, "usually", Ink::Plain, cluster.meaning.usually);
        page.labelled(4, "to do", Ink::Plain, cluster.meaning.todo);
        for rule in cluster.rules() {
            page.paragraph(6, Ink::Bold, &rule);
        }
    }
}

fn broken_target(page: &mut Page, target: &TargetReport, now: Timestamp) {
    let since = human::since(target.since, now);
    let room = page
        .width
        .saturating_sub(4 + lists::PROBE + since.len() + 11);
    let name = shorten(&target.target, room);
    page.line(
        4,
        &[
            (Ink::Bold, &name),
            (Ink::Plain, "  "),
            (Ink::Plain, target.probe.as_str()),
            (Ink::Plain, "  since "),
            (Ink::Plain, &since),
        ],
    );
    if let Some(failure) = &target.failure {
        let at = target
            .address
            .map(|address| format!("{address}: "))
            .unwrap_or_default();
        page.paragraph(6, Ink::Plain, &format!("{at}{}", failure.detail));
    }
    if !target.purpose.is_empty() {
        page.paragraph(6, Ink::Dim, &format!("purpose: {}", target.purpose));
    }
}
