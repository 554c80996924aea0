//! What was seen along the way, kept whether or not the attempt succeeded.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

use crate::labels::closed_set;

/// Facts of one attempt. Serialized as they stand in the JSON report; what was not seen is left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(default)]
pub struct Facts {
    /// The proxy through which the target was tried; the addresses below are the proxy's then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyHop>,
    /// The nameserver whose answer was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nameserver: Option<SocketAddr>,
    /// The response code of that answer, as registered (`NOERROR`, `NXDOMAIN`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rcode: Option<String>,
    /// The chain of aliases from the asked name to the one that has addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// All addresses that the name has, IPv4 first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<IpAddr>,
    /// All of these addresses are of private use: a private endpoint, or a resolver that leads the name astray.
    #[serde(skip_serializing_if = "is_false")]
    pub private_addresses: bool,
    /// Replies that did not match what was asked.
    #[serde(skip_serializing_if = "is_zero")]
    pub ignored_replies: u32,
    /// The ICMP message that ended the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp: Option<IcmpError>,
    /// The node itself has no route to the address; no packet left.
    #[serde(skip_serializing_if = "is_false")]
    pub no_local_route: bool,
    /// What a connect to the control address on the same port did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlDial>,
    /// The TLS session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSession>,
    /// The leaf that the peer presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The response head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpResponse>,
    /// The SSH identification line, or what came in its place (control characters escaped).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// The time server's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntp: Option<NtpReply>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The proxy of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxyHop {
    /// Its host and port as configured.
    pub address: String,
    /// Who named it: `configuration`, or a variable of the environment.
    pub via: &'static str,
    /// The status of its answer to CONNECT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// An ICMP or `ICMPv6` error as the kernel's error queue gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IcmpError {
    /// ICMP type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Who sent it: the router or firewall that gave up on the packet.
    pub sender: Option<IpAddr>,
}

/// A connect to an address where no server can be (RFC 5737), on the target's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ControlDial {
    /// The control address and port.
    pub address: SocketAddr,
    /// Accepted: an interceptor answers for everybody on this port.
    pub accepted: bool,
}

/// What the handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsSession {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// The cipher suite's registered name.
    pub cipher_suite: String,
    /// The application protocol that was echoed when the entry asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
}

closed_set! {
    /// Who vouched for a certificate chain.
    pub enum VouchedBy {
        /// A public root.
        PublicRoot = "public_root",
        /// A CA file given to the agent, and neither a public root nor the CA that is expected of the server.
        GivenCa = "given_ca",
        /// The cluster's CA, or a CA file of the entry: expected.
        ExpectedCa = "expected_ca",
    }
}

/// The leaf certificate as presented, whether trusted or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Subject alternative names (at most 16 are kept).
    pub names: Vec<String>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// SHA-256 of the DER form, lower-case hex.
    pub sha256: String,
    /// Number of certificates presented, the leaf included.
    pub chain_length: usize,
    /// Whether verification passed.
    pub trusted: bool,
    /// Who vouched for it, when trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<VouchedBy>,
}

/// A response head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// `Server` header (at most 128 bytes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `Via` header (at most 128 bytes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Host of a redirect that leads elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<String>,
    /// What shows that a middlebox answered in place of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middlebox: Option<String>,
}

/// What a time server answered (RFC 5905).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NtpReply {
    /// Server clock minus node clock, in seconds; none when the server has no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_seconds: Option<f64>,
    /// Round trip without the server's processing, in seconds; none when the server has no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<f64>,
    /// The server's own distance from its reference, in seconds.
    pub root_delay_seconds: f64,
    /// The server's own error bound, in seconds.
    pub root_dispersion_seconds: f64,
    /// 1 is a primary server; 0 and 16 have no time.
    pub stratum: u8,
    /// 0 none, 1 and 2 a leap second is due, 3 alarm.
    pub leap: u8,
    /// The kiss code of a stratum-0 reply (`RATE`, `DENY`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kiss_code: Option<String>,
}
