//! Rules that look into packets, which nftables cannot: for iptables and its string match.

use std::fmt::{Error, Write};

use super::Laid;
use super::select::ports;
use crate::fault::Fault;
use crate::servers::dns;
use crate::spec::Service;

/// The type and the class that follow the name in a question for IPv6 addresses.
const AAAA_IN: &str = "001c0001";

/// Rules for `iptables-restore` (or `ip6tables-restore`) in the firewall: those that look into packets.
pub(crate) fn inspection(faults: &[Laid<'_>], ipv6: bool) -> Result<String, Error> {
    let mut filter = String::new();
    for laid in faults {
        let host = &laid.standing.host;
        match laid.standing.fault {
            Fault::TlsReset => reset_hello(&mut filter, laid, ipv6)?,
            // The lab's nameservers have IPv4 addresses.
            _ if ipv6 => {}
            Fault::DnsTimeout => {
                for question in questions(host, "") {
                    for transport in ["udp", "tcp"] {
                        let query = query(transport, &question);
                        writeln!(filter, "-A FORWARD {query} -j DROP")?;
                    }
                }
            }
            Fault::DnsAaaaTimeout => {
                for question in questions(host, AAAA_IN) {
                    writeln!(filter, "-A FORWARD {} -j DROP", query("udp", &question))?;
                }
            }
            _ => {}
        }
    }
    Ok(format!("*filter\n:FORWARD ACCEPT [0:0]\n{filter}COMMIT\n"))
}

fn reset_hello(rules: &mut String, laid: &Laid<'_>, ipv6: bool) -> Result<(), Error> {
    let Some(site) = laid.target.site else {
        return Ok(());
    };
    let is_https = |service: &Service| matches!(service, Service::Https { .. });
    let ports = ports(laid, is_https, 443);
    let names = site.spec.names();
    for (name, port) in names.flat_map(|name| ports.iter().map(move |port| (name, port))) {
        for address in laid.target.addresses.iter().filter(|a| a.is_ipv6() == ipv6) {
            writeln!(
                rules,
                "-A FORWARD -d {address} -p tcp --dport {port} -m string --algo bm \
                 --string {name} -j REJECT --reject-with tcp-reset"
            )?;
        }
    }
    Ok(())
}

fn query(transport: &str, question: &str) -> String {
    format!("-p {transport} --dport 53 -m string --algo bm --icase --hex-string |{question}|")
}

/// Questions for exactly this name: those that follow right upon the header of a DNS message, which ends with
/// the number of additional records, 0 or (with EDNS) 1. In a longer name, a letter stands there.
fn questions(name: &str, then: &str) -> [String; 2] {
    let mut hex = String::new();
    for byte in dns::wire_name(name) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    [0, 1].map(|additional| format!("00{additional:02x}{hex}{then}"))
}
