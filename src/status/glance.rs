//! What somebody who watches is told of: states, failures, warnings and the story, and what became of them.

use std::collections::BTreeMap;

use super::report::StatusReport;
use super::target_report::TargetReport;
use crate::outcome::{Phase, Reason, Warning};
use crate::store::State;
use crate::target::ProbeKind;

/// A report without what changes at every attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance {
    story: Option<String>,
    notices: Vec<String>,
    targets: BTreeMap<(String, ProbeKind), Look>,
}

/// What is seen of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    state: State,
    failure: Option<(Phase, Reason)>,
    warnings: Vec<Warning>,
}

impl Glance {
    /// At everything.
    pub fn of(report: &StatusReport) -> Self {
        Self {
            story: report.story.clone(),
            notices: report.notices.clone(),
            targets: report.targets.iter().map(look).collect(),
        }
    }

    /// At one target.
    pub fn of_target(target: &TargetReport) -> Self {
        Self {
            targets: BTreeMap::from([look(target)]),
            ..Self::default()
        }
    }

    /// What became of the targets since an earlier glance, in sentences.
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for ((target, probe), now) in &self.targets {
            let known = before.targets.get(&(target.clone(), *probe));
            match known {
                Some(then) if then == now => {}
                Some(then) => changes.push(format!("{target} {probe}: {then} -> {now}")),
                None => changes.push(format!("{target} {probe}: new, {now}")),
            }
        }
        let gone = |id: &&(String, ProbeKind)| !self.targets.contains_key(*id);
        for (target, probe) in before.targets.keys().filter(gone) {
            changes.push(format!("{target} {probe}: no longer tested"));
        }
        if changes.is_empty() && self != before {
            changes.push("what is said of the node as a whole".to_owned());
        }
        changes
    }
}

fn look(target: &TargetReport) -> ((String, ProbeKind), Look) {
    let look = Look {
        state: target.state,
        failure: target.failure.as_ref().map(|f| (f.phase, f.reason)),
        warnings: target.warnings.clone(),
    };
    ((target.target.clone(), target.probe), look)
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state.fmt(f)?;
        if let Some((phase, reason)) = self.failure {
            write!(f, " ({phase} {reason})")?;
        }
        for warning in &self.warnings {
            write!(f, ", {warning}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, state and failure of a target.
    type Seen<'a> = (&'a str, State, Option<(Phase, Reason)>);

    fn glance(looks: &[Seen<'_>]) -> Glance {
        let target = |(name, state, failure): &Seen<'_>| {
            let look = Look {
                state: *state,
                failure: *failure,
                warnings: Vec::new(),
            };
            (((*name).to_owned(), ProbeKind::Https), look)
        };
        Glance {
            targets: looks.iter().map(target).collect(),
            ..Glance::default()
        }
    }

    #[test]
    fn only_what_changed_is_told() {
        let reset = Some((Phase::Tls, Reason::ConnectionReset));
        let before = glance(&[
            ("a:443", State::Reachable, None),
            ("b:443", State::Reachable, None),
            ("c:443", State::Unreachable, reset),
        ]);
        let after = glance(&[
            ("a:443", State::Reachable, None),
            ("b:443", State::Unreachable, reset),
            ("d:443", State::Pending, None),
        ]);
        assert_eq!(
            after.changes_since(&before),
            [
                "b:443 https: reachable -> unreachable (tls connection_reset)",
                "d:443 https: new, pending",
                "c:443 https: no longer tested",
            ]
        );
        assert!(after.changes_since(&after).is_empty());
    }
}
