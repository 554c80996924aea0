//! How much of a list of targets a page shows: a page on hundreds of targets stays small.

use crate::status::TargetReport;

/// So many are in sight at once.
const IN_SIGHT: usize = 6;
/// So many are on the page at all, unless somebody asks for just these.
const ON_THE_PAGE: usize = 40;

/// The targets of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) all: usize,
    pub(super) in_sight: &'a [&'a TargetReport],
    /// To be unfolded.
    pub(super) folded: &'a [&'a TargetReport],
    /// Not on the page: a filter shows them.
    pub(super) more: usize,
}

impl<'a> Listed<'a> {
    /// With `asked`, all of them are shown: the reader has asked for a part of the page.
    pub(super) fn of(targets: &'a [&'a TargetReport], asked: bool) -> Self {
        let all = targets.len();
        let (in_sight, most) = if asked {
            (all, all)
        } else {
            (IN_SIGHT, ON_THE_PAGE)
        };
        // Nothing is gained by folding a single one.
        let in_sight = if all <= in_sight + 1 { all } else { in_sight };
        let (in_sight, rest) = targets.split_at(in_sight);
        let folded = &rest[..rest.len().min(most - in_sight.len().min(most))];
        Self {
            all,
            in_sight,
            folded,
            more: rest.len() - folded.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Facts;
    use crate::store::State;
    use crate::target::{ProbeKind, Requirement};
    use jiff::Timestamp;

    fn target() -> TargetReport {
        TargetReport {
            target: "a.example:443".to_owned(),
            probe: ProbeKind::Https,
            host: "a.example".to_owned(),
            port: Some(443),
            groups: Vec::new(),
            requirement: Requirement::Required,
            purpose: String::new(),
            state: State::Pending,
            since: Timestamp::UNIX_EPOCH,
            last_attempt: None,
            duration_seconds: None,
            phases: Vec::new(),
            address: None,
            addresses: Vec::new(),
            failure: None,
            diagnosis: None,
            rules: Vec::new(),
            warnings: Vec::new(),
            facts: Facts::default(),
            findings: None,
            history: Vec::new(),
            changes: Vec::new(),
        }
    }

    #[test]
    fn long_lists_are_folded_then_cut_and_shown_whole_when_asked_for() {
        let target = target();
        for (all, asked, in_sight, folded, more) in [
            (0, false, 0, 0, 0),
            (7, false, 7, 0, 0),
            (8, false, 6, 2, 0),
            (40, false, 6, 34, 0),
            (500, false, 6, 34, 460),
            (500, true, 500, 0, 0),
        ] {
            let targets = vec![&target; all];
            let listed = Listed::of(&targets, asked);
            let sizes = (listed.in_sight.len(), listed.folded.len(), listed.more);
            assert_eq!(sizes, (in_sight, folded, more), "{all} {asked}");
        }
    }
}
