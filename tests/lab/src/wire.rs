//! The link between a node and the router before the firewall: the addresses of its two ends, and what they are called.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::topology::INSIDE;

/// The link of one node.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    /// From 1 on.
    number: u8,
}

impl Wire {
    pub(crate) fn all(nodes: u8) -> impl Iterator<Item = Self> {
        (1..=nodes).map(|number| Self { number })
    }

    /// The end of a namespace's name.
    pub(crate) fn part(self) -> String {
        format!("node{}", self.suffix())
    }

    /// The interface on the router.
    pub(crate) fn interface(self) -> String {
        format!("{INSIDE}{}", self.suffix())
    }

    fn suffix(self) -> String {
        if self.number == 1 {
            return String::new();
        }
        self.number.to_string()
    }

    pub(crate) const fn node(self) -> Ipv4Addr {
        self.v4(2)
    }

    pub(crate) const fn router(self) -> Ipv4Addr {
        self.v4(3)
    }

    pub(crate) const fn node_v6(self) -> Ipv6Addr {
        self.v6(2)
    }

    pub(crate) const fn router_v6(self) -> Ipv6Addr {
        self.v6(3)
    }

    /// 198.18.0.2/31, then 198.19.2.2/31 and on.
    const fn v4(self, end: u8) -> Ipv4Addr {
        match self.number {
            1 => Ipv4Addr::new(198, 18, 0, end),
            number => Ipv4Addr::new(198, 19, number, end),
        }
    }

    const fn v6(self, end: u16) -> Ipv6Addr {
        let network = (self.number - 1) as u16;
        Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::NODE;

    #[test]
    fn every_node_has_a_network_of_its_own() {
        let wires: Vec<_> = Wire::all(3).collect();
        assert_eq!(wires[0].node(), NODE);
        let names: Vec<_> = wires.iter().map(|wire| wire.interface()).collect();
        assert_eq!(names, ["inside", "inside2", "inside3"]);
        let addresses: Vec<_> = wires.iter().map(|wire| wire.node().to_string()).collect();
        assert_eq!(addresses, ["198.18.0.2", "198.19.2.2", "198.19.3.2"]);
        let addresses: Vec<_> = wires
            .iter()
            .map(|wire| wire.node_v6().to_string())
            .collect();
        assert_eq!(
            addresses,
            ["2001:db8::2", "2001:db8:0:1::2", "2001:db8:0:2::2"]
        );
    }
}
