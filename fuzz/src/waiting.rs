//! Runs what waits for a peer, where every peer is ready at once.

use std::cell::OnceCell;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

pub fn now<F: Future>(waiting: F) -> F::Output {
    RUNTIME.with(|cell| {
        let runtime = cell.get_or_init(|| {
            let mut builder = Builder::new_current_thread();
            builder.enable_time().build().expect("a runtime")
        });
        runtime.block_on(waiting)
    })
}

/// Where segments may end: nowhere, in the middle, and at a place that the bytes choose.
pub fn cuts(said: &[u8]) -> [usize; 3] {
    let sum: usize = said.iter().map(|byte| usize::from(*byte)).sum();
    [said.len(), said.len() / 2, sum % (said.len() + 1)]
}
