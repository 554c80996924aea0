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
use super::crowd::Place;
use super::farewell::{self, Farewell, Wire};
use super::gate::{self, Caller};
use super::lasting::Lasting;
use super::passwords::Passwords;
use super::peer::Peer;
use crate::web::Access;

/// What all visits share.
pub(super) struct House {
    pub(super) router: TowerToHyperService<Router>,
    pub(super) limits: Limits,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) passwords: Passwords,
}

/// Somebody who was let in.
pub(super) struct Visit {
    pub(super) peer: Peer,
    pub(super) place: Arc<Place>,
    pub(super) lasting: Lasting,
}

/// There is no place: says so, without waiting for anything. Over TLS it could not be understood.
pub(super) fn turn_away(stream: &TcpStream, house: &House) {
    if house.access.load().tls.is_none() {
        farewell::say_at_once(stream, Farewell::Full);
    }
}

impl Visit {
    pub(super) async fn run(self, house: Arc<House>, stream: TcpStream, stop: CancellationToken) {
        let limit = house.limits.connection;
        let lasting = self.lasting.clone();
        tokio::select! {
            result = self.receive(&house, stream, stop) => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                }
            }
            // A slow reader is cut off; it has nobody to tell.
            () = lasting.outlived(limit) => {}
        }
    }

    async fn receive(
        self,
        house: &Arc<House>,
        stream: TcpStream,
        stop: CancellationToken,
    ) -> io::Result<()> {
        prepare(&stream, house.limits)?;
        // One web config for the whole visit: what the handshake has shown is judged by the same.
        let access = house.access.load_full();
        let Some(tls) = &access.tls else {
            return self.converse(house, access, stream, false, stop).await;
        };
        let leave = self.place.leave.clone();
        let handshake = async {
            if !farewell::begins_a_handshake(&stream).await? {
                farewell::say_at_once(&stream, Farewell::PlainHttp);
                return Ok(None);
            }
            TlsAcceptor::from(Arc::clone(tls))
                .accept(stream)
                .await
                .map(Some)
        };
        let stream = tokio::select! {
            () = leave.cancelled() => return Ok(()),
            shaken = timeout(house.limits.handshake, handshake) => shaken.map_err(io::Error::from)??,
        };
        let Some(stream) = stream else {
            return Ok(());
        };
        let has_certificate = stream.get_ref().1.peer_certificates().is_some();
        self.converse(house, access, stream, has_certificate, stop)
            .await
    }

    async fn converse<S: AsyncRead + AsyncWrite + Wire + Unpin + Send>(
        self,
        house: &Arc<House>,
        access: Arc<Access>,
        stream: S,
        has_certificate: bool,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let (place, leave) = (Arc::clone(&self.place), self.place.leave.clone());
        let caller = Caller {
            peer: self.peer,
            has_certificate,
        };
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            place.asked();
            request.extensions_mut().insert(self.lasting.clone());
            let access = Arc::clone(&access);
            async move { Ok::<_, Infallible>(answer(house, &access, caller, request).await) }
        });
        // One request a connection: idle ones would hold the places of others.
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(house.limits.header_read)
            .max_buf_size(house.limits.header_bytes)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        let farewell = tokio::select! {
            result = &mut connection => match result {
                Ok(()) => {
                    let stream = connection.into_parts().io.into_inner();
                    farewell::part(stream, &leave).await;
                    return Ok(());
                }
                Err(error) if error.is_timeout() => Farewell::Slow,
                Err(error) => return Err(io::Error::other(error)),
            },
            () = leave.cancelled() => Farewell::Full,
            () = stop.cancelled() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                return connection.await.map_err(io::Error::other);
            }
        };
        // Half an answer may have been sent, unless the request is not even whole.
        if !place.has_asked() {
            farewell::say(connection.into_parts().io.into_inner(), farewell).await;
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
    house: &House,
    access: &Access,
    caller: Caller,
    request: hyper::Request<Incoming>,
) -> Response {
    let passed = gate::pass(&request, caller, access, &house.passwords).await;
    let mut response = match passed {
        Ok(()) => {
            let Ok(response) = house.router.call(request).await;
            response
        }
        Err(refusal) => refusal,
    };
    for (name, value) in &access.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}
