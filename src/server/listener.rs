//! Accepts connections, also when the process has no descriptors left for them.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Accepting fails when descriptors run out; trying again at once would burn the CPU.
const PAUSE: Duration = Duration::from_millis(200);
/// That it fails is logged this often at most.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// An accepted connection, and from where it comes.
pub(super) type Accepted = (TcpStream, SocketAddr);

/// A socket that accepts, and when it was last logged that it cannot.
#[derive(Debug)]
pub(super) struct Listener {
    listener: TcpListener,
    logged: Option<Instant>,
}

impl Listener {
    pub(super) const fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            logged: None,
        }
    }

    /// The next connection, however long it takes.
    pub(super) async fn accept(&mut self) -> Accepted {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                // The caller is gone already; the next one is not.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.log(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The next one that waits already.
    pub(super) async fn try_accept(&self) -> Option<Accepted> {
        tokio::select! {
            biased;
            accepted = self.listener.accept() => accepted.ok(),
            () = ready(()) => None,
        }
    }

    fn log(&mut self, error: &io::Error) {
        if self
            .logged
            .is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL)
        {
            self.logged = Some(Instant::now());
            tracing::warn!(%error, "connections to the pages must wait");
        }
    }
}
