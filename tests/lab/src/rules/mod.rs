//! From the faults that stand to rules for nftables and iptables: pure functions, so that the whole rule set
//! is written anew at every change and a fault leaves no trace when it heals.

mod inspection;
mod select;

use std::fmt::{Error, Write};
use std::net::IpAddr;

use crate::directory::{Directory, ODDITIES, ODDITIES_V6, Target};
use crate::fault::{Fault, Scope, Standing};
use crate::servers::small::Behaviour;
use crate::servers::ssh;
use crate::spec::Service;
use crate::topology::INSIDE;

use self::Transport::{Tcp, Udp};
pub(crate) use self::inspection::inspection;
use self::select::{ports, selector, selectors};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{HostSpec, LabSpec};

    fn directory() -> Directory {
        Directory::new(&LabSpec::of([HostSpec::new("a.example").https().ssh()])).unwrap()
    }

    fn rules_of(render: impl Fn(&[Laid<'_>]) -> String, scope: Scope, fault: Fault) -> String {
        let directory = directory();
        let host = "a.example".to_owned();
        let standing = Standing { host, scope, fault };
        let target = directory.target("a.example").unwrap();
        let standing = &standing;
        render(&[Laid { standing, target }])
    }

    #[test]
    fn a_scope_of_one_transport_leaves_the_other_alone() {
        let render = |laid: &[Laid<'_>]| firewall(laid).unwrap();
        let udp = rules_of(render, Scope::Udp(53), Fault::Drop);
        assert!(
            udp.contains("iifname inside ip daddr 203.0.113.1 udp dport 53 drop"),
            "{udp}"
        );
        assert!(!udp.contains("tcp"), "{udp}");
        let both = rules_of(render, Scope::Port(53), Fault::Reject);
        assert!(
            both.contains("tcp dport 53 reject with tcp reset"),
            "{both}"
        );
        assert!(
            both.contains("udp dport 53 reject with icmpx type port-unreachable"),
            "{both}"
        );
    }

    #[test]
    fn wrong_protocols_are_chosen_by_port() {
        let render = |laid: &[Laid<'_>]| internet(&directory(), laid).unwrap();
        let rules = rules_of(render, Scope::Port(443), Fault::WrongProtocol);
        let banner = format!(
            "tcp dport 443 dnat ip to {ODDITIES}:{}",
            Behaviour::SshBanner.port()
        );
        assert!(rules.contains(&banner), "{rules}");
        assert!(!rules.contains("tcp dport 22 dnat"), "{rules}");
    }

    #[test]
    fn inspection_looks_for_the_name_towards_its_own_address_only() {
        let render = |laid: &[Laid<'_>]| inspection(laid, false).unwrap();
        let rules = rules_of(render, Scope::Everything, Fault::TlsReset);
        let rule =
            "-A FORWARD -d 203.0.113.1 -p tcp --dport 443 -m string --algo bm --string a.example";
        assert!(rules.contains(rule), "{rules}");
    }
}
