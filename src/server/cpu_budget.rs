//! How much CPU time the server's thread may take: a flood of cheap requests must leave probing its share.
//!
//! Without this, thousands of requests a second would use up the quota of a container with a CPU limit, and the kernel
//! would stop the thread that probes as well.

use std::fs::read_to_string;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, sleep};

/// One part of so many, of one CPU or of the container's limit.
pub(super) const SHARE: u32 = 4;
/// So much may be used at once.
const BURST: Duration = Duration::from_secs(1);
/// What is used beyond this is forgiven: an overload must not last long after its end.
const MOST_OVERDRAWN: Duration = Duration::from_secs(5);
/// The longest that nothing is accepted: the kubelet waits in the same queue.
const PAUSE: Duration = Duration::from_millis(50);

/// What the calling thread has used.
#[derive(Debug)]
pub(super) struct CpuBudget {
    /// CPU time allowed in a second, in seconds.
    rate: f64,
    used: Duration,
    looked: Instant,
    /// Used beyond what the rate allows, in seconds.
    overdraft: f64,
}

impl CpuBudget {
    /// Begins to count, on the thread that is counted.
    pub(super) fn new() -> Self {
        Self {
            rate: processors().min(1.0) / f64::from(SHARE),
            used: used(),
            looked: Instant::now(),
            overdraft: 0.0,
        }
    }

    /// Whether so much has been used that only a few callers of each address can be served. When even refusing the others
    /// takes too much, this pauses for a moment.
    pub(super) async fn is_overdrawn(&mut self) -> bool {
        let (used, now) = (used(), Instant::now());
        self.charge(used.saturating_sub(self.used), now - self.looked);
        (self.used, self.looked) = (used, now);
        if self.exceeds(2 * BURST) {
            sleep(PAUSE).await;
        }
        self.exceeds(BURST)
    }

    fn charge(&mut self, used: Duration, passed: Duration) {
        let allowed = passed.as_secs_f64() * self.rate;
        let overdraft = self.overdraft + used.as_secs_f64() - allowed;
        self.overdraft = overdraft.clamp(0.0, MOST_OVERDRAWN.as_secs_f64());
    }

    fn exceeds(&self, limit: Duration) -> bool {
        self.overdraft > limit.as_secs_f64()
    }
}

/// CPU time of this thread. Where it cannot be had, nothing is ever too much.
pub(super) fn used() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// How many CPUs the container's limit is worth.
fn processors() -> f64 {
    let limit = read_to_string("/sys/fs/cgroup/cpu.max");
    limit.ok().and_then(|limit| quota(&limit)).unwrap_or(1.0)
}

/// `QUOTA PERIOD`, or `max PERIOD`.
fn quota(limit: &str) -> Option<f64> {
    let (quota, period) = limit.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn more_than_its_share_is_too_much_and_time_makes_good() {
        let mut budget = CpuBudget::new();
        budget.rate = 0.25;
        budget.charge(SECOND / 5, SECOND);
        assert!(budget.overdraft <= 0.0, "less than its share");
        budget.charge(SECOND, SECOND / 100);
        assert!(!budget.exceeds(BURST), "at once");
        budget.charge(SECOND / 50, SECOND / 50);
        assert!(budget.exceeds(BURST));
        budget.charge(Duration::ZERO, SECOND * 5);
        assert!(budget.overdraft <= 0.0, "nothing is saved up");
    }

    #[test]
    fn a_limit_of_the_container_is_a_part_of_a_processor_or_many() {
        assert_eq!(quota("50000 100000\n"), Some(0.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("0 0"), None);
    }
}
