//! Firewall rules in the words of a change ticket.

use super::target_report::TargetReport;
use crate::outcome::{Phase, ProxyHop};
use crate::target::ProbeKind;

/// The firewall rule that a target needs, as a line for a change ticket. Resolution of a name needs none of its own.
/// Behind a proxy it is the proxy that needs it.
pub fn rule_line(target: &TargetReport) -> Option<String> {
    let TargetReport { host, probe, .. } = target;
    let port = target.port?;
    if let Some(proxy) = &target.facts.proxy {
        return Some(proxy_rule(target, port, proxy));
    }
    Some(match probe {
        ProbeKind::Https | ProbeKind::Http => {
            format!("application rule: {probe}:{port} to {host}")
        }
        ProbeKind::Tcp | ProbeKind::Ssh | ProbeKind::DnsTcp => {
            format!("network rule: TCP {port} to {host}")
        }
        ProbeKind::Ntp | ProbeKind::Udp | ProbeKind::DnsUdp => {
            format!("network rule: UDP {port} to {host}")
        }
        ProbeKind::Dns => return None,
    })
}

fn proxy_rule(target: &TargetReport, port: u16, proxy: &ProxyHop) -> String {
    let TargetReport { host, probe, .. } = target;
    match target.failure.as_ref().map(|failure| failure.phase) {
        Some(Phase::Resolve | Phase::Connect) => {
            format!("network rule: TCP to the proxy {}", proxy.address)
        }
        _ if *probe == ProbeKind::Http => format!("proxy rule: http:{port} to {host}"),
        _ => format!("proxy rule: CONNECT {host}:{port}"),
    }
}
