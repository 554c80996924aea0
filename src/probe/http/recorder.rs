//! Keeps the first bytes that a peer sent, for the case that they turn out not to be HTTP, and ends what has no end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Enough to recognise another protocol by, in bytes.
const MOST_KEPT: usize = 64;

/// Twice the largest head, in bytes. Answers that only announce another one (1xx) could go on for ever.
const MOST_READ: usize = 64 * 1024;

/// A stream that remembers how its peer began.
#[derive(Debug)]
pub(super) struct Recorder<S> {
    stream: S,
    begin: Vec<u8>,
    read: usize,
}

impl<S> Recorder<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self {
            stream,
            begin: Vec::new(),
            read: 0,
        }
    }

    /// The stream, and the first bytes that came over it.
    pub(super) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.begin)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorder<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read >= MOST_READ {
            let error = io::Error::new(io::ErrorKind::InvalidData, "an answer without an end");
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let fresh = &buffer.filled()[before..];
        this.read += fresh.len();
        let wanted = fresh.len().min(MOST_KEPT - this.begin.len());
        this.begin.extend_from_slice(&fresh[..wanted]);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorder<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
