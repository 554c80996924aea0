//! Which confirmed failure is looked into next, and not before when: the limits that a node keeps. Pure bookkeeping.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::schedule::Confirmed;

/// Failures that come together are better looked into when it is known what else fails.
const SETTLE: Duration = Duration::from_secs(2);
/// The same failure of the same target is looked into once in this time.
const PAUSE: Duration = Duration::from_mins(10);
/// Cases in any minute.
const PER_MINUTE: usize = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// Targets that wait; more are not looked into.
const MOST_WAITING: usize = 256;

/// The failures that wait, and those that were taken up.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// In the order in which they came, with the time from which they may be taken.
    waiting: VecDeque<(Instant, Confirmed)>,
    /// When each of the last ones was taken.
    taken: VecDeque<Instant>,
    /// When each was taken last.
    looked_into: HashMap<Confirmed, Instant>,
}

impl Agenda {
    /// Takes a failure in. It replaces another one of the same target, which is not believed any more.
    pub(super) fn add(&mut self, failure: Confirmed, now: Instant) {
        self.waiting.retain(|(_, other)| other.id != failure.id);
        if self.waiting.len() < MOST_WAITING {
            let last = self.looked_into.get(&failure);
            let free = last.map_or(now, |last| *last + PAUSE);
            self.waiting.push_back((free.max(now + SETTLE), failure));
        }
    }

    /// When the next one may be taken.
    pub(super) fn next_at(&self) -> Option<Instant> {
        let first = self.waiting.iter().map(|(from, _)| *from).min()?;
        Some(self.free_at().map_or(first, |free| first.max(free)))
    }

    /// The failure to look into now, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> Option<Confirmed> {
        if self.free_at().is_some_and(|free| free > now) {
            return None;
        }
        let due = self.waiting.iter().position(|(from, _)| *from <= now)?;
        let (_, failure) = self.waiting.remove(due)?;
        self.taken.truncate(PER_MINUTE - 1);
        self.taken.push_front(now);
        self.looked_into.retain(|_, last| *last + PAUSE > now);
        self.looked_into.insert(failure.clone(), now);
        Some(failure)
    }

    /// When there is room in the minute; none when there always was.
    fn free_at(&self) -> Option<Instant> {
        self.taken.get(PER_MINUTE - 1).map(|last| *last + MINUTE)
    }
}
