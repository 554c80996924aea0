//! How much CPU time the server's thread may take: a flood of cheap requests must leave probing its share.
//!
//! Without this, a thousand requests a second would use up the quota of a container with a CPU limit, and the kernel would
//! stop the thread that probes as well.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, sleep};

/// One part of so many, of one CPU.
pub(super) const SHARE: u32 = 4;
/// So much may be used at once.
const AT_ONCE: Duration = Duration::from_secs(1);
/// The longest that nobody is let in: the kubelet waits in the same queue.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// What the calling thread has used.
#[derive(Debug)]
pub(super) struct Thrift {
    used: Duration,
    looked: Instant,
    /// What is used and not earned yet.
    debt: Duration,
}

impl Thrift {
    /// Begins to count, on the thread that is counted.
    pub(super) fn new() -> Self {
        Self {
            used: used(),
            looked: Instant::now(),
            debt: Duration::ZERO,
        }
    }

    /// Rests while too much has been used.
    pub(super) async fn rest(&mut self) {
        let (used, now) = (used(), Instant::now());
        let rest = self.account(used.saturating_sub(self.used), now - self.looked);
        (self.used, self.looked) = (used, now);
        if !rest.is_zero() {
            sleep(rest).await;
        }
    }

    fn account(&mut self, used: Duration, passed: Duration) -> Duration {
        self.debt = (self.debt + used).saturating_sub(passed / SHARE);
        (self.debt.saturating_sub(AT_ONCE) * SHARE).min(LONGEST_REST)
    }
}

/// CPU time of this thread. Where it cannot be had, nothing is ever too much.
fn used() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn more_than_its_share_makes_the_server_rest_and_time_makes_good() {
        let mut thrift = Thrift::new();
        assert_eq!(
            thrift.account(SECOND / 5, SECOND),
            Duration::ZERO,
            "less than its share"
        );
        assert_eq!(
            thrift.account(SECOND, SECOND / 100),
            Duration::ZERO,
            "at once"
        );
        let rest = thrift.account(SECOND / 50, SECOND / 50);
        assert!(!rest.is_zero() && rest <= LONGEST_REST, "{rest:?}");
        assert_eq!(thrift.account(Duration::ZERO, SECOND * 5), Duration::ZERO);
        assert_eq!(thrift.debt, Duration::ZERO);
    }
}
