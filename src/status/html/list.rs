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
