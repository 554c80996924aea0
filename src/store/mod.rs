//! What is known of every target: state, latest outcome, recent attempts, state changes. All bounded.
//!
//! The scheduler writes outcomes and whoever experiments writes findings; pages and metrics read copies.

mod history;
mod record;
mod state;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

pub use history::{Attempted, Change};
pub use record::{AddressState, Effect, Record};
pub use state::State;

use crate::outcome::{Findings, Outcome};
use crate::target::{Target, TargetId};

/// The records of a plan's targets.
#[derive(Debug, Default)]
pub struct Store {
    // A std mutex: it is held for microseconds and never across an await.
    records: Mutex<BTreeMap<TargetId, Record>>,
    /// Says that something which readers see has changed, not what.
    news: watch::Sender<()>,
}

impl Store {
    /// Makes the records those of `targets`: known targets keep their history, others start pending,
    /// and records of targets that are gone are dropped.
    pub fn set_targets(&self, targets: &[Arc<Target>]) {
        let mut records = self.lock();
        let mut known = std::mem::take(&mut *records);
        *records = targets
            .iter()
            .map(|target| {
                let mut record = known
                    .remove(&target.id)
                    .unwrap_or_else(|| Record::new(Arc::clone(target), Timestamp::now()));
                record.target = Arc::clone(target);
                (target.id.clone(), record)
            })
            .collect();
        drop(records);
        self.news.send_replace(());
    }

    /// Takes in one outcome. `None` when the target is gone meanwhile.
    pub fn record(&self, id: &TargetId, outcome: Outcome) -> Option<Effect> {
        let mut records = self.lock();
        let record = records.get_mut(id)?;
        let before = record.appearance();
        let effect = record.take(outcome);
        let news = record.appearance() != before;
        drop(records);
        if news {
            self.news.send_replace(());
        }
        Some(effect)
    }

    /// Wakes whoever waits for a change of what readers see first: states, failures, warnings, the targets themselves.
    /// An attempt that only repeats what is known wakes nobody.
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// Keeps what experiments found out about a target, for as long as it is not reachable.
    pub fn note(&self, id: &TargetId, findings: Arc<Findings>) {
        if let Some(record) = self.lock().get_mut(id) {
            record.note(findings);
        }
        // They may tell the cause.
        self.news.send_replace(());
    }

    /// A copy of every record, in the order of targets.
    pub fn snapshot(&self) -> Vec<Record> {
        self.lock().values().cloned().collect()
    }

    /// A copy of one record.
    pub fn get(&self, id: &TargetId) -> Option<Record> {
        self.lock().get(id).cloned()
    }

    /// Whether every target has left the pending state.
    pub fn first_round_done(&self) -> bool {
        self.lock()
            .values()
            .all(|record| record.state != State::Pending)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TargetId, Record>> {
        // Records are replaced whole; a panic elsewhere leaves none half-written.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
