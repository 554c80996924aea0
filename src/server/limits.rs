//! What one caller, and all of them together, may cost.

use std::time::Duration;

use super::{closing, cpu_budget, page_cache, passwords, peer_rate, watch};

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
    /// An answer that is under way for longer makes way for new connections when all slots are taken.
    pub patience: Duration,
    /// Time for a whole connection, which carries one request; a reader that is slower is cut off.
    pub connection: Duration,
    /// Callers who watch, each on a connection that lasts.
    pub watchers: usize,
    /// A watcher is sent something at least this often, so that those who are gone are noticed.
    pub heartbeat: Duration,
    /// Bytes of an answer that the kernel keeps for a connection; it takes twice as much memory for them.
    pub send_buffer: usize,
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
        send_buffer: 64 * 1024,
        unacknowledged: Duration::from_secs(30),
        grace: Duration::from_millis(500),
    };

    /// The table of the documentation: each limit that a caller can meet, with its value.
    pub fn table(&self) -> Vec<(&'static str, String)> {
        let count = |count: usize| count.to_string();
        let time = |time: Duration| format!("{} s", time.as_secs_f64());
        let kibibytes = |bytes: usize| format!("{} KiB", bytes / 1024);
        vec![
            ("connections", count(self.connections)),
            (
                "connections from the machine itself, besides",
                count(self.reserve),
            ),
            ("connections from one address", count(self.per_peer)),
            (
                "new connections from one address in 0.2 s, under overload",
                peer_rate::MOST.to_string(),
            ),
            ("requests on a connection", count(1)),
            ("TLS handshake", time(self.handshake)),
            ("request head, time", time(self.header_read)),
            ("request head, size", kibibytes(self.header_bytes)),
            ("answer, while all slots are taken", time(self.patience)),
            ("answer, ever", time(self.connection)),
            ("data that is not acknowledged", time(self.unacknowledged)),
            (
                "answers in the kernel, for one connection",
                kibibytes(self.send_buffer),
            ),
            (
                "answers that are not read yet",
                kibibytes(page_cache::MOST_BYTES),
            ),
            (
                "data behind a request, thrown away",
                kibibytes(closing::MOST_DRAINED),
            ),
            ("CPU for one kind of page", percent(page_cache::SHARE)),
            ("CPU for checking passwords", percent(passwords::SHARE)),
            (
                "CPU for the whole server, passwords aside",
                percent(cpu_budget::SHARE),
            ),
            (
                "passwords of one address that wait to be checked",
                count(passwords::MOST_WAITING),
            ),
            ("watchers", count(self.watchers)),
            ("pages for a watcher, one in", time(watch::PACE)),
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
