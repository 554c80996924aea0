//! A fleet as plain text: what is wrong on most nodes, then on some, then who could not be asked.

use jiff::Timestamp;

use super::{Finding, Fleet, Kind};
use crate::status::Health;
use crate::status::human;
use crate::status::text::{Ink, Page, Style};
use crate::store::State;

/// Nodes that a line names; more are counted.
const MOST_NAMED: usize = 4;
/// Targets that are listed for a group of nodes; more are counted.
const MOST_LISTED: usize = 20;

/// Never wider than 100 columns, colour only where it was asked for.
pub fn render(fleet: &Fleet, style: Style) -> String {
    let mut page = Page::new(style);
    headline(&mut page, fleet);
    widespread(&mut page, fleet);
    scattered(&mut page, fleet);
    unread(&mut page, fleet);
    page.finish()
}

fn headline(page: &mut Page, fleet: &Fleet) {
    let ink = match fleet.health {
        Health::Ok => Ink::Green,
        Health::Failing => Ink::Red,
        _ => Ink::Yellow,
    };
    let elsewhere: usize = fleet
        .scattered
        .iter()
        .map(|group| group.findings.len())
        .sum();
    let sentence = match (fleet.widespread.len(), elsewhere) {
        _ if fleet.nodes == 0 => "no agent could be read".to_owned(),
        (0, 0) => "nothing stands against any target".to_owned(),
        (wide, 0) => format!("{} on all or most nodes", human::count(wide, "target")),
        (0, some) => format!("{} on some nodes", human::count(some, "target")),
        (wide, some) => format!(
            "{} on all or most nodes, {some} on some",
            human::count(wide, "target")
        ),
    };
    let time = format!("  {}", human::utc(fleet.generated_at));
    page.line(
        0,
        &[
            (ink, fleet.health.as_str()),
            (Ink::Plain, "  "),
            (Ink::Bold, &sentence),
            (Ink::Dim, &time),
        ],
    );
    let unread = match fleet.unread.len() {
        0 => "none could not be read".to_owned(),
        more => format!("{more} could not be read"),
    };
    let (agents, targets) = (
        human::count(fleet.nodes, "agent"),
        human::count(fleet.targets, "target"),
    );
    page.paragraph(
        0,
        Ink::Plain,
        &format!("{agents} read, {unread}; {targets}."),
    );
}

fn heading(page: &mut Page, ink: Ink, title: &str, count: usize) {
    page.blank();
    page.line(0, &[(ink, title), (Ink::Plain, &format!(" ({count})"))]);
}

fn widespread(page: &mut Page, fleet: &Fleet) {
    if fleet.widespread.is_empty() {
        return;
    }
    heading(
        page,
        Ink::Red,
        "ON ALL OR MOST NODES",
        fleet.widespread.len(),
    );
    for finding in &fleet.widespread {
        let how_many = format!(
            "  on {} of {} nodes",
            finding.nodes.len(),
            finding.tested_on
        );
        target(page, 2, finding, &how_many);
        for kind in &finding.kinds {
            let count = (finding.kinds.len() > 1).then_some(kind.nodes);
            what(page, 4, kind, count, fleet.generated_at);
        }
    }
}

fn scattered(page: &mut Page, fleet: &Fleet) {
    if fleet.scattered.is_empty() {
        return;
    }
    let targets = fleet
        .scattered
        .iter()
        .map(|group| group.findings.len())
        .sum();
    heading(page, Ink::Yellow, "ON SOME NODES", targets);
    for group in &fleet.scattered {
        page.paragraph(2, Ink::Bold, &names(&group.nodes));
        for finding in group.findings.iter().take(MOST_LISTED) {
            target(page, 4, finding, "");
            for kind in &finding.kinds {
                let count = (finding.kinds.len() > 1).then_some(kind.nodes);
                what(page, 6, kind, count, fleet.generated_at);
            }
        }
        let more = group.findings.len().saturating_sub(MOST_LISTED);
        if more > 0 {
            page.line(
                4,
                &[(
                    Ink::Plain,
                    &format!("and {} more", human::count(more, "target")),
                )],
            );
        }
    }
}

fn unread(page: &mut Page, fleet: &Fleet) {
    if fleet.unread.is_empty() {
        return;
    }
    heading(page, Ink::Yellow, "COULD NOT BE READ", fleet.unread.len());
    for unread in &fleet.unread {
        page.paragraph(2, Ink::Plain, &format!("{}: {}", unread.agent, unread.why));
    }
}

fn target(page: &mut Page, indent: usize, finding: &Finding, how_many: &str) {
    let probe = format!("  {}  {}", finding.id.probe, finding.requirement);
    page.line(
        indent,
        &[
            (Ink::Bold, &finding.id.target),
            (Ink::Plain, &probe),
            (Ink::Plain, how_many),
        ],
    );
}

/// `tls connection_reset, sni_filter, since 2026-11-23 21:37:12 UTC (1 s ago)`.
fn what(page: &mut Page, indent: usize, kind: &Kind, count: Option<usize>, now: Timestamp) {
    let ink = match kind.state {
        State::Unreachable => Ink::Red,
        _ => Ink::Yellow,
    };
    let state = match kind.state {
        State::Unreachable | State::Pending => String::new(),
        State::Reachable => "warning: ".to_owned(),
        State::Unproven => "unproven: ".to_owned(),
    };
    let mut words = format!("{state}{}", kind.what);
    if let Some(cause) = &kind.cause {
        words = format!("{words}; cause: {cause}");
    }
    if let Some(since) = kind.since {
        words = format!("{words}; since {}", human::since(since, now));
    }
    if let Some(count) = count {
        words = format!("{words}; on {}", human::count(count, "node"));
    }
    page.paragraph(indent, ink, &words);
}

fn names(nodes: &[String]) -> String {
    let named = nodes.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
    let more = nodes.len().saturating_sub(MOST_NAMED);
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
