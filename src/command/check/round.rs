//! One round over all targets, every failure confirmed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::live::Live;
use crate::outcome::Outcome;
use crate::probe::Attempt;
use crate::store::Store;
use crate::target::Target;

/// Between an attempt that failed and the one that confirms it.
const CONFIRM_AFTER: Duration = Duration::from_millis(500);
/// No failure needs more than two attempts to be believed.
const MOST_ATTEMPTS: u64 = 2;

/// Tries every target, at most `concurrency` of them at once.
pub(super) async fn run<A: Attempt>(
    targets: &[Arc<Target>],
    attempt: Arc<A>,
    store: &Store,
    concurrency: usize,
    live: &mut Live,
) {
    let permits = Arc::new(Semaphore::new(concurrency));
    let mut attempts = JoinSet::new();
    for target in targets {
        start(&mut attempts, &permits, &attempt, target, 0);
    }
    while let Some(ended) = attempts.join_next().await {
        let Ok((target, ordinal, outcome)) = ended else {
            // The task catches panics of attempts; its own end is nothing that can be recorded.
            continue;
        };
        let confirm = store
            .record(&target.id, outcome)
            .is_some_and(|effect| effect.confirm);
        if confirm && ordinal + 1 < MOST_ATTEMPTS {
            start(&mut attempts, &permits, &attempt, &target, ordinal + 1);
            continue;
        }
        if let Some(record) = store.get(&target.id) {
            live.decided(&record);
        }
    }
}

fn start<A: Attempt>(
    attempts: &mut JoinSet<(Arc<Target>, u64, Outcome)>,
    permits: &Arc<Semaphore>,
    attempt: &Arc<A>,
    target: &Arc<Target>,
    ordinal: u64,
) {
    let (permits, attempt, target) = (Arc::clone(permits), Arc::clone(attempt), Arc::clone(target));
    attempts.spawn(async move {
        if ordinal > 0 {
            sleep(CONFIRM_AFTER).await;
        }
        // Never closed; without a permit the attempt would still be one.
        let _permit = permits.acquire_owned().await;
        let of_attempt = Arc::clone(&target);
        let tried = tokio::spawn(async move { attempt.attempt(&of_attempt, ordinal).await });
        let outcome = tried
            .await
            .unwrap_or_else(|_| Outcome::of_panic(target.probe.first_phase()));
        (target, ordinal, outcome)
    });
}
