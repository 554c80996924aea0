//! Accepts connections and serves one request on each. `axum::serve` would set no timer and no cap.

use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::entrance::Entrance;
use super::lasting::Lasting;

/// Serves until `stop`, then gives the connections under way their grace.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let free = Arc::new(Semaphore::new(limits.connections));
    let places = Arc::new(Semaphore::new(limits.watchers));
    let mut entrance = Entrance::new(listener);
    while let Some((stream, permit)) = next(&mut entrance, &free, &stop).await {
        let lasting = Lasting::new(Arc::clone(&places), limits.heartbeat, stop.clone());
        let (router, stop) = (router.clone(), stop.clone());
        connections.spawn(async move {
            let exchange = exchange(stream, router, limits, lasting.clone(), stop);
            tokio::select! {
                () = exchange => {}
                // A slow reader is cut off; it has nobody to tell.
                () = lasting.outlived(limits.connection) => {}
            }
            drop(permit);
        });
    }
    connections.close();
    // What is not done by then ends with the runtime.
    let _ = tokio::time::timeout(limits.grace, connections.wait()).await;
}

/// The next connection with its permit; `None` once the server stops.
async fn next(
    entrance: &mut Entrance,
    free: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accepted = async {
        let permit = Arc::clone(free).acquire_owned().await.ok()?;
        Some((entrance.accept().await.0, permit))
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = accepted => accepted,
    }
}

async fn exchange(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    lasting: Lasting,
    stop: CancellationToken,
) {
    // Without it, a peer that is gone keeps its connection for a quarter of an hour.
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(limits.unacknowledged)) {
        tracing::debug!(%error, "a connection without a limit for acknowledgements");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(lasting.clone());
        router.call(request)
    });
    // One request a connection: idle ones would hold the places of others.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(limits.header_bytes)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}
