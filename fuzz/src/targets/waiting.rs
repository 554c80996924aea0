//! Runs what waits for a peer, where every peer is ready at once.

use std::cell::OnceCell;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

pub(crate) fn now<F: Future>(waiting: F) -> F::Output {
    RUNTIME.with(|cell| {
        let runtime = cell.get_or_init(|| {
            let mut builder = Builder::new_current_thread();
            builder.enable_time().build().expect("a runtime")
        });
        runtime.block_on(waiting)
    })
}
