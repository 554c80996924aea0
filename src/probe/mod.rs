//! One attempt at one target: network in, [`Outcome`] out. Knows nothing of schedules, stores or pages.

mod addresses;
mod classify;
mod closing;
mod connect;
mod context;
mod datagram;
mod dns;
mod error_queue;
mod failures;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod https;
mod ntp;
mod ntp_packet;
mod prober;
mod random;
mod resolve;
#[cfg(test)]
mod scripted;
mod ssh;
mod stream;
mod symptom;
mod tcp;
#[cfg(test)]
mod testing;
mod tls;
mod trace;
mod udp;
mod way;
pub(crate) mod wire;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

pub use http::registrable;
pub use prober::Prober;
pub use resolve::{Resolved, Resolver};
pub use symptom::Symptom;
pub use tls::{TlsTrust, TrustConfig, TrustError};
pub use trace::Trace;

use crate::outcome::Outcome;
use crate::target::Target;

/// The seam between scheduling and networking: the network's prober, or a test's scripted one.
pub trait Attempt: Send + Sync + 'static {
    /// Tries `target` once. `ordinal` counts the attempts at this target and turns its addresses around,
    /// so that every address is the first one in turn.
    fn attempt(&self, target: &Target, ordinal: u64) -> impl Future<Output = Outcome> + Send;
}

/// What every attempt obeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// One deadline over all phases of an attempt.
    pub timeout: Duration,
    /// An address where no server can be (RFC 5737); a connect to it that succeeds shows an interceptor.
    pub control_address: IpAddr,
    /// A clock further off than this is a warning.
    pub clock_offset: Duration,
    /// An attempt that takes longer than this is a warning.
    pub slow: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            control_address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            clock_offset: Duration::from_secs(1),
            slow: None,
        }
    }
}
