//! From the faults that stand to rules for nftables and iptables: pure functions, so that the whole rule set
//! is written anew at every change and a fault leaves no trace when it heals.

use std::fmt::{Error, Write};
use std::net::IpAddr;

use crate::directory::{Directory, ODDITIES, ODDITIES_V6, Target};
use crate::fault::{Fault, Scope, Standing};
use crate::servers::small::Behaviour;
use crate::servers::{dns, ssh};
use crate::spec::Service;
use crate::topology::INSIDE;

use self::Transport::{Tcp, Udp};

/// A fault with what its target stands for.
pub(crate) struct Laid<'a> {
    pub standing: &'a Standing,
    pub target: Target<'a>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Transport {
    Tcp,
    Udp,
}

/// A complete script for `nft -f` in the firewall.
pub(crate) fn firewall(faults: &[Laid<'_>]) -> Result<String, Error> {
    let (mut intercept, mut forward) = (String::new(), String::new());
    // The first rule that matches decides, so the youngest fault comes first.
    for laid in faults.iter().rev() {
        let port = Behaviour::ResetOnData.port();
        let refusals = refusals();
        let rules: &[(Option<Transport>, &str)] = match laid.standing.fault {
            Fault::Drop => &[(None, "drop")],
            Fault::AdminProhibited => &[(None, "reject with icmpx type admin-prohibited")],
            Fault::HostUnreachable => &[(None, "reject with icmpx type host-unreachable")],
            Fault::Reject => &refusals,
            Fault::Intercepted => {
                for selector in selectors(laid, Some(Tcp)) {
                    writeln!(intercept, "iifname {INSIDE} {selector} redirect to :{port}")?;
                }
                continue;
            }
            _ => continue,
        };
        for (transport, verdict) in rules {
            for selector in selectors(laid, *transport) {
                writeln!(forward, "iifname {INSIDE} {selector} {verdict}")?;
            }
        }
    }
    table(&[
        ("intercept", "nat hook prerouting priority -100", &intercept),
        ("forward", "filter hook forward priority 0", &forward),
    ])
}

/// A complete script for `nft -f` in the internet.
pub(crate) fn internet(directory: &Directory, faults: &[Laid<'_>]) -> Result<String, Error> {
    // Nobody answers for an address that nobody owns, not even with an ICMP error.
    let nowhere = "fib daddr type { unicast, unreachable, blackhole, prohibit } drop\n";
    let (mut oddities, mut closed) = (String::new(), String::new());
    for laid in faults.iter().rev() {
        if laid.standing.fault == Fault::Refused {
            for (transport, verdict) in refusals() {
                for selector in selectors(laid, transport) {
                    writeln!(closed, "{selector} {verdict}")?;
                }
            }
        }
        for (transport, port, behaviour) in stand_ins(laid) {
            stand_in(&mut oddities, laid, transport, port, behaviour)?;
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
        ("nowhere", "filter hook prerouting priority -300", nowhere),
        ("oddities", "nat hook prerouting priority -100", &oddities),
        ("closed", "filter hook input priority 0", &closed),
    ])
}

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

/// An nftables table of these chains in place of the one before.
fn table(chains: &[(&str, &str, &str)]) -> Result<String, Error> {
    // Named first, because deleting a table that is not there would be an error.
    let mut text = "table inet lab {}\ndelete table inet lab\ntable inet lab {\n".to_owned();
    for (name, hook, rules) in chains {
        writeln!(text, "chain {name} {{\ntype {hook};\n{rules}}}")?;
    }
    Ok(text + "}\n")
}

const fn refusals() -> [(Option<Transport>, &'static str); 2] {
    [
        (Some(Tcp), "reject with tcp reset"),
        (Some(Udp), "reject with icmpx type port-unreachable"),
    ]
}

/// The small servers that answer instead of the host: for which transport and port (all if `None`).
fn stand_ins(laid: &Laid<'_>) -> Vec<(Transport, Option<u16>, Behaviour)> {
    match laid.standing.fault {
        Fault::Silent => vec![
            (Tcp, None, Behaviour::Hold),
            (Udp, None, Behaviour::UdpSwallow),
        ],
        Fault::WrongProtocol => vec![
            (Tcp, Some(443), Behaviour::SshBanner),
            (Tcp, Some(22), Behaviour::HttpRefusal),
            (Tcp, None, Behaviour::Garbage),
            (Udp, None, Behaviour::UdpGarbage),
        ],
        Fault::CloseAfterAccept => vec![(Tcp, None, Behaviour::Close)],
        Fault::ResetAfterAccept => vec![(Tcp, None, Behaviour::Reset)],
        Fault::HttpDenied => {
            let ports = ports(laid, |service| matches!(service, Service::Http { .. }), 80);
            let denied = |port| (Tcp, Some(port), Behaviour::HttpDenied);
            ports.into_iter().map(denied).collect()
        }
        _ => Vec::new(),
    }
}

fn stand_in(
    rules: &mut String,
    laid: &Laid<'_>,
    transport: Transport,
    only_port: Option<u16>,
    behaviour: Behaviour,
) -> Result<(), Error> {
    for address in &laid.target.addresses {
        let scope = match (laid.standing.scope, only_port) {
            (Scope::Everything, Some(port)) => Scope::Port(port),
            (Scope::Port(own) | Scope::Tcp(own) | Scope::Udp(own), Some(port)) if own != port => {
                continue;
            }
            (scope, _) => scope,
        };
        let Some(selector) = selector(Some(*address), scope, Some(transport)) else {
            continue;
        };
        let port = behaviour.port();
        match address {
            IpAddr::V4(_) => writeln!(rules, "{selector} dnat ip to {ODDITIES}:{port}")?,
            IpAddr::V6(_) => writeln!(rules, "{selector} dnat ip6 to [{ODDITIES_V6}]:{port}")?,
        }
    }
    Ok(())
}

/// The port of the scope, or those of the host's services of a kind, or the usual one.
fn ports(laid: &Laid<'_>, kind: impl Fn(&Service) -> bool, usual: u16) -> Vec<u16> {
    if let Scope::Port(port) | Scope::Tcp(port) | Scope::Udp(port) = laid.standing.scope {
        return vec![port];
    }
    let services = laid.target.site.map_or(&[][..], |site| &site.spec.services);
    let own = services.iter().filter(|service| kind(service));
    let ports: Vec<_> = own.map(Service::port).collect();
    if ports.is_empty() { vec![usual] } else { ports }
}

/// One nftables expression for each address of the target; a single one for every destination.
fn selectors(laid: &Laid<'_>, transport: Option<Transport>) -> Vec<String> {
    let scope = laid.standing.scope;
    if laid.target.addresses.is_empty() {
        return selector(None, scope, transport).into_iter().collect();
    }
    let addresses = laid.target.addresses.iter().copied();
    addresses
        .filter_map(|address| selector(Some(address), scope, transport))
        .collect()
}

/// `None` if the scope is of the other transport.
fn selector(address: Option<IpAddr>, scope: Scope, transport: Option<Transport>) -> Option<String> {
    let destination = match address {
        None => String::new(),
        Some(IpAddr::V4(v4)) => format!("ip daddr {v4}"),
        Some(IpAddr::V6(v6)) => format!("ip6 daddr {v6}"),
    };
    let part = match (scope, transport) {
        (Scope::Tcp(_), Some(Udp)) | (Scope::Udp(_), Some(Tcp)) => return None,
        (Scope::Everything, None) => String::new(),
        (Scope::Everything, Some(Tcp)) => "meta l4proto tcp".to_owned(),
        (Scope::Everything, Some(Udp)) => "meta l4proto udp".to_owned(),
        (Scope::Port(port), None) => format!("meta l4proto {{ tcp, udp }} th dport {port}"),
        (Scope::Tcp(port), _) | (Scope::Port(port), Some(Tcp)) => format!("tcp dport {port}"),
        (Scope::Udp(port), _) | (Scope::Port(port), Some(Udp)) => format!("udp dport {port}"),
    };
    Some(format!("{destination} {part}").trim().to_owned())
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
