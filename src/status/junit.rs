//! The report for CI systems: a suite of what is required and one of what is optional.

use askama::Template;

use super::{StatusReport, TargetReport, Untestable};
use crate::store::State;
use crate::target::Requirement;

#[derive(Template)]
#[template(path = "junit.xml")]
struct Junit<'a> {
    suites: Vec<Suite<'a>>,
}

struct Suite<'a> {
    name: Requirement,
    timestamp: String,
    targets: Vec<&'a TargetReport>,
    untestable: Vec<&'a Untestable>,
}

impl Suite<'_> {
    fn tests(&self) -> usize {
        self.targets.len() + self.untestable.len()
    }

    fn in_state(&self, state: State) -> usize {
        self.targets
            .iter()
            .filter(|target| target.state == state)
            .count()
    }

    fn skipped(&self) -> usize {
        self.in_state(State::Pending) + self.untestable.len()
    }
}

/// Renders a report. Unreachable is a failure, unproven an error, pending and untestable are skipped.
///
/// # Errors
/// When the template cannot be rendered: a defect of the agent.
pub fn render(report: &StatusReport) -> askama::Result<String> {
    let suite = |requirement: &Requirement| Suite {
        name: *requirement,
        timestamp: report
            .generated_at
            .strftime("%Y-%m-%dT%H:%M:%S")
            .to_string(),
        targets: report.of(*requirement).collect(),
        untestable: report
            .untestable
            .iter()
            .filter(|row| row.requirement == *requirement)
            .collect(),
    };
    let suites = Requirement::ALL.iter().map(suite).collect();
    Junit { suites }.render()
}
