//! Rules for what fails, from the JSON report of a node: the report carries them, no catalogue is needed.

use jiff::Timestamp;
use serde::Deserialize;

use super::destination::can_stand;
use super::rule::{Evidence, Rule};
use super::words::one_line;
use super::{RuleSet, add, sort};
use crate::outcome::{Phase, Reason};
use crate::target::ProbeKind;

/// Bytes of a report that are read: thousands of targets fit.
pub const LONGEST_REPORT: u64 = 32 << 20;

/// A text that is no report of ours.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Neither JSON nor of the form.
    #[error("is no JSON report of `/api/v1/status` or `check --format json`: {0}")]
    Form(#[from] serde_json::Error),
    /// The agent writes no such thing.
    #[error("has `{0}` as a destination, which cannot stand in a rule")]
    Destination(String),
}

#[derive(Deserialize)]
struct Report {
    agent: Agent,
    environment: Environment,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Agent {
    node: String,
}

#[derive(Deserialize)]
struct Environment {
    cloud: Option<String>,
    location: Option<String>,
    edition: String,
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "target")]
    id: String,
    probe: ProbeKind,
    state: String,
    since: Timestamp,
    failure: Option<Failure>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Failure {
    phase: Phase,
    reason: Reason,
    detail: String,
}

/// The rules that the unreachable targets of a report lack.
///
/// # Errors
/// When the text is not such a report.
pub fn of_report(text: &str) -> Result<RuleSet, ReportError> {
    let report: Report = serde_json::from_str(text)?;
    let (mut rules, mut unruled) = (Vec::new(), Vec::new());
    for target in report.targets {
        let Some(failure) = target.failure.filter(|_| target.state == "unreachable") else {
            continue;
        };
        let evidence = Evidence {
            node: report.agent.node.clone(),
            target: target.id,
            probe: target.probe,
            since: target.since,
            phase: failure.phase,
            reason: failure.reason,
            detail: failure.detail,
        };
        if target.rules.is_empty() {
            unruled.push(evidence);
            continue;
        }
        for mut rule in target.rules {
            if let Some(wrong) = rule.destinations.iter().find(|to| !can_stand(to)) {
                return Err(ReportError::Destination(one_line(&wrong.to_string())));
            }
            rule.evidence = vec![evidence.clone()];
            add(&mut rules, rule);
        }
    }
    sort(&mut rules);
    Ok(RuleSet {
        cloud: report.environment.cloud,
        location: report.environment.location,
        edition: report.environment.edition,
        node_subnets: Vec::new(),
        fqdn_tag: false,
        rules,
        unruled,
    })
}
