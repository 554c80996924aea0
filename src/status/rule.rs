//! Firewall rules in the words of a change ticket.

use super::human;
use super::target_report::TargetReport;
use crate::outcome::{Failure, Phase, ProxyHop};
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

/// The rules to ask for: as documented where that is known, and by the name that is probed otherwise.
pub(super) fn rule_lines(target: &TargetReport) -> Vec<String> {
    if target.rules.is_empty() {
        return rule_line(target).into_iter().collect();
    }
    let rules = target.rules.iter();
    rules
        .map(|rule| format!("{} rule: {}", rule.layer, rule.asked()))
        .collect()
}

/// What to ask the firewall team for, as lines for a change ticket: who, what, why, since when, and what was seen.
pub fn ticket(target: &TargetReport) -> Vec<String> {
    let mut lines = rule_lines(target);
    if lines.is_empty() {
        return lines;
    }
    if !lines.iter().any(|line| line.contains(&target.host)) {
        lines.push(format!("lets through: {}", target.target));
    }
    lines.push("from: the subnets of the nodes".to_owned());
    for rule in &target.rules {
        lines.push(format!("why: {}", rule.why()));
        lines.extend(rule.notes.iter().map(|note| format!("mind: {note}")));
    }
    if target.rules.is_empty() && !target.purpose.is_empty() {
        lines.push(format!("why: {} ({})", target.purpose, target.requirement));
    }
    let addresses = target.addresses.iter();
    let addresses: Vec<_> = addresses
        .map(|seen| seen.address.ip().to_string())
        .collect();
    if !addresses.is_empty() && addresses != [target.host.clone()] {
        lines.push(format!("addresses: {}", human::list(&addresses)));
    }
    if let Some(failure) = &target.failure {
        let Failure {
            phase,
            reason,
            detail,
        } = failure;
        let since = human::utc(target.since);
        lines.push(format!("seen: {phase} {reason}, since {since}: {detail}"));
    }
    lines
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
