//! Decides when each target is tried, and hands every outcome to the store.
//!
//! One loop owns the queue and the attempts in flight. It knows nothing of networks: attempts are behind [`Attempt`].

mod log;
mod pace;
mod queue;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::heartbeat::Heartbeat;
use crate::outcome::{Outcome, Phase, Reason, Verdict};
use crate::probe::Attempt;
use crate::store::{Record, State, Store};
use crate::target::{Target, TargetId};
pub use pace::period;
use queue::{Next, Queue};

/// The loop wakes at least this often, to show that it lives.
const TICK: Duration = Duration::from_secs(1);
/// A loop that wakes this much too late was stopped, together with all attempts in flight.
const STALL: Duration = Duration::from_secs(5);
/// At most one sweep in this time.
const SWEEP_PAUSE: Duration = Duration::from_mins(1);

/// What is to be done; replaced as a whole when plan or configuration change.
#[derive(Debug)]
pub struct Work<A> {
    /// What to try.
    pub targets: Vec<Arc<Target>>,
    /// How.
    pub attempt: Arc<A>,
    /// Time between two attempts at a target.
    pub interval: Duration,
    /// Attempts in flight, at most.
    pub concurrency: usize,
}

/// A failure that was confirmed, for who looks into failures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Confirmed {
    /// Of which target.
    pub id: TargetId,
    /// Where and why.
    pub failure: (Phase, Reason),
}

impl Confirmed {
    /// Whether it is what is believed of `record` still.
    pub fn is_of(&self, record: &Record) -> bool {
        record.target.id == self.id && record.failure_key() == Some(self.failure)
    }
}

/// Tries all targets of the current work, for ever.
#[derive(Debug)]
pub struct Scheduler<A> {
    work: watch::Receiver<Arc<Work<A>>>,
    store: Arc<Store>,
    heartbeat: Arc<Heartbeat>,
    /// How late the latest attempt started.
    lag: Duration,
    queue: Queue,
    in_flight: JoinSet<Outcome>,
    targets_in_flight: HashMap<Id, Arc<Target>>,
    last_sweep: Option<Instant>,
    confirmed: Option<mpsc::Sender<Confirmed>>,
}

impl<A: Attempt> Scheduler<A> {
    /// A scheduler for the node of this name.
    pub fn new(
        node: String,
        work: watch::Receiver<Arc<Work<A>>>,
        store: Arc<Store>,
        heartbeat: Arc<Heartbeat>,
    ) -> Self {
        let interval = work.borrow().interval;
        Self {
            work,
            store,
            heartbeat,
            lag: Duration::ZERO,
            queue: Queue::new(node, interval, Instant::now()),
            in_flight: JoinSet::new(),
            targets_in_flight: HashMap::new(),
            last_sweep: None,
            confirmed: None,
        }
    }

    /// Tells of every failure that is confirmed. Who does not listen in time misses it: nothing here waits.
    #[must_use]
    pub fn telling(mut self, confirmed: mpsc::Sender<Confirmed>) -> Self {
        self.confirmed = Some(confirmed);
        self
    }

    /// Runs until `stop`; attempts in flight are dropped then, and not recorded.
    pub async fn run(mut self, stop: CancellationToken) {
        self.adopt();
        loop {
            self.launch();
            self.heartbeat.beat(self.lag);
            let slept_at = Instant::now();
            let wake_at = self.wake_at(slept_at);
            let ended = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = self.work.changed() => {
                    self.adopt();
                    None
                }
                Some(ended) = self.in_flight.join_next_with_id() => Some(ended),
                () = sleep_until(wake_at) => None,
            };
            if Instant::now() > wake_at + STALL {
                self.recover().await;
            } else if let Some(ended) = ended {
                self.record(ended);
            }
        }
        self.in_flight.shutdown().await;
    }

    fn adopt(&mut self) {
        let work = Arc::clone(&self.work.borrow_and_update());
        self.store.set_targets(&work.targets);
        self.queue
            .set_targets(&work.targets, work.interval, Instant::now());
    }

    fn wake_at(&self, now: Instant) -> Instant {
        let tick = now + TICK;
        let free = self.in_flight.len() < self.work.borrow().concurrency;
        self.queue
            .next_due()
            .filter(|_| free)
            .map_or(tick, |due| due.clamp(now, tick))
    }

    fn launch(&mut self) {
        let work = Arc::clone(&self.work.borrow());
        while self.in_flight.len() < work.concurrency {
            let Some(due) = self.queue.take_due(Instant::now()) else {
                break;
            };
            self.lag = due.late;
            let (attempt, target) = (Arc::clone(&work.attempt), Arc::clone(&due.target));
            let handle = self
                .in_flight
                .spawn(async move { attempt.attempt(&target, due.ordinal).await });
            self.targets_in_flight.insert(handle.id(), due.target);
        }
    }

    fn record(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(error) => (error.id(), None),
        };
        let Some(target) = self.targets_in_flight.remove(&id) else {
            return;
        };
        // Only a panic ends an attempt without an outcome: none is aborted outside recovery and stop.
        let outcome = outcome.unwrap_or_else(|| Outcome::of_panic(target.probe.first_phase()));
        let kissed = outcome
            .facts
            .ntp
            .as_ref()
            .is_some_and(|ntp| ntp.kiss_code.is_some());
        let proven = outcome.verdict == Verdict::Reachable;
        log::attempt(&target.id, &outcome);
        let effect = self.store.record(&target.id, outcome);
        let confirm = effect.as_ref().is_some_and(|effect| effect.confirm);
        let next = match (confirm, kissed, proven) {
            (true, ..) => Next::Confirm,
            (false, true, _) => Next::BackOff,
            (false, false, true) => Next::Regular,
            (false, false, false) => Next::Again,
        };
        let now = Instant::now();
        self.queue.ended(&target.id, next, now);
        if let Some(failure) = effect.as_ref().and_then(|effect| effect.confirmed) {
            self.tell(&target.id, failure);
        }
        if let Some(change) = effect.and_then(|effect| effect.change) {
            log::change(&target.id, &change);
            if change.to == State::Unreachable {
                self.sweep(now);
            }
        }
    }

    fn tell(&self, id: &TargetId, failure: (Phase, Reason)) {
        if let Some(listener) = &self.confirmed {
            let id = id.clone();
            // A full queue, or nobody there, means that it will not be looked into.
            let _ = listener.try_send(Confirmed { id, failure });
        }
    }

    /// The extent of a change of the firewall is known at once, not an interval later.
    fn sweep(&mut self, now: Instant) {
        if self.last_sweep.is_none_or(|last| now >= last + SWEEP_PAUSE) {
            self.last_sweep = Some(now);
            self.queue.sweep(now);
        }
    }

    /// The process was stopped: deadlines passed that nobody could keep. Attempts in flight prove nothing,
    /// and what is overdue must not start all at once.
    async fn recover(&mut self) {
        tracing::warn!("the agent was stopped for a while; attempts under way are not counted");
        self.in_flight.shutdown().await;
        self.targets_in_flight.clear();
        self.queue.respread(Instant::now());
    }
}
