//! What people and programs read: snapshots of every page, and the promises that hold for all of them.

#[path = "support/fixture.rs"]
mod fixture;

use egress_probe::outcome::{Phase, Reason};
use egress_probe::status::text::{self, Style};
use egress_probe::status::{Headline, Health, StatusReport, TargetReport, meaning};

fn named(report: &StatusReport, target: &str) -> TargetReport {
    let found = report.targets.iter().find(|t| t.target == target);
    found.expect("a target of the fixture").clone()
}

#[test]
fn the_text_page_has_the_worst_first() {
    insta::assert_snapshot!(text::render(&fixture::report(), Style::PLAIN));
}

#[test]
fn the_page_of_an_unreachable_target_says_what_to_ask_for() {
    let target = named(&fixture::report(), "management.azure.com:443");
    insta::assert_snapshot!(text::render_target(&target, fixture::now(), Style::PLAIN));
}

#[test]
fn the_page_of_a_reachable_target_shows_what_was_seen() {
    let target = named(&fixture::report(), "packages.microsoft.com:443");
    insta::assert_snapshot!(text::render_target(&target, fixture::now(), Style::PLAIN));
}
