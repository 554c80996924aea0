//! What one caller, and all of them together, may cost.

use std::time::Duration;

/// Limits of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// So many more for callers on this machine, such as the kubelet of a node whose network the agent shares.
    pub reserve: usize,
    /// Of them, connections from one address (IPv6: one network of 64 bits).
    pub per_peer: usize,
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Time for a whole request head.
    pub header_read: Duration,
    /// Bytes of a request head. Hyper takes no less than 8192.
    pub header_bytes: usize,
    /// An answer that is under way for longer makes way for newcomers when all places are taken.
    pub patience: Duration,
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

impl Limits {
    /// Those of the agent.
    pub const USUAL: Self = Self {
        connections: 64,
        reserve: 8,
        per_peer: 16,
        handshake: Duration::from_secs(3),
        header_read: Duration::from_secs(2),
        header_bytes: 16 * 1024,
        patience: Duration::from_secs(5),
        connection: Duration::from_secs(30),
        watchers: 8,
        heartbeat: Duration::from_secs(15),
        unacknowledged: Duration::from_secs(30),
        grace: Duration::from_millis(500),
    };

    /// The table of the documentation: each limit that a caller can meet, with its value.
    pub fn table(&self) -> Vec<(&'static str, String)> {
        let time = |time: Duration| format!("{time:?}");
        let count = |count: usize| count.to_string();
        vec![
            ("connections", count(self.connections)),
            (
                "connections from the machine itself, besides",
                count(self.reserve),
            ),
            ("connections from one address", count(self.per_peer)),
            ("requests on a connection", count(1)),
            ("TLS handshake", time(self.handshake)),
            ("request head, time", time(self.header_read)),
            (
                "request head, size",
                format!("{} KiB", self.header_bytes / 1024),
            ),
            ("answer, while all places are taken", time(self.patience)),
            ("answer, ever", time(self.connection)),
            ("unacknowledged data", time(self.unacknowledged)),
            ("watchers", count(self.watchers)),
            (
                "a watcher's page, at most one every",
                time(super::watch::PACE),
            ),
            ("making one kind of page", percent(super::copies::SHARE)),
            ("all work of the server", percent(super::thrift::SHARE)),
            ("checking passwords", percent(super::passwords::SHARE)),
            (
                "checks of passwords that wait, from one address",
                count(super::passwords::MOST_WAITING),
            ),
        ]
    }
}

fn percent(part: u32) -> String {
    format!("{} % of a CPU", 100 / part)
}

impl Default for Limits {
    fn default() -> Self {
        Self::USUAL
    }
}
