//! A token bucket: so many at once, and one more after every interval.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Rate;

/// Shared by all who ask.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// When it will be full again: the later, the emptier it is.
    full_at: Mutex<Instant>,
}

impl Bucket {
    /// A full one.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: Mutex::new(Instant::now()),
        }
    }

    /// Takes one, unless it is empty.
    pub fn take(&self) -> bool {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (*full_at).max(now) + self.rate.interval;
        let most = self.rate.interval.saturating_mul(self.rate.burst);
        let fits = next.duration_since(now) <= most;
        if fits {
            *full_at = next;
        }
        fits
    }

    /// Time until one more can be taken.
    pub fn interval(&self) -> Duration {
        self.rate.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_then_one_after_every_interval() {
        let interval = Duration::from_secs(1);
        let bucket = Bucket::new(Rate { interval, burst: 3 });
        let taken = || (0..10).filter(|_| bucket.take()).count();
        assert_eq!(taken(), 3);
        tokio::time::advance(interval).await;
        assert_eq!(taken(), 1);
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(taken(), 3, "never more than at once");
    }
}
