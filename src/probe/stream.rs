//! A TCP connection together with what came over it before it was ours.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Reads what came early first. (A server behind a proxy that speaks first may do so in the very segment in which
/// the proxy says that the tunnel stands.)
#[derive(Debug)]
pub(super) struct Stream {
    early: Bytes,
    /// Ended the connection before anybody read or wrote.
    end: Option<io::Error>,
    tcp: TcpStream,
}

impl Stream {
    /// A connection that has stood and is over: whoever reads or writes first meets `end`.
    pub(super) fn broken(tcp: TcpStream, end: io::Error) -> Self {
        Self {
            end: Some(end),
            ..Self::from(tcp)
        }
    }

    /// The same connection, `early` before everything that is still to come.
    pub(super) fn with_early(self, early: Bytes) -> Self {
        Self { early, ..self }
    }
}

impl From<TcpStream> for Stream {
    fn from(tcp: TcpStream) -> Self {
        Self {
            early: Bytes::new(),
            end: None,
            tcp,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(end) = self.end.take() {
            return Poll::Ready(Err(end));
        }
        if self.early.is_empty() {
            return Pin::new(&mut self.tcp).poll_read(cx, buffer);
        }
        let count = self.early.len().min(buffer.remaining());
        buffer.put_slice(&self.early[..count]);
        self.early.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.end.take() {
            Some(end) => Poll::Ready(Err(end)),
            None => Pin::new(&mut self.tcp).poll_write(cx, bytes),
        }
    }

    /// Without it, every record of a TLS flight leaves in a packet of its own.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.end.take() {
            Some(end) => Poll::Ready(Err(end)),
            None => Pin::new(&mut self.tcp).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn the_pieces_of_a_flight_leave_together() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = listener.local_addr().unwrap();
        let connecting = TcpSocket::new_v4().unwrap().connect(peer);
        let (ours, theirs) = tokio::join!(connecting, listener.accept());
        let (mut ours, mut theirs) = (Stream::from(ours.unwrap()), theirs.unwrap().0);
        let pieces = [IoSlice::new(b"key, "), IoSlice::new(b"finished")];
        assert_eq!(ours.write_vectored(&pieces).await.unwrap(), 13);
        let mut arrived = [0; 13];
        theirs.read_exact(&mut arrived).await.unwrap();
        assert_eq!(&arrived, b"key, finished");
    }
}
