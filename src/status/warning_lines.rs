//! What stands against a target although it may be reachable, in words and with the facts behind it.

use super::human;
use super::target_report::TargetReport;
use crate::outcome::{NtpReply, Warning};

/// One line for each warning, and one for a failure that is not confirmed.
pub(super) fn warning_lines(target: &TargetReport) -> Vec<String> {
    let mut lines: Vec<_> = target
        .warnings
        .iter()
        .map(|warning| format!("{warning}: {}", explained(*warning, target)))
        .collect();
    if let Some(last) = target.unconfirmed()
        && let (Some(phase), Some(reason)) = (last.phase, last.reason)
    {
        lines.push(format!(
            "the last attempt failed ({phase} {reason}); a second one will confirm or clear it"
        ));
    }
    lines
}

fn explained(warning: Warning, target: &TargetReport) -> String {
    let facts = &target.facts;
    match warning {
        Warning::PartialAddresses => failing_addresses(target),
        Warning::KissOfDeath | Warning::ClockUnsynchronised | Warning::ClockOffset => facts
            .ntp
            .as_ref()
            .map_or_else(String::new, |reply| clock(warning, reply)),
        Warning::Intercepted => {
            let issuer = facts.certificate.as_ref().map(|c| c.issuer.as_str());
            let issuer = issuer.unwrap_or("its issuer is not known");
            format!(
                "a CA given to the agent vouches for the certificate, no public root does: {issuer}"
            )
        }
        Warning::Redirected => {
            let host = facts
                .http
                .as_ref()
                .and_then(|http| http.redirected_to.as_deref());
            format!("the server redirects to {}", host.unwrap_or("another host"))
        }
        Warning::Slow => {
            let took = target.duration_seconds.map(human::duration);
            format!("the attempt took {}", took.unwrap_or_default())
        }
    }
}

fn clock(warning: Warning, reply: &NtpReply) -> String {
    match warning {
        Warning::KissOfDeath => {
            let code = reply.kiss_code.as_deref().unwrap_or("no code");
            format!("the time server asks to be left alone ({code})")
        }
        Warning::ClockUnsynchronised => {
            let NtpReply { stratum, leap, .. } = reply;
            format!("the time server has no time itself (stratum {stratum}, leap {leap})")
        }
        _ => {
            let offset = reply.offset_seconds.unwrap_or_default();
            let side = if offset < 0.0 { "ahead of" } else { "behind" };
            let offset = human::duration(offset.abs());
            format!("this node's clock is {offset} {side} the server's")
        }
    }
}

fn failing_addresses(target: &TargetReport) -> String {
    let failing: Vec<_> = target
        .addresses
        .iter()
        .filter_map(|address| {
            let failure = address.failure.as_ref()?;
            Some(format!(
                "{} ({} {})",
                address.address, failure.phase, failure.reason
            ))
        })
        .collect();
    let all = target.addresses.len();
    format!(
        "{} of {all} addresses failing: {}",
        failing.len(),
        failing.join(", ")
    )
}
