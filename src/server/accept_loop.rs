//! Accepts connections at once, however many are open already. `axum::serve` would set no timer and no cap.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Shared, refuse};
use super::connections::Connections;
use super::cpu_budget::CpuBudget;
use super::listener::{Accepted, Listener};
use super::long_lived::LongLived;
use super::peer::{Peer, is_local};
use super::peer_rate::PeerRate;

/// Serves until `stop`, then gives the connections under way their grace.
pub(super) async fn serve(listener: TcpListener, shared: Shared, stop: CancellationToken) {
    let limits = shared.limits;
    let mut acceptor = Acceptor {
        connections: Connections::new(limits),
        watchers: Arc::new(Semaphore::new(limits.watchers)),
        peer_rate: PeerRate::new(),
        tasks: TaskTracker::new(),
        shared: Arc::new(shared),
        stop: stop.clone(),
    };
    let mut budget = CpuBudget::new();
    let mut listener = Listener::new(listener);
    let accepting = async {
        loop {
            let overdrawn = budget.is_overdrawn().await;
            acceptor.handle(listener.accept().await, overdrawn);
            // All that wait: nobody is to stand in the queue behind those who are refused.
            while !acceptor.is_full()
                && let Some(accepted) = listener.try_accept().await
            {
                acceptor.handle(accepted, overdrawn);
            }
            // Whoever was admitted may ask before the next ones can take the slot.
            yield_now().await;
            // And whoever was evicted leaves.
            while acceptor.is_full() {
                yield_now().await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = accepting => {}
    }
    acceptor.tasks.close();
    // What is not done by then ends with the runtime.
    let _ = tokio::time::timeout(limits.grace, acceptor.tasks.wait()).await;
}

/// Admits connections or refuses them, and keeps the tasks that serve them.
struct Acceptor {
    connections: Arc<Connections>,
    watchers: Arc<Semaphore>,
    peer_rate: PeerRate,
    tasks: TaskTracker,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

impl Acceptor {
    /// Whether so many are open, those that are closing included, that no other is accepted before some have ended.
    fn is_full(&self) -> bool {
        const CLOSING: usize = 64;
        let limits = self.shared.limits;
        self.tasks.len() >= limits.connections + limits.reserve + CLOSING
    }

    /// Admits a connection, or refuses it.
    fn handle(&mut self, (stream, address): Accepted, overdrawn: bool) {
        let here = stream.local_addr().ok();
        let local = is_local(address, here);
        let peer = Peer::of(address, here);
        let allowed = local || !overdrawn || self.peer_rate.allow(peer);
        let Some(slot) = allowed
            .then(|| self.connections.admit(peer, local))
            .flatten()
        else {
            return refuse(&stream, &self.shared);
        };
        let long_lived = LongLived::new(
            Arc::clone(&self.watchers),
            Arc::clone(&slot.long_lived),
            self.shared.limits.heartbeat,
            self.stop.clone(),
        );
        let connection = Connection {
            peer,
            slot: Arc::new(slot),
            long_lived,
        };
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        self.tasks.spawn(connection.run(shared, stream, stop));
    }
}
