//! What lets a connection last: a slot, and the end of the server instead of a limit of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Goes with every request; few ask for it.
#[derive(Debug, Clone)]
pub(super) struct LongLived {
    slots: Arc<Semaphore>,
    begun: Arc<AtomicBool>,
    /// An answer without an end sends something at least this often.
    pub(super) heartbeat: Duration,
    /// Ends an answer that would not end by itself.
    pub(super) stop: CancellationToken,
}

impl LongLived {
    /// Whoever sees `begun` set knows that the connection may last.
    pub(super) fn new(
        slots: Arc<Semaphore>,
        begun: Arc<AtomicBool>,
        heartbeat: Duration,
        stop: CancellationToken,
    ) -> Self {
        Self {
            slots,
            begun,
            heartbeat,
            stop,
        }
    }

    /// A slot for an answer without an end; none when all are taken.
    pub(super) fn begin(&self) -> Option<Begun> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        self.begun.store(true, Ordering::Relaxed);
        Some(Begun {
            begun: Arc::clone(&self.begun),
            _slot: slot,
        })
    }

    /// Returns when a connection is older than it may be, which one never is while it has a slot.
    pub(super) async fn outlived(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit).await;
            if !self.begun.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// The slot of an answer without an end. Dropping it makes the connection one like any other: the body of an answer to
/// HEAD is never sent, and a reader may stay when an answer has come to its end after all.
#[derive(Debug)]
pub(super) struct Begun {
    begun: Arc<AtomicBool>,
    _slot: OwnedSemaphorePermit,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.begun.store(false, Ordering::Relaxed);
    }
}
