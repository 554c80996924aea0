//! The page of one target: all that its JSON says.

use std::iter;

use askama::Template;
use jiff::Timestamp;

use super::strip::{Strip, strip};
use super::waterfall::{Bar, waterfall};
use super::{filters, target_tint};
use crate::status::cause_lines::{cause_line, grounds};
use crate::status::fact_lines::{FactLine, fact_lines};
use crate::status::finding_lines::finding_lines;
use crate::status::{Meaning, TargetReport, meaning, ticket};

#[derive(Template)]
#[template(path = "target.html")]
struct TargetPage<'a> {
    target: &'a TargetReport,
    state: String,
    tint: &'static str,
    meaning: Option<Meaning>,
    ticket: Vec<String>,
    bars: Vec<Bar>,
    facts: Vec<FactLine>,
    findings: Vec<FactLine>,
    causes: Vec<(&'static str, String)>,
    strip: Option<Strip>,
    now: Timestamp,
}

/// One target with everything that is known of it, as of `now`.
pub fn render_target(target: &TargetReport, now: Timestamp) -> askama::Result<String> {
    let failure = target.failure.as_ref();
    let meaning = failure.map(|failure| meaning(failure.reason, failure.phase));
    let by_rule = meaning.is_some_and(|meaning| meaning.rule) || !target.rules.is_empty();
    let address = target
        .address
        .map(|address| ("address", address.to_string()));
    TargetPage {
        target,
        state: target.state.as_str().to_uppercase(),
        tint: target_tint(target),
        ticket: if by_rule { ticket(target) } else { Vec::new() },
        meaning,
        bars: waterfall(target),
        facts: address
            .into_iter()
            .chain(fact_lines(&target.facts))
            .collect(),
        findings: target
            .findings
            .as_ref()
            .map_or_else(Vec::new, finding_lines),
        causes: causes(target),
        strip: strip(&target.history),
        now,
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
