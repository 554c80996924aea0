//! What is compared: which probes, of how many targets, how often and for how long.

use std::time::Duration;

use super::servers::{PLAIN_PORT, TLS_PORT};

/// What both tools are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Handshake, verified chain, `HEAD /`.
    Https,
    /// The same without a request. The agent has no such probe: its `https` stands in.
    Tls,
    Http,
    Tcp,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Https, Self::Tls, Self::Http, Self::Tcp];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Tcp => "tcp",
        }
    }

    /// The agent's probe for it.
    pub(crate) const fn of_agent(self) -> Self {
        match self {
            Self::Tls => Self::Https,
            other => other,
        }
    }

    pub(crate) fn ports(self, targets: u16) -> impl Iterator<Item = u16> {
        let first = match self {
            Self::Https | Self::Tls => TLS_PORT,
            Self::Http | Self::Tcp => PLAIN_PORT,
        };
        first..first + targets
    }
}

/// How many targets, and how they are tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) targets: u16,
    /// Between two attempts at a target, and between two scrapes.
    pub(crate) interval: Duration,
    /// After every target was tried, before anything is measured.
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

impl Load {
    const fn new(targets: u16, interval: u64, warm_up: u64, window: u64) -> Self {
        Self {
            targets,
            interval: Duration::from_secs(interval),
            warm_up: Duration::from_secs(warm_up),
            window: Duration::from_secs(window),
        }
    }

    pub(crate) fn all(quick: bool) -> Vec<Self> {
        if quick {
            return vec![Self::new(34, 1, 2, 4), Self::new(100, 1, 2, 4)];
        }
        vec![
            Self::new(34, 1, 4, 12),
            Self::new(100, 1, 4, 10),
            Self::new(1000, 10, 10, 10),
        ]
    }
}
