//! The end of a connection. Those who get no answer get a sentence, if they can take it at once; those who get one are
//! waited for, so that their slot is not free while the kernel still keeps what they do not read.

use std::io;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// Why there is no answer; the client is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// Another connection got the slot, or none may be evicted.
    Full,
    /// The request took too long.
    Slow,
    /// Something else than TLS where TLS is spoken.
    PlainHttp,
}

impl Refusal {
    fn text(self) -> String {
        let (status, text) = match self {
            Self::Full => (
                "503 Service Unavailable\r\nRetry-After: 1",
                "Too many are connected. Try again later.",
            ),
            Self::Slow => ("408 Request Timeout", "The request took too long."),
            Self::PlainHttp => (
                "400 Bad Request",
                "TLS is spoken here: the address begins with https://.",
            ),
        };
        let length = text.len() + 1;
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{text}\n"
        )
    }
}

/// Whether the first byte that comes can be that of a TLS handshake.
pub(super) async fn begins_a_handshake(stream: &TcpStream) -> io::Result<bool> {
    const HANDSHAKE: u8 = 22;
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read == 0 || first == [HANDSHAKE])
}

/// Without waiting for anything.
pub(super) fn send_at_once(stream: &TcpStream, refusal: Refusal) {
    // The kernel may keep these few words.
    let _ = SockRef::from(stream).set_linger(None);
    // What is left unread when a socket is closed makes the kernel take the answer back.
    let _ = stream.try_read(&mut [0; 4096]);
    // Whoever cannot take it does without.
    let _ = stream.try_write(refusal.text().as_bytes());
}

/// A stream over TCP.
pub(super) trait OverTcp {
    /// What it goes over.
    fn tcp(&self) -> &TcpStream;
}

impl OverTcp for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl OverTcp for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// The same on a stream of any kind.
pub(super) async fn send<S: AsyncWrite + OverTcp + Unpin>(mut stream: S, refusal: Refusal) {
    // The kernel may keep these few words.
    let _ = SockRef::from(stream.tcp()).set_linger(None);
    let text = refusal.text();
    let sending = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    };
    // Polled once: those who are evicted must not gather here.
    let _ = timeout(Duration::ZERO, sending).await;
}

/// What comes behind a request is thrown away, but not for ever. In bytes.
pub(super) const MOST_DRAINED: usize = 64 * 1024;

/// Waits until the peer has read everything and closes, or somebody else gets the slot.
pub(super) async fn drain<S: AsyncRead + OverTcp + Unpin>(
    mut stream: S,
    evicted: &CancellationToken,
) {
    let mut more = [0; 512];
    let reading = async {
        let mut left = MOST_DRAINED;
        while let Ok(read @ 1..) = stream.read(&mut more).await
            && read <= left
        {
            left -= read;
        }
    };
    tokio::select! {
        () = evicted.cancelled() => {}
        () = reading => {}
    }
}
