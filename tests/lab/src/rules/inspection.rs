//! Rules that look into packets, which nftables cannot: for iptables and its string match.

use std::fmt::{Error, Write};

use super::Laid;
use super::select::ports;
use crate::fault::Fault;
use crate::servers::dns;
use crate::spec::Service;

/// Rules for `iptables-restore` (or `ip6tables-restore`) in the firewall: those that look into packets.
pub(crate) fn inspection(faults: &[Laid<'_>], ipv6: bool) -> Result<String, Error> {
    let mut rules = String::new();
    for laid in faults {
        match (laid.standing.fault, laid.target.site) {
            (Fault::TlsReset, Some(site)) => {
                let ports = ports(
                    laid,
                    |service| matches!(service, Service::Https { .. }),
                    443,
                );
                let names = [&site.spec.name].into_iter().chain(&site.spec.server_names);
                for (name, port) in
                    names.flat_map(|name| ports.iter().map(move |port| (name, port)))
                {
                    for address in laid.target.addresses.iter().filter(|a| a.is_ipv6() == ipv6) {
                        writeln!(
                            rules,
                            "-A FORWARD -d {address} -p tcp --dport {port} -m string --algo bm \
                             --string {name} -j REJECT --reject-with tcp-reset"
                        )?;
                    }
                }
            }
            (Fault::DnsTimeout, _) if !ipv6 => lose_queries(&mut rules, &laid.standing.host)?,
            _ => {}
        }
    }
    Ok(format!("*filter\n:FORWARD ACCEPT [0:0]\n{rules}COMMIT\n"))
}

/// Drops queries for exactly this name: one that follows right upon the header of a DNS message, which ends with
/// the number of additional records, 0 or (with EDNS) 1. In a longer name, a letter stands there.
fn lose_queries(rules: &mut String, name: &str) -> Result<(), Error> {
    let mut hex = String::new();
    for byte in dns::wire_name(name) {
        write!(hex, "{byte:02x}")?;
    }
    for (transport, additional) in [("udp", 0), ("udp", 1), ("tcp", 0), ("tcp", 1)] {
        writeln!(
            rules,
            "-A FORWARD -p {transport} --dport 53 -m string --algo bm --icase \
             --hex-string |00{additional:02x}{hex}| -j DROP"
        )?;
    }
    Ok(())
}
