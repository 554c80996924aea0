//! What one caller, and all of them together, may cost.

use std::time::Duration;

/// Limits of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time; more of them wait in the kernel's queue.
    pub connections: usize,
    /// Time for a whole request head.
    pub header_read: Duration,
    /// Bytes of a request head. Hyper takes no less than 8192.
    pub header_bytes: usize,
    /// Time for a whole connection, which carries one request; a reader that is slower is cut off.
    pub connection: Duration,
    /// Callers who watch, each on a connection that lasts.
    pub watchers: usize,
    /// A watcher is sent something at least this often, so that those who are gone are noticed.
    pub heartbeat: Duration,
    /// What the peer has not acknowledged for so long ends the connection.
    pub unacknowledged: Duration,
    /// Time for what is under way when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            header_read: Duration::from_secs(2),
            header_bytes: 16 * 1024,
            connection: Duration::from_secs(30),
            watchers: 8,
            heartbeat: Duration::from_secs(15),
            unacknowledged: Duration::from_secs(30),
            grace: Duration::from_millis(500),
        }
    }
}
