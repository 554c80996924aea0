//! The measured units: what one exchange costs, and how many series a target has. `tests/budget.rs` measures them again
//! in the laboratory, with counters of the kernel on the node's interface.

use super::Cost;
use crate::target::{Host, Probe, Target};

/// The questions for IPv4 and IPv6 and their answers, of a name of some 25 letters with one IPv4 address.
pub const RESOLUTION: Cost = Cost::new(0.0, 2.0, (2.0, 170.0), (2.0, 186.0));
/// A question to one nameserver.
pub const DNS_UDP: Cost = Cost::new(0.0, 1.0, (1.0, 73.0), (1.0, 89.0));
/// The same over TCP.
pub const DNS_TCP: Cost = Cost::new(1.0, 0.0, (6.0, 367.0), (4.0, 279.0));
/// A handshake with the laboratory's short chain, `HEAD /` and a head.
pub const HTTPS: Cost = Cost::new(1.0, 0.0, (9.0, 985.0), (10.0, 2176.0));
/// A handshake alone, for ALPN.
pub const HANDSHAKE: Cost = Cost::new(1.0, 0.0, (9.0, 849.0), (8.0, 1919.0));
/// `HEAD /` and a head in clear text.
pub const HTTP: Cost = Cost::new(1.0, 0.0, (5.0, 387.0), (5.0, 404.0));
/// Both identification lines, and the server's algorithms, which come unasked.
pub const SSH: Cost = Cost::new(1.0, 0.0, (7.0, 400.0), (5.0, 1397.0));
/// A connect, and one to the control address that nobody answers.
pub const TCP: Cost = Cost::new(2.0, 0.0, (6.0, 336.0), (2.0, 112.0));
/// One exchange.
pub const NTP: Cost = Cost::new(0.0, 0.0, (1.0, 76.0), (1.0, 76.0));
/// One datagram of one byte.
pub const UDP: Cost = Cost::new(0.0, 0.0, (1.0, 29.0), (0.0, 0.0));
/// What CONNECT adds to a connection: its packets take along acknowledgements that would go alone otherwise.
pub const TUNNEL: Cost = Cost::new(0.0, 0.0, (0.0, 123.0), (0.0, 39.0));
/// What a public chain is longer than the laboratory's, for each handshake: assumed, not measured. Chains of a leaf with
/// many names and an intermediate are 3 to 5 kB.
pub const PUBLIC_CHAIN: Cost = Cost::new(0.0, 0.0, (1.0, 52.0), (2.0, 3104.0));

/// Series of an agent without targets and without untestable rows.
pub const SERIES_OF_AGENT: usize = 14;
/// Bytes of a sample in a scrape, its share of the help texts included.
pub const BYTES_OF_SAMPLE: f64 = 105.0;

/// Series of a reachable target with one IPv4 address.
pub const fn series(target: &Target, proxied: bool) -> usize {
    let named = matches!(target.host, Host::Name(_)) as usize;
    let tunnel = proxied as usize;
    match target.probe {
        Probe::Https(_) => 16 + named + tunnel,
        Probe::Http => 13 + named,
        Probe::Ntp => 15 + named,
        Probe::Tcp => 10 + 2 * named + tunnel,
        Probe::Ssh => 11 + 2 * named + tunnel,
        Probe::Dns | Probe::DnsTcp { .. } => 10,
        Probe::DnsUdp { .. } | Probe::Udp => 9,
    }
}
