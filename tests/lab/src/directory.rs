//! Who lives where: the lab's fixed addresses, and one address (or more) for every host.
//! Pure arithmetic; `topology` makes it real.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::fault::ANYWHERE;
use crate::spec::{HostSpec, LabSpec, Service};

/// The first node; the others' addresses are in `wire`.
pub(crate) const NODE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
pub(crate) const FIREWALL: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
pub(crate) const FIREWALL_OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 18, 2, 1);
/// The router between node and firewall: hop 1 of every way, the firewall being hop 2.
pub(crate) const NEAR_OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
/// The router between firewall and internet: hop 3.
pub(crate) const FAR: Ipv4Addr = Ipv4Addr::new(198, 18, 2, 2);
pub(crate) const FAR_OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 1);
pub(crate) const NAMESERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 2);
pub(crate) const SECOND_NAMESERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 3);
/// Where the servers that misbehave on purpose listen; faults redirect a host's ports to it.
pub(crate) const ODDITIES: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 4);
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

pub(crate) const FIREWALL_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
pub(crate) const FIREWALL_OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 3, 0, 0, 0, 0, 1);
pub(crate) const NEAR_OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
pub(crate) const FAR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 3, 0, 0, 0, 0, 2);
pub(crate) const FAR_OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1);
pub(crate) const INTERNET_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2);
pub(crate) const ODDITIES_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 4);

/// A host with its addresses.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Site {
    pub spec: HostSpec,
    pub v4: Vec<Ipv4Addr>,
    pub v6: Vec<Ipv6Addr>,
}

impl Site {
    pub fn addresses(&self) -> Vec<IpAddr> {
        let v4 = self.v4.iter().copied().map(IpAddr::V4);
        v4.chain(self.v6.iter().copied().map(IpAddr::V6)).collect()
    }

    /// Whether the nameserver knows it: names that are addresses need none.
    pub fn has_name(&self) -> bool {
        self.spec.name.parse::<IpAddr>().is_err()
    }
}

/// What a fault's target stands for.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Empty: every destination.
    pub addresses: Vec<IpAddr>,
    pub site: Option<&'a Site>,
}

/// All hosts of a lab.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Directory {
    pub sites: Vec<Site>,
}

impl Directory {
    /// Gives every host its addresses. Hosts of the same name are an error: their services would be ambiguous.
    pub fn new(spec: &LabSpec) -> Result<Self> {
        let literals = spec.hosts.iter().filter_map(|host| host.name.parse().ok());
        let given = spec.hosts.iter().filter_map(|host| host.at);
        let taken: BTreeSet<IpAddr> = literals.chain(given.map(IpAddr::V4)).collect();
        let mut free_v4 = server_addresses().filter(|address| !taken.contains(&(*address).into()));
        let mut free_v6 = (1..=u16::MAX)
            .map(|n| Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, n))
            .filter(|address| !taken.contains(&(*address).into()));

        let mut names = BTreeSet::new();
        let mut sites = Vec::with_capacity(spec.hosts.len());
        for host in &spec.hosts {
            if !names.insert(host.name.as_str()) {
                bail!("the host {} is given twice", host.name);
            }
            let (mut v4, mut v6) = (Vec::new(), Vec::new());
            match host.name.parse() {
                Ok(IpAddr::V4(address)) => v4.push(address),
                Ok(IpAddr::V6(address)) => v6.push(address),
                Err(_) if host.at.is_some() => v4.extend(host.at),
                Err(_) => {
                    v4.extend(free_v4.by_ref().take(host.addresses.into()));
                    if v4.len() < usize::from(host.addresses) {
                        bail!("too many hosts: the lab's internet has 508 IPv4 addresses");
                    }
                    v6.extend(free_v6.by_ref().take(usize::from(host.ipv6)));
                }
            }
            let spec = host.clone();
            sites.push(Site { spec, v4, v6 });
        }
        Ok(Self { sites })
    }

    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.spec.name == name)
    }

    /// The host of that name or address, one of the lab's own servers, or everything (`*`).
    pub fn target(&self, text: &str) -> Result<Target<'_>> {
        let special: Option<Vec<IpAddr>> = match text {
            ANYWHERE => Some(Vec::new()),
            "nameserver" => Some(vec![NAMESERVER.into()]),
            "second-nameserver" => Some(vec![SECOND_NAMESERVER.into()]),
            "metadata" => Some(vec![METADATA.into()]),
            "proxy" => Some(vec![FIREWALL.into()]),
            _ => None,
        };
        if let Some(addresses) = special {
            let site = None;
            return Ok(Target { addresses, site });
        }
        if let Some(site) = self.site(text) {
            let addresses = site.addresses();
            let site = Some(site);
            return Ok(Target { addresses, site });
        }
        let address: IpAddr = text
            .parse()
            .with_context(|| format!("the lab has no host {text:?}"))?;
        let owns = |site: &&Site| site.addresses().contains(&address);
        Ok(Target {
            addresses: vec![address],
            site: self.sites.iter().find(owns),
        })
    }

    /// The addresses of all hosts with a service of that kind.
    pub fn with_service(&self, wanted: impl Fn(&Service) -> bool) -> Vec<IpAddr> {
        let sites = self.sites.iter();
        sites
            .filter(|site| site.spec.services.iter().any(&wanted))
            .flat_map(Site::addresses)
            .collect()
    }

    pub fn has_ipv6(&self) -> bool {
        self.sites.iter().any(|site| !site.v6.is_empty())
    }
}

/// 192.0.2.0/24 stays out: it is the agent's control destination, where nobody may answer.
fn server_addresses() -> impl Iterator<Item = Ipv4Addr> {
    let first = (1..=254).map(|last| Ipv4Addr::new(203, 0, 113, last));
    first.chain((1..=254).map(|last| Ipv4Addr::new(198, 51, 100, last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_addresses_of_their_own_and_a_literal_keeps_its_own() {
        let spec = LabSpec::of([
            HostSpec::new("203.0.113.1"),
            HostSpec::new("a.example").ipv6(),
            HostSpec::new("b.example").addresses(2),
        ]);
        let directory = Directory::new(&spec).unwrap();
        let all: Vec<_> = directory.sites.iter().flat_map(Site::addresses).collect();
        let expected = [
            "203.0.113.1",
            "203.0.113.2",
            "2001:db8:1::1",
            "203.0.113.3",
            "203.0.113.4",
        ];
        let texts: Vec<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn too_many_hosts_and_a_name_twice_are_refused() {
        let many = LabSpec::of((0..509).map(|n| HostSpec::new(format!("h{n}.example"))));
        assert!(Directory::new(&many).is_err());
        let twice = LabSpec::of([HostSpec::new("a.example"), HostSpec::new("a.example")]);
        assert!(Directory::new(&twice).is_err());
    }
}
