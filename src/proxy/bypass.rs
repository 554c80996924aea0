//! The list of what is reached without the proxy, in the words of `NO_PROXY`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use super::address::{host_and_port, parse_port};
use crate::target::Host;

/// Azure's own service on every node: nameserver, DHCP, agent. From elsewhere it is another one, or none.
const WIRE_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// Targets that are reached directly.
///
/// A name stands for itself and everything below it, with or without a dot (or `*.`) before it; an address and a
/// network in CIDR form stand for targets that are written as addresses; `:PORT` narrows a name or an address to
/// a port; `*` is everything, and `*:PORT` one port everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bypass {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    Domain(String),
    Network { address: IpAddr, prefix: u8 },
}

impl Bypass {
    /// Whether `host` is reached directly.
    pub fn excepts(&self, host: &Host, port: Option<u16>) -> bool {
        is_of_this_node(host) || self.rules.iter().any(|rule| rule.matches(host, port))
    }

    /// Whether it excepts nothing that is not excepted anyway.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Reads a list item by item, separated by commas or white space; what cannot be understood is told in a sentence
    /// each, and left out.
    pub fn read(text: &str) -> (Self, Vec<String>) {
        let mut bypass = Self::default();
        let mut wrong = Vec::new();
        let items = text.split(|c: char| c == ',' || c.is_whitespace());
        for item in items.filter(|item| !item.is_empty()) {
            match item.parse() {
                Ok(rule) => bypass.rules.push(rule),
                Err(why) => wrong.push(why),
            }
        }
        (bypass, wrong)
    }
}

impl FromIterator<Self> for Bypass {
    fn from_iter<I: IntoIterator<Item = Self>>(lists: I) -> Self {
        let rules = lists.into_iter().flat_map(|list| list.rules);
        Self {
            rules: rules.collect(),
        }
    }
}

impl FromStr for Bypass {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Self::read(text) {
            (bypass, wrong) if wrong.is_empty() => Ok(bypass),
            (_, wrong) => Err(wrong.join("; ")),
        }
    }
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            rule.fmt(f)?;
        }
        Ok(())
    }
}

impl Rule {
    fn matches(&self, host: &Host, port: Option<u16>) -> bool {
        let hosts = match (&self.hosts, host) {
            (Hosts::All, _) => true,
            (Hosts::Domain(domain), Host::Name(name)) => name
                .strip_suffix(domain.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
            (Hosts::Network { address, prefix }, Host::Address(host)) => {
                is_within(host.to_canonical(), *address, *prefix)
            }
            (Hosts::Domain(_), Host::Address(_)) | (Hosts::Network { .. }, Host::Name(_)) => false,
        };
        hosts && self.port.is_none_or(|only| port == Some(only))
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(item: &str) -> Result<Self, String> {
        let wrong = || {
            // What looks like a URL with a password is not repeated.
            let shown = if item.contains('@') { "..." } else { item };
            format!(
                "`{shown}` is neither a name, an address, a network such as 10.0.0.0/8, nor `*`"
            )
        };
        let all = |port| Self {
            hosts: Hosts::All,
            port,
        };
        if item == "*" {
            return Ok(all(None));
        }
        if let Some(port) = item.strip_prefix("*:") {
            let port = parse_port(port).ok_or_else(wrong)?;
            return Ok(all(Some(port)));
        }
        if let Some((address, prefix)) = item.split_once('/') {
            let hosts = network(address, prefix).ok_or_else(wrong)?;
            return Ok(Self { hosts, port: None });
        }
        // An IPv6 address needs no brackets unless a port follows.
        let (host, port) = if let Ok(address) = item.parse() {
            (Host::Address(address), None)
        } else {
            let item = item.strip_prefix('*').unwrap_or(item);
            let item = item.strip_prefix('.').unwrap_or(item);
            host_and_port(item).map_err(|_| wrong())?
        };
        let hosts = match host {
            Host::Name(name) => Hosts::Domain(name),
            Host::Address(address) => single(address),
        };
        Ok(Self { hosts, port })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.hosts {
            Hosts::All => Host::Name("*".to_owned()),
            Hosts::Domain(domain) => Host::Name(domain.clone()),
            Hosts::Network { address, prefix } if *prefix < width(*address) => {
                return write!(f, "{address}/{prefix}");
            }
            Hosts::Network { address, .. } => Host::Address(*address),
        };
        match self.port {
            Some(port) => f.write_str(&host.with_port(port)),
            None => host.fmt(f),
        }
    }
}

fn single(address: IpAddr) -> Hosts {
    let address = address.to_canonical();
    let prefix = width(address);
    Hosts::Network { address, prefix }
}

fn network(address: &str, prefix: &str) -> Option<Hosts> {
    let address: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    (prefix <= width(address)).then_some(Hosts::Network { address, prefix })
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Whether the first `prefix` bits are the same.
fn is_within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let differing = bits(address) ^ bits(network);
    address.is_ipv4() == network.is_ipv4() && differing.leading_zeros() >= u32::from(prefix)
}

/// Addresses that mean something else to the proxy than to this node: no list has to except them.
fn is_of_this_node(host: &Host) -> bool {
    let Host::Address(address) = host else {
        return false;
    };
    let link_local = match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let address = address.to_canonical();
    address.is_loopback() || link_local || address == WIRE_SERVER
}
