//! Where connections come in, also when the process has no descriptors left for them.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Accepting fails when descriptors run out; trying again at once would burn the CPU.
const PAUSE: Duration = Duration::from_millis(200);
/// That it fails is told this often at most.
const SILENCE: Duration = Duration::from_mins(1);

/// Who comes in, and from where.
pub(super) type Arrival = (TcpStream, SocketAddr);

/// A listener, and when it was last told that nobody can come in.
#[derive(Debug)]
pub(super) struct Entrance {
    listener: TcpListener,
    told: Option<Instant>,
}

impl Entrance {
    pub(super) const fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            told: None,
        }
    }

    /// The next connection, however long it takes.
    pub(super) async fn accept(&mut self) -> Arrival {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                // The caller is gone already; the next one is not.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.tell(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The next one that waits already.
    pub(super) async fn accept_at_once(&self) -> Option<Arrival> {
        tokio::select! {
            biased;
            accepted = self.listener.accept() => accepted.ok(),
            () = ready(()) => None,
        }
    }

    fn tell(&mut self, error: &io::Error) {
        if self.told.is_none_or(|told| told.elapsed() >= SILENCE) {
            self.told = Some(Instant::now());
            tracing::warn!(%error, "connections to the pages must wait");
        }
    }
}
