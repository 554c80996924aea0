//! The scheduler's sign of life, readable from any thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Beaten by the scheduler on every turn of its loop, read by the health page and the metrics.
#[derive(Debug)]
pub struct Heartbeat {
    started: Instant,
    /// Milliseconds after `started`.
    last_beat: AtomicU64,
    /// Microseconds.
    lag: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new()
    }
}

impl Heartbeat {
    /// The start counts as the first beat.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            last_beat: AtomicU64::new(0),
            lag: AtomicU64::new(0),
        }
    }

    /// Notes that the scheduler runs, and how late its latest attempt started.
    pub fn beat(&self, lag: Duration) {
        let now = whole(self.started.elapsed().as_millis());
        self.last_beat.store(now, Ordering::Relaxed);
        self.lag.store(whole(lag.as_micros()), Ordering::Relaxed);
    }

    /// Time since the last beat.
    pub fn age(&self) -> Duration {
        let last = Duration::from_millis(self.last_beat.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(last)
    }

    /// How late the latest attempt started.
    pub fn lag(&self) -> Duration {
        Duration::from_micros(self.lag.load(Ordering::Relaxed))
    }

    /// Time since the agent started.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

fn whole(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_beat_resets_the_age_and_keeps_the_lag() {
        let heartbeat = Heartbeat::new();
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(heartbeat.age(), Duration::from_secs(40));
        heartbeat.beat(Duration::from_millis(3));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(heartbeat.age(), Duration::from_secs(2));
        assert_eq!(heartbeat.lag(), Duration::from_millis(3));
        assert_eq!(heartbeat.uptime(), Duration::from_secs(42));
    }
}
