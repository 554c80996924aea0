//! The overview page: what broke, why most likely and what to ask for; then the rest in order of importance.

use jiff::Timestamp;

use super::page::{Ink, Page, shorten};
use crate::status::human;
use crate::status::overview::{Cluster, Overview};
use crate::status::{Headline, Health, StatusReport, TargetReport, Untestable};

/// Columns of a probe's name: `dns-udp`.
const PROBE: usize = 7;

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
    pending(page, &overview.pending);
    warnings(page, &overview.warned);
    reachable(page, &overview, now);
    untestable(page, &report.untestable);
    environment(page, report);
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
        freshness(report),
    )
}

fn freshness(report: &StatusReport) -> String {
    let attempts = || {
        report
            .targets
            .iter()
            .filter_map(|target| target.last_attempt)
    };
    let age = |time: Timestamp| human::span(report.generated_at.duration_since(time).as_secs());
    match (attempts().max(), attempts().min()) {
        (Some(newest), Some(oldest)) => {
            format!("Results are {} to {} old.", age(newest), age(oldest))
        }
        _ => "No results yet.".to_owned(),
    }
}

fn heading(page: &mut Page, ink: Ink, title: &str, count: usize) {
    page.blank();
    page.line(0, &[(ink, title), (Ink::Plain, &format!(" ({count})"))]);
}

fn broken(page: &mut Page, title: &str, ink: Ink, clusters: &[Cluster<'_>], now: Timestamp) {
    if clusters.is_empty() {
        return;
    }
    heading(
        page,
        ink,
        title,
        clusters.iter().map(|c| c.targets.len()).sum(),
    );
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
        page.labelled(4, "ask for", Ink::Plain, cluster.meaning.ask);
        for rule in cluster.rules() {
            page.labelled(4, "", Ink::Bold, &rule);
        }
    }
}

fn broken_target(page: &mut Page, target: &TargetReport, now: Timestamp) {
    let since = format!(
        "{} ({})",
        human::utc(target.since),
        human::ago(target.since, now)
    );
    let room = page.width.saturating_sub(4 + PROBE + since.len() + 11);
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
        page.paragraph(6, Ink::Dim, &format!("used to {}", target.purpose));
    }
}

fn pending(page: &mut Page, targets: &[&TargetReport]) {
    if targets.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "PENDING", targets.len());
    for target in targets {
        let note = note_of(target).unwrap_or_else(|| "not tried yet".to_owned());
        noted(page, target, &note);
    }
}

fn warnings(page: &mut Page, targets: &[&TargetReport]) {
    if targets.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "REACHABLE, WITH WARNINGS", targets.len());
    for target in targets {
        let mut notes: Vec<_> = target.warnings.iter().map(ToString::to_string).collect();
        notes.extend(note_of(target));
        noted(page, target, &notes.join(", "));
    }
}

fn note_of(target: &TargetReport) -> Option<String> {
    let last = target.unconfirmed()?;
    let (phase, reason) = (last.phase?, last.reason?);
    Some(format!("last attempt: {phase} {reason}, not confirmed yet"))
}

fn noted(page: &mut Page, target: &TargetReport, note: &str) {
    const NAME: usize = 46;
    let name = format!("{:<NAME$}", shorten(&target.target, NAME));
    let probe = format!("{:<PROBE$}", target.probe);
    page.line(
        2,
        &[
            (Ink::Plain, &name),
            (Ink::Plain, "  "),
            (Ink::Plain, &probe),
            (Ink::Plain, "  "),
            (Ink::Yellow, note),
        ],
    );
}

fn reachable(page: &mut Page, overview: &Overview<'_>, now: Timestamp) {
    const SINCE: usize = 28;
    const DURATION: usize = 8;
    let count = overview
        .reachable
        .iter()
        .map(|(_, targets)| targets.len())
        .sum();
    if count == 0 {
        return;
    }
    heading(page, Ink::Green, "REACHABLE", count);
    let room = page.width.saturating_sub(4 + PROBE + DURATION + SINCE + 6);
    for (group, targets) in &overview.reachable {
        page.line(2, &[(Ink::Dim, group.as_str())]);
        for target in targets {
            let name = shorten(&target.target, room);
            let took = target
                .duration_seconds
                .map(human::duration)
                .unwrap_or_default();
            let since = format!(
                "{} ({})",
                human::minute(target.since),
                human::ago(target.since, now)
            );
            let row = format!(
                "{name:<room$}  {:<PROBE$}  {took:>DURATION$}  {since}",
                target.probe
            );
            page.line(4, &[(Ink::Plain, &row)]);
        }
    }
}

fn untestable(page: &mut Page, rows: &[Untestable]) {
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

fn environment(page: &mut Page, report: &StatusReport) {
    let (agent, environment) = (&report.agent, &report.environment);
    page.blank();
    page.line(0, &[(Ink::Bold, "ENVIRONMENT")]);
    page.labelled(2, "node", Ink::Plain, &agent.node);
    let up = human::span(
        report
            .generated_at
            .duration_since(agent.started_at)
            .as_secs(),
    );
    let version = format!(
        "egress-probe {}, started {} ({up} ago)",
        agent.version,
        human::utc(agent.started_at)
    );
    page.labelled(2, "agent", Ink::Plain, &version);
    for (label, value) in environment.settings() {
        page.labelled(2, label, Ink::Plain, &value);
    }
    page.blank();
    page.paragraph(
        0,
        Ink::Dim,
        "One target: /status/TARGET/PROBE. JSON: /api/v1/status. Metrics: /metrics.",
    );
}
