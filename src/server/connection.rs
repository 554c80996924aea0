//! Accepts connections at once, whoever is there already. `axum::serve` would set no timer and no cap.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::crowd::Crowd;
use super::entrance::{Arrival, Entrance};
use super::lasting::Lasting;
use super::peer::{Peer, is_at_home};
use super::ration::Ration;
use super::thrift::Thrift;
use super::visit::{House, Visit, turn_away};

/// Serves until `stop`, then gives the connections under way their grace.
pub(super) async fn serve(listener: TcpListener, house: House, stop: CancellationToken) {
    let limits = house.limits;
    let mut reception = Reception {
        crowd: Crowd::new(limits),
        watchers: Arc::new(Semaphore::new(limits.watchers)),
        ration: Ration::new(),
        visits: TaskTracker::new(),
        house: Arc::new(house),
        stop: stop.clone(),
    };
    let mut thrift = Thrift::new();
    let mut entrance = Entrance::new(listener);
    let receiving = async {
        loop {
            let short = thrift.is_short().await;
            reception.receive(entrance.accept().await, short);
            // All that wait: nobody is to stand in the queue behind those who are turned away.
            while !reception.is_crowded()
                && let Some(arrival) = entrance.accept_at_once().await
            {
                reception.receive(arrival, short);
            }
            // Whoever was let in may ask before the next ones can take the place.
            yield_now().await;
            // And whoever was sent away leaves.
            while reception.is_crowded() {
                yield_now().await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = receiving => {}
    }
    reception.visits.close();
    // What is not done by then ends with the runtime.
    let _ = tokio::time::timeout(limits.grace, reception.visits.wait()).await;
}

/// Where everybody arrives.
struct Reception {
    crowd: Arc<Crowd>,
    watchers: Arc<Semaphore>,
    ration: Ration,
    visits: TaskTracker,
    house: Arc<House>,
    stop: CancellationToken,
}

impl Reception {
    /// Whether so many are here, those who are leaving included, that nobody else may come before some have left.
    fn is_crowded(&self) -> bool {
        const LEAVING: usize = 64;
        let limits = self.house.limits;
        self.visits.len() >= limits.connections + limits.reserve + LEAVING
    }

    /// Lets a caller in, or turns it away.
    fn receive(&mut self, (stream, address): Arrival, short: bool) {
        let at_home = is_at_home(address, stream.local_addr().ok());
        let peer = Peer::of(address);
        let fair = at_home || !short || self.ration.give(peer);
        let Some(place) = fair.then(|| self.crowd.admit(peer, at_home)).flatten() else {
            return turn_away(&stream, &self.house);
        };
        let lasting = Lasting::new(
            Arc::clone(&self.watchers),
            Arc::clone(&place.lasts),
            self.house.limits.heartbeat,
            self.stop.clone(),
        );
        let visit = Visit {
            peer,
            place: Arc::new(place),
            lasting,
        };
        let (house, stop) = (Arc::clone(&self.house), self.stop.clone());
        self.visits.spawn(visit.run(house, stream, stop));
    }
}
