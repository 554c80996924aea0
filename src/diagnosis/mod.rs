//! What the outcomes of all targets mean: pure functions from records to causes. Changes no verdict, sends nothing.

mod cause;
mod connecting;
mod datagrams;
mod degraded;
mod loss;
mod node;
mod place;
mod resolving;
mod speaking;
mod story;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeMap;

use serde::Serialize;

pub use cause::{Cause, Certainty};
pub use place::Place;
pub use story::Shared;

use crate::outcome::{Failure, Phase, Reason};
use crate::store::{Record, State};
use crate::target::TargetId;
use node::Node;

/// What one target's failure or warning means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What stands behind it.
    pub cause: Cause,
    /// How sure that is.
    pub certainty: Certainty,
    /// What it rests on, in sentences that can be checked.
    pub evidence: Vec<String>,
    /// What else it might have been and is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ruled_out: Vec<RuledOut>,
    /// Where on the way it happens.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A cause that the evidence excludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuledOut {
    /// Which.
    pub cause: Cause,
    /// Why.
    pub because: String,
}

impl Diagnosis {
    fn new(cause: Cause, certainty: Certainty, evidence: impl Into<String>) -> Self {
        Self {
            cause,
            certainty,
            evidence: vec![evidence.into()],
            ruled_out: Vec::new(),
            place: None,
        }
    }

    fn certain(cause: Cause, evidence: impl Into<String>) -> Self {
        Self::new(cause, Certainty::Certain, evidence)
    }

    fn likely(cause: Cause, evidence: impl Into<String>) -> Self {
        Self::new(cause, Certainty::Likely, evidence)
    }

    /// What was seen fits several causes, or none.
    fn undetermined(evidence: impl Into<String>) -> Self {
        Self::new(Cause::Undetermined, Certainty::Open, evidence)
    }

    fn and(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    fn and_if(self, holds: bool, evidence: impl FnOnce() -> String) -> Self {
        if holds { self.and(evidence()) } else { self }
    }

    fn not(mut self, cause: Cause, because: impl Into<String>) -> Self {
        let because = because.into();
        self.ruled_out.push(RuledOut { cause, because });
        self
    }

    fn not_if(self, holds: bool, cause: Cause, because: impl FnOnce() -> String) -> Self {
        if holds {
            self.not(cause, because())
        } else {
            self
        }
    }

    fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

/// What is wrong on this node, target by target and as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnoses {
    /// Of every target that is unreachable, unproven or degraded.
    pub targets: BTreeMap<TargetId, Diagnosis>,
    /// The same by cause, what explains most first.
    pub causes: Vec<Shared>,
    /// One or two sentences on the whole; none when there is nothing to tell.
    pub story: Option<String>,
}

/// Looks at all targets before it blames one.
pub fn diagnose(records: &[Record]) -> Diagnoses {
    let node = Node::new(records);
    let targets: BTreeMap<_, _> = records
        .iter()
        .filter_map(|record| Some((record.target.id.clone(), of_record(record, &node)?)))
        .collect();
    let causes = story::by_cause(&targets, &node);
    let story = story::tell(&causes, &targets, &node);
    Diagnoses {
        targets,
        causes,
        story,
    }
}

fn of_record(record: &Record, node: &Node<'_>) -> Option<Diagnosis> {
    match (&record.failure, record.state) {
        (Some(failure), State::Unreachable | State::Unproven) => {
            let whole = node.explains(record, failure);
            let whole = whole.or_else(|| loss::diagnose(record, failure));
            Some(whole.unwrap_or_else(|| of_failure(record, failure, node)))
        }
        _ => degraded::diagnose(record),
    }
}

fn of_failure(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    match (failure.reason, failure.phase) {
        (Reason::LocalResource | Reason::PermissionDenied, _) => {
            let detail = &failure.detail;
            Diagnosis::certain(
                Cause::LocalResource,
                format!("the agent could not test: {detail}"),
            )
        }
        (Reason::Internal, _) => {
            Diagnosis::undetermined(format!("a defect of the agent: {}", failure.detail))
        }
        (_, Phase::Resolve) => resolving::diagnose(record, failure, node),
        (_, Phase::Connect) => connecting::diagnose(record, failure, node),
        (_, Phase::Tls) => tls::diagnose(record, failure, node),
        (_, Phase::Tunnel | Phase::Request | Phase::Banner) => {
            speaking::diagnose(record, failure, node)
        }
        (_, Phase::Exchange) => datagrams::diagnose(record, failure, node),
    }
}
