//! The subnet of the nodes, as a rule names it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address or a network in CIDR form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    length: u8,
}

/// Why a text is no subnet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// Not of the form.
    #[error("is no network: write it as in 10.224.0.0/16")]
    Form,
    /// The address does not fit the length.
    #[error("has bits behind its prefix length: the network is {0}")]
    HostBits(Subnet),
}

impl FromStr for Subnet {
    type Err = SubnetError;

    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| SubnetError::Form)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_| SubnetError::Form)?,
            None => longest,
        };
        if length > longest {
            return Err(SubnetError::Form);
        }
        let network = Self {
            address: masked(address, length),
            length,
        };
        if network.address == address {
            Ok(network)
        } else {
            Err(SubnetError::HostBits(network))
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

fn masked(address: IpAddr, length: u8) -> IpAddr {
    let length = u32::from(length);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_taken_and_stray_bits_are_named() {
        let shown = |text: &str| text.parse::<Subnet>().map(|subnet| subnet.to_string());
        assert_eq!(shown("10.224.0.0/16").as_deref(), Ok("10.224.0.0/16"));
        assert_eq!(shown("0.0.0.0/0").as_deref(), Ok("0.0.0.0/0"));
        assert_eq!(shown("10.1.2.3").as_deref(), Ok("10.1.2.3/32"));
        assert_eq!(shown("fd00::/8").as_deref(), Ok("fd00::/8"));
        let stray = shown("10.224.1.0/16").unwrap_err().to_string();
        assert!(stray.ends_with("the network is 10.224.0.0/16"), "{stray}");
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "*",
            "node-subnet",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(shown(bad), Err(SubnetError::Form), "{bad}");
        }
    }
}
