//! Who is at the other end, as far as limits care.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address. Of IPv6 the network, because one machine far away has a whole one; within the cluster, nodes and pods share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(IpAddr);

impl Peer {
    /// `here` is the address that was called.
    pub(super) fn of(caller: SocketAddr, here: Option<SocketAddr>) -> Self {
        let here = here.map(|here| here.ip().to_canonical());
        Self(match caller.ip().to_canonical() {
            // Whoever is on this machine has all addresses of it.
            address if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if !address.is_unique_local() && !is_beside(address, here) => {
                network(address).into()
            }
            address => address,
        })
    }
}

fn is_beside(address: Ipv6Addr, here: Option<IpAddr>) -> bool {
    matches!(here, Some(IpAddr::V6(here)) if network(here) == network(address))
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, d, ..] = address.segments();
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

/// Whether a caller is on this machine.
pub(super) fn is_local(caller: SocketAddr, here: Option<SocketAddr>) -> bool {
    let caller = caller.ip().to_canonical();
    caller.is_loopback() || here.is_some_and(|here| here.ip().to_canonical() == caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_have_many_addresses_is_one_peer_and_neighbours_are_not() {
        let here: SocketAddr = "[2001:db8:1::1]:9100".parse().unwrap();
        let peer = |caller: &str| Peer::of(SocketAddr::new(caller.parse().unwrap(), 1), Some(here));
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("127.0.0.1", "127.3.2.1", true),
            ("127.0.0.1", "::1", true),
            ("2001:db8:9::1", "2001:db8:9::2", true),
            ("2001:db8:9::1", "2001:db8:8::1", false),
            ("2001:db8:1::2", "2001:db8:1::3", false),
            ("fd00::2", "fd00::3", false),
        ] {
            assert_eq!(peer(one) == peer(other), same, "{one} {other}");
        }
    }
}
