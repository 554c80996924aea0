//! Who is at the other end, as far as limits care.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An address; of IPv6 the network, because one machine has a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(IpAddr);

impl Peer {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

/// Whether a caller is on this machine.
pub(super) fn is_local(caller: SocketAddr, here: Option<SocketAddr>) -> bool {
    let caller = caller.ip().to_canonical();
    caller.is_loopback() || here.is_some_and(|here| here.ip().to_canonical() == caller)
}
