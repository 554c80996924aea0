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
            grace: Duration::from_millis(500),
        }
    }
}
