//! What stands against a target although it may be reachable, in words and with the facts behind it.

use super::human;
use super::target_report::TargetReport;
use crate::outcome::Warning;

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
        Warning::Intercepted => {
            let issuer = facts
                .certificate
                .as_ref()
                .map_or("a given CA", |c| &c.issuer);
            format!(
                "no public root vouches for the certificate, only a CA given to the agent: {issuer}"
            )
        }
        Warning::KissOfDeath => {
            let code = facts.ntp.as_ref().and_then(|ntp| ntp.kiss_code.as_deref());
            format!(
                "the time server asks to be left alone ({})",
                code.unwrap_or("no code")
            )
        }
        Warning::ClockUnsynchronised => facts.ntp.as_ref().map_or_else(
            || "the time server has no time itself".to_owned(),
            |ntp| {
                format!(
                    "the time server has no time itself (stratum {}, leap {})",
                    ntp.stratum, ntp.leap
                )
            },
        ),
        Warning::ClockOffset => facts.ntp.as_ref().map_or_else(
            || "this node's clock is off".to_owned(),
            |ntp| {
                let side = if ntp.offset_seconds < 0.0 {
                    "ahead of"
                } else {
                    "behind"
                };
                let offset = human::duration(ntp.offset_seconds.abs());
                format!("this node's clock is {offset} {side} the server's")
            },
        ),
        Warning::Redirected => {
            let host = facts
                .http
                .as_ref()
                .and_then(|http| http.redirected_to.as_deref());
            format!("the server redirects to {}", host.unwrap_or("another host"))
        }
        Warning::Slow => {
            let took = target
                .duration_seconds
                .map_or_else(|| "long".to_owned(), human::duration);
            format!("the attempt took {took}")
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
