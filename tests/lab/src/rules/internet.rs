//! The internet's rules: nobody answers for what nobody owns, other servers stand in for hosts, ports are closed.

use std::fmt::{Error, Write};
use std::net::IpAddr;

use super::select::selectors;
use super::stand_in::{stand_in, stand_ins};
use super::{Laid, questions, refusals, table};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::servers::ssh;
use crate::spec::Service;

/// A complete script for `nft -f` in the internet.
pub(crate) fn internet(directory: &Directory, faults: &[Laid<'_>]) -> Result<String, Error> {
    // Nobody answers for an address that nobody owns, not even with an ICMP error.
    let nowhere = "fib daddr type { unicast, unreachable, blackhole, prohibit } drop\n";
    let (mut oddities, mut closed) = (String::new(), String::new());
    for laid in faults.iter().rev() {
        if laid.standing.fault == Fault::Refused {
            for (transport, verdict) in refusals() {
                for selector in selectors(laid, laid.standing.scope, transport) {
                    writeln!(closed, "{selector} {verdict}")?;
                }
            }
        }
        for instead in stand_ins(laid) {
            stand_in(&mut oddities, laid, instead)?;
        }
    }
    for port in ssh::ports(directory) {
        let owners = directory.with_service(|service| *service == Service::Ssh { port });
        let verdict = "reject with tcp reset";
        close_elsewhere(&mut closed, &owners, &format!("tcp dport {port}"), verdict)?;
    }
    let owners = directory.with_service(|service| *service == Service::Ntp);
    let verdict = "reject with icmpx type port-unreachable";
    close_elsewhere(&mut closed, &owners, "udp dport 123", verdict)?;
    table(&[
        ("nowhere", "filter hook prerouting priority -310", nowhere),
        (
            "asked",
            "filter hook prerouting priority raw",
            &questions::lead_away(faults)?,
        ),
        (
            "answered",
            "filter hook output priority raw",
            &questions::lead_back()?,
        ),
        ("oddities", "nat hook prerouting priority -100", &oddities),
        ("closed", "filter hook input priority 0", &closed),
    ])
}

/// Closes a port, on which one server listens everywhere, at the addresses of hosts without the service.
fn close_elsewhere(
    rules: &mut String,
    owners: &[IpAddr],
    part: &str,
    verdict: &str,
) -> Result<(), Error> {
    for (family, is_ipv6) in [("ip", false), ("ip6", true)] {
        let own = owners.iter().filter(|owner| owner.is_ipv6() == is_ipv6);
        let own: Vec<_> = own.map(ToString::to_string).collect();
        if own.is_empty() {
            let protocol = if is_ipv6 { "ipv6" } else { "ipv4" };
            writeln!(rules, "meta nfproto {protocol} {part} {verdict}")?;
        } else {
            writeln!(
                rules,
                "{family} daddr != {{ {} }} {part} {verdict}",
                own.join(", ")
            )?;
        }
    }
    Ok(())
}
