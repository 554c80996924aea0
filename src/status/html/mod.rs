//! The same pages for a browser: no script, nothing loaded from elsewhere, everything escaped by the templates.

mod filters;

use std::iter;

use askama::Template;
use jiff::Timestamp;

use super::cause_lines::{cause_line, grounds};
use super::fact_lines::{FactLine, fact_lines};
use super::overview::{Cluster, Overview};
use super::{Headline, Health, Meaning, StatusReport, Summary, TargetReport, meaning, ticket};
use crate::outcome::Phase;
use crate::target::Requirement;
use crate::{store::State, version};

/// The stylesheet of all pages, to be served at `/static/style.css`.
pub const STYLE: &str = include_str!("../templates/style.css");

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    report: &'a StatusReport,
    summary: &'a Summary,
    overview: &'a Overview<'a>,
    headline: Headline,
    tint: &'static str,
    freshness: String,
    broken: [BrokenSection<'a>; 3],
    noted: [NotedSection<'a>; 2],
    now: Timestamp,
}

struct BrokenSection<'a> {
    title: &'static str,
    tint: &'static str,
    clusters: &'a [Cluster<'a>],
}

impl BrokenSection<'_> {
    fn count(&self) -> usize {
        self.clusters
            .iter()
            .map(|cluster| cluster.targets.len())
            .sum()
    }
}

struct NotedSection<'a> {
    title: &'static str,
    targets: &'a [&'a TargetReport],
}

/// The whole report, the worst first.
pub fn render(report: &StatusReport) -> askama::Result<String> {
    let overview = Overview::new(report);
    let headline = Headline::of(report);
    let broken = |title, tint, clusters| BrokenSection {
        title,
        tint,
        clusters,
    };
    OverviewPage {
        report,
        summary: &report.summary,
        tint: headline_tint(headline.health),
        headline,
        freshness: report.freshness(),
        broken: [
            broken("Unreachable, required", "bad", &overview.required),
            broken("Unreachable, optional", "warn", &overview.optional),
            broken("Unproven", "warn", &overview.unproven),
        ],
        noted: [
            NotedSection {
                title: "Pending",
                targets: &overview.pending,
            },
            NotedSection {
                title: "Reachable, with warnings",
                targets: &overview.warned,
            },
        ],
        overview: &overview,
        now: report.generated_at,
    }
    .render()
}

#[derive(Template)]
#[template(path = "target.html")]
struct TargetPage<'a> {
    target: &'a TargetReport,
    state: String,
    tint: &'static str,
    meaning: Meaning,
    ticket: Vec<String>,
    bars: Vec<Bar>,
    facts: Vec<FactLine>,
    causes: Vec<(&'static str, String)>,
    now: Timestamp,
}

/// A part of the waterfall, in percent of the whole.
struct Bar {
    phase: Phase,
    seconds: f64,
    start: String,
    width: String,
    failed: bool,
}

/// One target with everything that is known of it, as of `now`.
pub fn render_target(target: &TargetReport, now: Timestamp) -> askama::Result<String> {
    let failure = target.failure.as_ref();
    let explained = failure.map(|failure| meaning(failure.reason, failure.phase));
    let address = target
        .address
        .map(|address| ("address", address.to_string()));
    TargetPage {
        target,
        state: target.state.as_str().to_uppercase(),
        tint: target_tint(target),
        ticket: explained
            .filter(|meaning| meaning.rule)
            .map(|_| ticket(target))
            .unwrap_or_default(),
        meaning: explained.unwrap_or(Meaning {
            usually: "",
            todo: "",
            rule: false,
        }),
        bars: bars(target),
        facts: address
            .into_iter()
            .chain(fact_lines(&target.facts))
            .collect(),
        causes: causes(target),
        now,
    }
    .render()
}

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage<'a> {
    headline: Headline,
    tint: &'static str,
    node: &'a str,
    pages: &'a [(&'a str, &'a str)],
    version: &'a str,
}

/// The page at `/`, which leads to `pages`: paths and what they are.
pub fn render_landing(report: &StatusReport, pages: &[(&str, &str)]) -> askama::Result<String> {
    let headline = Headline::of(report);
    LandingPage {
        tint: headline_tint(headline.health),
        headline,
        node: &report.agent.node,
        pages,
        version: version::VERSION,
    }
    .render()
}

fn causes(target: &TargetReport) -> Vec<(&'static str, String)> {
    let Some(diagnosis) = &target.diagnosis else {
        return Vec::new();
    };
    let grounds = grounds(diagnosis).into_iter();
    let cause = ("Cause", cause_line(diagnosis));
    let labels = iter::once("Grounds").chain(iter::repeat(""));
    let grounds = labels.zip(grounds);
    iter::once(cause).chain(grounds).collect()
}

fn bars(target: &TargetReport) -> Vec<Bar> {
    let total: f64 = target.phases.iter().map(|timing| timing.seconds).sum();
    let failed = target.history.last().and_then(|last| last.phase);
    let mut before = 0.0;
    let percent = |seconds: f64| {
        if total > 0.0 {
            seconds / total * 100.0
        } else {
            0.0
        }
    };
    let bar = |timing: &super::PhaseReport| {
        let start = percent(before);
        before += timing.seconds;
        Bar {
            phase: timing.phase,
            seconds: timing.seconds,
            start: format!("{:.1}", start.min(99.0)),
            width: format!("{:.1}", percent(timing.seconds).max(1.0)),
            failed: failed == Some(timing.phase),
        }
    };
    target.phases.iter().map(bar).collect()
}

const fn headline_tint(health: Health) -> &'static str {
    match health {
        Health::Ok => "good",
        Health::Failing => "bad",
        _ => "warn",
    }
}

fn target_tint(target: &TargetReport) -> &'static str {
    match (target.state, target.requirement) {
        (State::Reachable, _) if target.is_quiet() => "good",
        (State::Unreachable, Requirement::Required) => "bad",
        _ => "warn",
    }
}
