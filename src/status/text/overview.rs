//! The overview page: what broke, why most likely and what to ask for; then the rest in order of importance.

use jiff::Timestamp;

use super::Detail;
use super::lists;
use super::page::{Ink, Page, shorten};
use crate::status::human;
use crate::status::overview::{Cluster, Overview};
use crate::status::warning_lines::warning_lines;
use crate::status::{Headline, Health, StatusReport, TargetReport};

/// With less room than this, the node's name goes to a line of its own.
const LEAST_NODE: usize = 24;

pub(super) fn write(page: &mut Page, report: &StatusReport, detail: Detail) {
    let overview = Overview::new(report);
    let now = report.generated_at;
    headline(page, report);
    summary(page, report);
    for (title, ink, clusters) in [
        ("UNREACHABLE, REQUIRED", Ink::Red, &overview.required),
        ("UNREACHABLE, OPTIONAL", Ink::Yellow, &overview.optional),
        ("UNPROVEN", Ink::Yellow, &overview.unproven),
    ] {
        broken(page, title, ink, clusters, (now, detail));
    }
    lists::pending(page, &overview.pending);
    lists::warnings(page, &overview.warned);
    if detail == Detail::Brief {
        return;
    }
    lists::reachable(page, &overview.reachable, now, detail);
    lists::untestable(page, &report.untestable);
    lists::environment(page, report);
}

pub(super) fn headline(page: &mut Page, report: &StatusReport) {
    let Headline { health, sentence } = Headline::of(report);
    let ink = match health {
        Health::Ok => Ink::Green,
        Health::Failing => Ink::Red,
        _ => Ink::Yellow,
    };
    let time = human::utc(report.generated_at);
    let mut spans = vec![
        (ink, health.as_str()),
        (Ink::Plain, "  "),
        (Ink::Bold, &sentence),
    ];
    let fixed = health.as_str().len() + sentence.len() + time.len() + 6;
    let room = page.width.saturating_sub(fixed);
    if room >= LEAST_NODE.min(report.agent.node.len()) {
        let node = format!("  {}  ", shorten(&report.agent.node, room));
        spans.extend([(Ink::Plain, node.as_str()), (Ink::Dim, &time)]);
        page.line(0, &spans);
    } else {
        page.line(0, &spans);
        let room = page.width.saturating_sub(time.len() + 2);
        let node = format!("{}  ", shorten(&report.agent.node, room));
        page.line(0, &[(Ink::Plain, &node), (Ink::Dim, &time)]);
    }
}

/// What a reader should know before the lists begin.
fn summary(page: &mut Page, report: &StatusReport) {
    if let Some(story) = &report.story {
        page.paragraph(0, Ink::Bold, story);
    }
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

fn broken(
    page: &mut Page,
    title: &str,
    ink: Ink,
    clusters: &[Cluster<'_>],
    (now, detail): (Timestamp, Detail),
) {
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
        let many = cluster.is_large();
        let shared = cluster.shared_detail().filter(|_| many);
        for target in &cluster.targets {
            broken_target(page, target, now);
            observed(page, target, shared.is_some());
            lists::phases(page, target, detail);
            if !many && !target.purpose.is_empty() {
                page.paragraph(6, Ink::Dim, &format!("purpose: {}", target.purpose));
            }
        }
        if let Some(detail) = shared {
            page.labelled(4, "observed", Ink::Plain, detail);
        }
        for (cause, grounds) in cluster.causes() {
            page.labelled(4, "cause", Ink::Bold, &cause);
            page.labelled(4, "", Ink::Plain, &grounds);
        }
        if cluster.is_open() {
            page.labelled(4, "usually", Ink::Plain, cluster.meaning.usually);
        }
        for todo in cluster.todos() {
            page.labelled(4, "to do", Ink::Plain, todo);
        }
        for rule in cluster.rules() {
            page.paragraph(6, Ink::Bold, &rule);
        }
    }
}

fn broken_target(page: &mut Page, target: &TargetReport, now: Timestamp) {
    let since = format!("since {}", human::since(target.since, now));
    let probe = format!("  {}", target.probe);
    if 4 + target.target.len() + probe.len() + 2 + since.len() <= page.width {
        let since = format!("  {since}");
        page.line(
            4,
            &[
                (Ink::Bold, &target.target),
                (Ink::Plain, &probe),
                (Ink::Plain, &since),
            ],
        );
    } else {
        let short = shorten(&target.target, page.width.saturating_sub(4 + probe.len()));
        page.line(4, &[(Ink::Bold, &short), (Ink::Plain, &probe)]);
        page.line(6, &[(Ink::Plain, &since)]);
    }
}

/// What was seen at this target alone.
fn observed(page: &mut Page, target: &TargetReport, shared: bool) {
    if let Some(failure) = target.failure.as_ref().filter(|_| !shared) {
        let at = target
            .failed_address()
            .map(|address| format!("{address}: "));
        let detail = format!("{}{}", at.unwrap_or_default(), failure.detail);
        page.paragraph(6, Ink::Plain, &detail);
    }
    for line in warning_lines(target) {
        page.paragraph(6, Ink::Yellow, &line);
    }
}
