//! From the target and scope of a fault to the expressions that match its packets.

use std::net::IpAddr;

use super::Laid;
use super::Transport::{self, Tcp, Udp};
use crate::fault::Scope;
use crate::spec::Service;

/// The port of the scope, or those of the host's services of a kind, or the usual one.
pub(super) fn ports(laid: &Laid<'_>, kind: impl Fn(&Service) -> bool, usual: u16) -> Vec<u16> {
    if let Scope::Port(port) | Scope::Tcp(port) | Scope::Udp(port) = laid.standing.scope {
        return vec![port];
    }
    let services = laid.target.site.map_or(&[][..], |site| &site.spec.services);
    let own = services.iter().filter(|service| kind(service));
    let ports: Vec<_> = own.map(Service::port).collect();
    if ports.is_empty() { vec![usual] } else { ports }
}

/// One nftables expression for each address of the target; a single one for every destination.
pub(super) fn selectors(
    laid: &Laid<'_>,
    scope: Scope,
    transport: Option<Transport>,
) -> Vec<String> {
    if laid.target.addresses.is_empty() {
        return selector(None, scope, transport).into_iter().collect();
    }
    let addresses = laid.target.addresses.iter().copied();
    addresses
        .filter_map(|address| selector(Some(address), scope, transport))
        .collect()
}

/// `None` if the scope is of the other transport.
pub(super) fn selector(
    address: Option<IpAddr>,
    scope: Scope,
    transport: Option<Transport>,
) -> Option<String> {
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

/// The expression for what comes back.
pub(super) fn replies(selector: &str) -> String {
    selector.replace("daddr", "saddr").replace("dport", "sport")
}
