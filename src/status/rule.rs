//! Firewall rules in the words of a change ticket.

use super::target_report::TargetReport;
use crate::target::ProbeKind;

/// The firewall rule that a target needs, as a line for a change ticket. Resolution of a name needs none of its own.
pub fn rule_line(target: &TargetReport) -> Option<String> {
    let TargetReport { host, probe, .. } = target;
    let port = target.port?;
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
