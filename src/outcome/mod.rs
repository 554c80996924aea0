//! What one attempt observed. Everything above a prober sees an [`Outcome`], never an error.

mod facts;
mod findings;
mod reason;

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

pub use facts::{
    Certificate, ControlDial, Facts, HttpResponse, IcmpError, NtpReply, ProxyHop, TlsSession,
    VouchedBy,
};
pub use findings::{
    AddressTried, Answer, Findings, Hop, NameControl, NameTried, Path, SizeControl,
};
pub use reason::Reason;

use crate::labels::closed_set;

closed_set! {
    /// A stage of an attempt; the `phase` label.
    pub enum Phase {
        /// Name resolution.
        Resolve = "resolve",
        /// TCP handshake.
        Connect = "connect",
        /// CONNECT through a proxy.
        Tunnel = "tunnel",
        /// TLS handshake.
        Tls = "tls",
        /// HTTP request and response head.
        Request = "request",
        /// SSH identification line.
        Banner = "banner",
        /// Exchange over UDP, and DNS over TCP.
        Exchange = "exchange",
    }
}

closed_set! {
    /// Something an operator should know about a target that can be reached.
    pub enum Warning {
        /// Some addresses of the name fail.
        PartialAddresses = "partial_addresses",
        /// The certificate is vouched for by a given CA only, where others are known to vouch: somebody re-signs it.
        Intercepted = "intercepted",
        /// The time server asks to be left alone (RFC 5905 section 7.4).
        KissOfDeath = "kiss_of_death",
        /// The time server itself has no time: stratum 0 or 16, or the leap alarm.
        ClockUnsynchronised = "clock_unsynchronised",
        /// The node's clock is further from the server's than the limit.
        ClockOffset = "clock_offset",
        /// The server redirects to another host.
        Redirected = "redirected",
        /// The attempt took longer than its limit.
        Slow = "slow",
    }
}

/// Time spent in one phase; a phase that is entered again (another address) adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseTiming {
    /// Which phase.
    pub phase: Phase,
    /// Time spent in it.
    pub elapsed: Duration,
}

/// Why an attempt proved nothing good: where it was and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The phase the attempt was in.
    pub phase: Phase,
    /// What was observed, of a closed set.
    pub reason: Reason,
    /// The same in words for a person; never a label.
    pub detail: String,
}

/// What an attempt decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Proven.
    Reachable,
    /// Refuted.
    Unreachable(Failure),
    /// Observed, but it decides nothing: an interceptor, silence over UDP, the agent's own trouble.
    Unproven(Failure),
}

impl Verdict {
    /// The failure, if there is one.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Reachable => None,
            Self::Unreachable(failure) | Self::Unproven(failure) => Some(failure),
        }
    }
}

/// What one address of the name did in this attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressResult {
    /// The address that was tried.
    pub address: SocketAddr,
    /// Absent when it worked.
    pub failure: Option<Failure>,
}

/// Everything one attempt observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Wall clock at the start.
    pub started_at: Timestamp,
    /// Monotonic time from start to end.
    pub elapsed: Duration,
    /// In the order in which they were entered.
    pub phases: Vec<PhaseTiming>,
    /// The addresses that were tried, in order; the last one decided the verdict.
    pub addresses: Vec<AddressResult>,
    /// Kept on failure too.
    pub facts: Facts,
    /// Only beside a reachable verdict.
    pub warnings: Vec<Warning>,
    /// What it all decides.
    pub verdict: Verdict,
}

impl Outcome {
    /// An attempt that ended in a defect of the agent.
    pub fn of_panic(phase: Phase) -> Self {
        Self {
            started_at: Timestamp::now(),
            elapsed: Duration::ZERO,
            phases: Vec::new(),
            addresses: Vec::new(),
            facts: Facts::default(),
            warnings: Vec::new(),
            verdict: Verdict::Unproven(Failure {
                phase,
                reason: Reason::Internal,
                detail: "the attempt ended in a defect of the agent; its log has the panic"
                    .to_owned(),
            }),
        }
    }
}
