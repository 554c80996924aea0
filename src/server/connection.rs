//! Accepts connections at once, whoever is there already. `axum::serve` would set no timer and no cap.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::crowd::Crowd;
use super::lasting::Lasting;
use super::peer::{Peer, is_at_home};
use super::thrift::Thrift;
use super::visit::{House, Visit, turn_away};

/// Serves until `stop`, then gives the connections under way their grace.
pub(super) async fn serve(listener: TcpListener, house: House, stop: CancellationToken) {
    let limits = house.limits;
    let house = Arc::new(house);
    let connections = TaskTracker::new();
    let crowd = Crowd::new(limits);
    let watchers = Arc::new(Semaphore::new(limits.watchers));
    let mut thrift = Thrift::new();
    while let Some((stream, address)) = next(&listener, &mut thrift, &stop).await {
        let at_home = is_at_home(address, stream.local_addr().ok());
        let peer = Peer::of(address);
        match crowd.admit(peer, at_home) {
            Some(place) => {
                let begun = Arc::clone(&place.lasts);
                let watchers = Arc::clone(&watchers);
                let lasting = Lasting::new(watchers, begun, limits.heartbeat, stop.clone());
                let (house, stop) = (Arc::clone(&house), stop.clone());
                let visit = Visit {
                    peer,
                    place: Arc::new(place),
                    lasting,
                };
                connections.spawn(visit.run(house, stream, stop));
            }
            None => turn_away(&stream, &house),
        }
        // Whoever was let in may ask before the next one can take the place.
        yield_now().await;
    }
    connections.close();
    // What is not done by then ends with the runtime.
    let _ = tokio::time::timeout(limits.grace, connections.wait()).await;
}

/// The next connection; `None` once the server stops.
async fn next(
    listener: &TcpListener,
    thrift: &mut Thrift,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr)> {
    let accepted = async {
        thrift.rest().await;
        accept(listener).await
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = accepted => Some(accepted),
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    /// Accepting fails when descriptors run out; trying again at once would burn the CPU.
    const PAUSE: Duration = Duration::from_millis(200);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The caller is gone already; the next one is not.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
