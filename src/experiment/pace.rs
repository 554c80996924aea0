//! How long experiments wait: all of a case's within one bound, none longer than an attempt may take.

use std::time::Duration;

use tokio::time::Instant;

/// The most time that is spent on one case.
const LONGEST: Duration = Duration::from_secs(4);

/// The patience of one case's experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    whole: Duration,
    began: Instant,
}

impl Pace {
    /// Within the deadline of an attempt.
    pub(super) fn within(deadline: Duration) -> Self {
        Self {
            whole: LONGEST.min(deadline),
            began: Instant::now(),
        }
    }

    /// The end of everything; the experiments of a case are made side by side.
    pub(super) fn end(self) -> Instant {
        self.began + self.whole
    }

    /// The end of the wait for a server. A farewell has room after it.
    pub(super) fn answer(self) -> Instant {
        self.began + self.whole * 3 / 4
    }

    /// The end of the wait for what is sent now with one time to live.
    pub(super) fn hop(self) -> Instant {
        Instant::now() + self.whole / 5
    }
}
