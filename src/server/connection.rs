//! One connection from its first byte to its end: a TLS handshake where there is TLS, one request, one answer.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::auth::{self, Caller};
use super::closing::{self, OverTcp, Refusal};
use super::connections::Slot;
use super::long_lived::LongLived;
use super::passwords::Passwords;
use super::peer::Peer;
use crate::web_config::Access;

/// What all connections share.
pub(super) struct Shared {
    pub(super) router: TowerToHyperService<Router>,
    pub(super) limits: Limits,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) passwords: Passwords,
}

/// A connection that was admitted.
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) slot: Arc<Slot>,
    pub(super) long_lived: LongLived,
}

/// There is no slot: says so, without waiting for anything. Over TLS it could not be understood.
pub(super) fn refuse(stream: &TcpStream, shared: &Shared) {
    if shared.access.load().tls.is_none() {
        closing::send_at_once(stream, Refusal::Full);
    }
}

impl Connection {
    pub(super) async fn run(self, shared: Arc<Shared>, stream: TcpStream, stop: CancellationToken) {
        let limit = shared.limits.connection;
        let long_lived = self.long_lived.clone();
        tokio::select! {
            result = self.handle(&shared, stream, stop) => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                }
            }
            // A slow reader is cut off; it has nobody to tell.
            () = long_lived.outlived(limit) => {}
        }
    }

    async fn handle(
        self,
        shared: &Arc<Shared>,
        stream: TcpStream,
        stop: CancellationToken,
    ) -> io::Result<()> {
        prepare(&stream, shared.limits)?;
        // One web config for the whole connection: what the handshake has shown is judged by the same.
        let access = shared.access.load_full();
        let Some(tls) = &access.tls else {
            return self.serve_http(shared, access, stream, false, stop).await;
        };
        let evicted = self.slot.evicted.clone();
        let handshake = async {
            if !closing::begins_a_handshake(&stream).await? {
                closing::send_at_once(&stream, Refusal::PlainHttp);
                return Ok(None);
            }
            TlsAcceptor::from(Arc::clone(tls))
                .accept(stream)
                .await
                .map(Some)
        };
        let stream = tokio::select! {
            () = evicted.cancelled() => return Ok(()),
            shaken = timeout(shared.limits.handshake, handshake) => shaken.map_err(io::Error::from)??,
        };
        let Some(stream) = stream else {
            return Ok(());
        };
        let has_certificate = stream.get_ref().1.peer_certificates().is_some();
        self.serve_http(shared, access, stream, has_certificate, stop)
            .await
    }

    async fn serve_http<S: AsyncRead + AsyncWrite + OverTcp + Unpin + Send>(
        self,
        shared: &Arc<Shared>,
        access: Arc<Access>,
        stream: S,
        has_certificate: bool,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let (slot, evicted) = (Arc::clone(&self.slot), self.slot.evicted.clone());
        let caller = Caller {
            peer: self.peer,
            has_certificate,
        };
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            slot.asked();
            request.extensions_mut().insert(self.long_lived.clone());
            let access = Arc::clone(&access);
            async move { Ok::<_, Infallible>(answer(shared, &access, caller, request).await) }
        });
        // One request a connection: idle ones would hold the slots of others.
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.header_read)
            .max_buf_size(shared.limits.header_bytes)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        let refusal = tokio::select! {
            result = &mut connection => match result {
                Ok(()) => {
                    let stream = connection.into_parts().io.into_inner();
                    closing::drain(stream, &evicted).await;
                    return Ok(());
                }
                Err(error) if error.is_timeout() => Refusal::Slow,
                Err(error) => return Err(io::Error::other(error)),
            },
            () = evicted.cancelled() => Refusal::Full,
            () = stop.cancelled() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await.map_err(io::Error::other)?;
                if slot.has_asked() {
                    closing::drain(connection.into_parts().io.into_inner(), &evicted).await;
                }
                return Ok(());
            }
        };
        // Half an answer may have been sent, unless the request is not even whole.
        if !slot.has_asked() {
            closing::send(connection.into_parts().io.into_inner(), refusal).await;
        }
        Ok(())
    }
}

/// What is known of a socket before anything is said.
fn prepare(stream: &TcpStream, limits: Limits) -> io::Result<()> {
    let socket = SockRef::from(stream);
    // Without it, a peer that is gone keeps its connection for a quarter of an hour.
    socket.set_tcp_user_timeout(Some(limits.unacknowledged))?;
    // An answer that nobody reads is not to pile up in the kernel, neither while it is sent nor after we have gone.
    socket.set_send_buffer_size(limits.send_buffer)?;
    socket.set_linger(Some(Duration::ZERO))
}

async fn answer(
    shared: &Shared,
    access: &Access,
    caller: Caller,
    request: hyper::Request<Incoming>,
) -> Response {
    let passed = auth::authorize(&request, caller, access, &shared.passwords).await;
    let mut response = match passed {
        Ok(()) => {
            let Ok(response) = shared.router.call(request).await;
            response
        }
        Err(refusal) => refusal,
    };
    for (name, value) in &access.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}
