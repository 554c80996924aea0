//! The page of the node: whether it is all right, what is broken, what changed lately, everything else.

use askama::Template;
use jiff::Timestamp;

use super::list::Listed;
use super::{filters, headline_tint};
use crate::status::filter::{Filter, Section};
use crate::status::overview::{Cluster, Overview};
use crate::status::timeline::{Turn, timeline};
use crate::status::{Headline, StatusReport, Summary, TargetReport, Untestable};
use crate::target::Group;

/// With more healthy targets than this, their groups are folded.
const FOLDED_ABOVE: usize = 30;
/// With more than this, only their number is on the page, and a filter shows them.
const LEFT_OUT_ABOVE: usize = 150;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    report: &'a StatusReport,
    summary: &'a Summary,
    headline: Headline,
    tint: &'static str,
    freshness: String,
    filter: &'a Filter,
    groups: Vec<Group>,
    sections: &'static [Section],
    /// How many targets and rows the filter lets through.
    found: (usize, usize),
    broken: [BrokenSection<'a>; 3],
    noted: [NotedSection<'a>; 2],
    turns: Vec<Turn<'a>>,
    reachable: &'a [(Group, Vec<&'a TargetReport>)],
    healthy: Healthy,
    untestable: Vec<&'a Untestable>,
    now: Timestamp,
}

struct BrokenSection<'a> {
    key: &'static str,
    title: &'static str,
    tint: &'static str,
    clusters: &'a [Cluster<'a>],
}

struct NotedSection<'a> {
    title: &'static str,
    section: Section,
    listed: Listed<'a>,
}

/// How much of the healthy targets is shown.
#[derive(PartialEq, Eq)]
enum Healthy {
    Open,
    Folded,
    LeftOut,
}

impl BrokenSection<'_> {
    fn count(&self) -> usize {
        let clusters = self.clusters.iter();
        clusters.map(|cluster| cluster.targets.len()).sum()
    }
}

impl OverviewPage<'_> {
    fn listed<'b>(&self, cluster: &'b Cluster<'_>) -> Listed<'b> {
        Listed::of(&cluster.targets, !self.filter.is_empty())
    }
}

/// The whole report, the worst first.
pub fn render(report: &StatusReport) -> askama::Result<String> {
    render_filtered(report, &Filter::default())
}

/// What `filter` lets through, below the headline of the whole.
pub fn render_filtered(report: &StatusReport, filter: &Filter) -> askama::Result<String> {
    let overview = Overview::through(report, filter);
    let untestable = report.untestable.iter();
    let untestable: Vec<_> = untestable
        .filter(|row| filter.lets_row_through(row))
        .collect();
    let found = report.targets.iter().filter(|t| filter.lets_through(t));
    let headline = Headline::of(report);
    OverviewPage {
        report,
        summary: &report.summary,
        tint: headline_tint(headline.health),
        headline,
        freshness: report.freshness(),
        filter,
        groups: groups(report),
        sections: Section::ALL,
        found: (found.count(), untestable.len()),
        broken: broken(&overview),
        noted: noted(&overview, !filter.is_empty()),
        turns: timeline(report, |target| filter.lets_through(target)),
        reachable: &overview.reachable,
        healthy: healthy(&overview, filter),
        untestable,
        now: report.generated_at,
    }
    .render()
}

fn broken<'a>(overview: &'a Overview<'a>) -> [BrokenSection<'a>; 3] {
    let section = |key, title, tint, clusters| BrokenSection {
        key,
        title,
        tint,
        clusters,
    };
    [
        section(
            "required",
            "Unreachable, required",
            "bad",
            &overview.required,
        ),
        section(
            "optional",
            "Unreachable, optional",
            "warn",
            &overview.optional,
        ),
        section("unproven", "Unproven", "warn", &overview.unproven),
    ]
}

fn noted<'a>(overview: &'a Overview<'a>, asked: bool) -> [NotedSection<'a>; 2] {
    let noted = |title, section, targets| NotedSection {
        title,
        section,
        listed: Listed::of(targets, asked),
    };
    [
        noted("Pending", Section::Pending, &overview.pending),
        noted(
            "Reachable, with warnings",
            Section::Warned,
            &overview.warned,
        ),
    ]
}

fn healthy(overview: &Overview<'_>, filter: &Filter) -> Healthy {
    let count: usize = overview.reachable.iter().map(|(_, all)| all.len()).sum();
    if !filter.is_empty() || count <= FOLDED_ABOVE {
        Healthy::Open
    } else if count <= LEFT_OUT_ABOVE {
        Healthy::Folded
    } else {
        Healthy::LeftOut
    }
}

/// The groups that occur, in their order.
fn groups(report: &StatusReport) -> Vec<Group> {
    let targets = report.targets.iter().flat_map(|target| &target.groups);
    let rows = report.untestable.iter().flat_map(|row| &row.groups);
    let groups: std::collections::BTreeSet<_> = targets.chain(rows).copied().collect();
    groups.into_iter().collect()
}
