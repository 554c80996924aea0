//! Looks into confirmed failures, one at a time and within the limits of the agenda. Probing never waits for it.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::agenda::Agenda;
use crate::experiment::{Case, Experiment};
use crate::schedule::Confirmed;
use crate::store::Store;

/// Confirmed failures on their way; what comes while so many are is not looked into.
const QUEUE: usize = 256;

/// Who makes the experiments.
pub(super) struct Experimenter<E> {
    experiment: Option<Arc<E>>,
    store: Arc<Store>,
    confirmed: mpsc::Receiver<Confirmed>,
    agenda: Agenda,
}

impl<E: Experiment> Experimenter<E> {
    /// One that does nothing without `experiment`; and where it is told of failures.
    pub(super) fn new(experiment: Option<E>, store: Arc<Store>) -> (Self, mpsc::Sender<Confirmed>) {
        let (tell, confirmed) = mpsc::channel(QUEUE);
        let experimenter = Self {
            experiment: experiment.map(Arc::new),
            store,
            confirmed,
            agenda: Agenda::default(),
        };
        (experimenter, tell)
    }

    /// Runs until `stop`; experiments under way are dropped then.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let Some(experiment) = self.experiment.take() else {
            return;
        };
        let work = async {
            loop {
                let next = self.agenda.next_at();
                tokio::select! {
                    Some(failure) = self.confirmed.recv() => self.agenda.add(failure, Instant::now()),
                    () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                        if let Some(failure) = self.agenda.take(Instant::now()) {
                            look_into(&failure, &experiment, &self.store).await;
                        }
                    }
                    else => return,
                }
            }
        };
        stop.run_until_cancelled(work).await;
    }
}

/// Unless it is over, or another failure, by now.
async fn look_into<E: Experiment>(failure: &Confirmed, experiment: &Arc<E>, store: &Store) {
    let records = store.snapshot();
    let mut alike = records.iter().filter(|record| {
        record.target.id == failure.id && record.failure_key() == Some(failure.failure)
    });
    let found = alike.next().and_then(|record| Case::find(record, &records));
    let Some(case) = found else {
        return;
    };
    let began = Instant::now();
    // A task of its own: a panic in it is missing evidence, and not the end of the agent.
    let (mut task, experiment) = (JoinSet::new(), Arc::clone(experiment));
    task.spawn(async move { experiment.examine(&case).await });
    if let Some(Ok(Some(findings))) = task.join_next().await {
        store.note(&failure.id, Arc::new(findings));
    }
    let (id, seconds) = (&failure.id, began.elapsed().as_secs_f64());
    tracing::debug!(target = %id.target, probe = %id.probe, seconds, "failure looked into");
}
