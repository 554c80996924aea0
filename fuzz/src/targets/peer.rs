//! The other end of a connection: it says its bytes in two segments once it is spoken to, takes everything, and ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) struct Peer<'a> {
    segments: [&'a [u8]; 2],
    spoken_to: bool,
    /// Who waits for it to speak.
    waiting: Option<Waker>,
}

/// Peers that differ in where their first segment ends: nowhere, in the middle, and at a place that the bytes choose.
pub(crate) fn peers(said: &[u8]) -> [Peer<'_>; 3] {
    let sum: usize = said.iter().map(|byte| usize::from(*byte)).sum();
    [said.len(), said.len() / 2, sum % (said.len() + 1)].map(|cut| Peer {
        segments: said.split_at(cut).into(),
        spoken_to: false,
        waiting: None,
    })
}

impl Peer<'_> {
    /// Another one that says the same.
    pub(crate) const fn again(&self) -> Self {
        Self {
            segments: self.segments,
            spoken_to: false,
            waiting: None,
        }
    }
}

impl AsyncRead for Peer<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.spoken_to {
            self.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if let Some(segment) = self.segments.iter_mut().find(|segment| !segment.is_empty()) {
            let (now, later) = segment.split_at(segment.len().min(buffer.remaining()));
            buffer.put_slice(now);
            *segment = later;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.spoken_to = true;
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
