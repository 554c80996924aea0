//! Signs of life of the scheduler, for health checks and metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Written by the scheduler, read by the server's thread.
#[derive(Debug)]
pub struct Pulse {
    started: Instant,
    last_beat_millis: AtomicU64,
    lag_micros: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            last_beat_millis: AtomicU64::new(0),
            lag_micros: AtomicU64::new(0),
        }
    }
}

impl Pulse {
    /// The loop has come round.
    pub(super) fn beat(&self) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_beat_millis.store(millis, Ordering::Relaxed);
    }

    pub(super) fn set_lag(&self, lag: Duration) {
        let micros = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        self.lag_micros.store(micros, Ordering::Relaxed);
    }

    /// How long the loop has not come round.
    pub fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.last_beat_millis.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(last)
    }

    /// How late the latest attempt started.
    pub fn lag(&self) -> Duration {
        Duration::from_micros(self.lag_micros.load(Ordering::Relaxed))
    }

    /// How long the agent runs.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
