//! What small experiments found out after a confirmed failure. Evidence only: no verdict depends on it.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

use super::facts::ControlDial;
use crate::labels::closed_set;

closed_set! {
    /// What came of something that was sent.
    pub enum Answer {
        /// What a server that means it would send: SYN-ACK, a TLS handshake record, an authentic datagram.
        Answered = "answered",
        /// A TLS alert.
        Alert = "alert",
        /// Bytes of another protocol.
        Other = "other",
        /// RST.
        Reset = "reset",
        /// FIN.
        Closed = "closed",
        /// ICMP: unreachable or prohibited.
        Rejected = "rejected",
        /// Nothing, for as long as the experiment waited.
        Silence = "silence",
        /// The TCP connection over which it was to be sent did not come about.
        NotConnected = "not_connected",
    }
}

/// Everything that was found out about one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// When the experiments began.
    pub at: Timestamp,
    /// Whether it is the name that is filtered, the address, or neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<NameControl>,
    /// Whether something accepts connections on the port for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlDial>,
    /// How far connects, or datagrams, come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// How far connects come to another target, which can be reached on the same port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_path: Option<Path>,
    /// How far a `ClientHello` with the target's name comes on a connection that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello_path: Option<Path>,
    /// Whether size matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeControl>,
}

impl Findings {
    /// Whether anything was found out.
    pub const fn is_something(&self) -> bool {
        self.names.is_some()
            || self.control.is_some()
            || self.path.is_some()
            || self.control_path.is_some()
            || self.hello_path.is_some()
            || self.size.is_some()
    }
}

/// `ClientHello`s that differ from the failing one in name or address alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NameControl {
    /// To the failing address, with a name that can be reached elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_name: Option<NameTried>,
    /// To the failing address, without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_name: Option<Answer>,
    /// With the failing name, to an address that answers for another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_address: Option<AddressTried>,
}

/// A name and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameTried {
    /// The SNI that was sent.
    pub name: String,
    /// What came.
    pub answer: Answer,
}

/// An address and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AddressTried {
    /// Where to.
    pub address: SocketAddr,
    /// What came.
    pub answer: Answer,
}

/// What packets drew whose IP TTL (hop limit) was raised from 1 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Path {
    /// Routers that said that the time to live was exceeded, by rising TTL. Not every router says so.
    pub hops: Vec<Hop>,
    /// What came in place of that at last; silence when the highest TTL drew nothing.
    pub answer: Answer,
    /// The smallest TTL that drew `answer`; for silence, the smallest from which on nothing came.
    pub answered_at: u8,
    /// Who sent an ICMP error that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_by: Option<IpAddr>,
}

/// A router on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// The TTL that ended there.
    pub ttl: u8,
    /// The address it answers from.
    pub address: IpAddr,
}

/// Packets that differ in size alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeControl {
    /// The path MTU as the kernel knows it, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_mtu: Option<u32>,
    /// A `ClientHello` in small segments, of a few hundred bytes each (and a small maximum segment size offered to the peer).
    pub small: Answer,
    /// The same, padded so that a segment is as large as the path's first link takes.
    pub large: Answer,
}
