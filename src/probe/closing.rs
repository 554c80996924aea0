//! Ends connections without an RST: what the peer still sends is read for a moment before the socket is dropped.
//!
//! The kernel answers with an RST when a socket with unread data is closed; firewalls count and log those.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::addresses::Turn;

/// A peer that answers our end of the connection does so within a round trip.
pub(crate) const LINGER: Duration = Duration::from_millis(250);

/// What is read of a peer that goes on sending, in bytes.
const MOST_READ: usize = 4096;

/// Says that nothing more comes (`close_notify` in TLS, FIN in TCP), and waits a moment for the peer's end.
pub(super) async fn close(stream: impl AsyncRead + AsyncWrite + Unpin, turn: Turn) {
    close_within(patience(turn), stream).await;
}

/// The same for what is no attempt, with a patience of its own.
pub(crate) async fn close_within(
    patience: Duration,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) {
    let farewell = async {
        if stream.shutdown().await.is_ok() {
            read_rest(&mut stream, &mut Vec::new()).await;
        }
    };
    // The answer is there; how the peer takes the end changes nothing.
    let _ = timeout(patience, farewell).await;
}

/// Appends what comes to `received` (at most 4 KiB in all) while the peer, which was asked to, closes; then closes too.
pub(super) async fn close_after_peer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    received: &mut Vec<u8>,
    turn: Turn,
) {
    let farewell = async {
        read_rest(&mut stream, received).await;
    };
    let _ = timeout(patience(turn), farewell).await;
    let _ = timeout(patience(turn), stream.shutdown()).await;
}

async fn read_rest(stream: &mut (impl AsyncRead + Unpin), received: &mut Vec<u8>) {
    let mut buffer = [0_u8; 1024];
    while received.len() < MOST_READ {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => {
                let count = count.min(MOST_READ - received.len());
                received.extend_from_slice(&buffer[..count]);
            }
            _ => return,
        }
    }
}

/// Never so long that the deadline of the attempt, which has its answer already, passes meanwhile.
fn patience(turn: Turn) -> Duration {
    LINGER.min(turn.remaining() / 2)
}
