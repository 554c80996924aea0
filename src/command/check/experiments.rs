//! Looks into what the round found failing, all cases side by side.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::experiment::{Case, Experiment};
use crate::store::Store;

/// What more than these have in common shows in these.
const MOST_CASES: usize = 64;

/// Ends within one deadline: experiments keep to it themselves.
pub(super) async fn run<E: Experiment>(experiment: &Arc<E>, store: &Store) {
    let records = store.snapshot();
    let cases = records
        .iter()
        .filter_map(|record| Case::find(record, &records));
    let mut examined = JoinSet::new();
    for case in cases.take(MOST_CASES) {
        let experiment = Arc::clone(experiment);
        examined.spawn(async move { (experiment.examine(&case).await, case) });
    }
    while let Some(ended) = examined.join_next().await {
        // One that ended in a panic found nothing.
        if let Ok((Some(findings), case)) = ended {
            store.note(&case.target.id, Arc::new(findings));
        }
    }
}
