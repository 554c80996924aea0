//! What a rule lets through, and which texts can be that.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::catalog::hosts::check_host;
use crate::target::Host;

/// What a rule lets the nodes reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Destination {
    /// A name, or a wildcard with its `*` at the left.
    Fqdn(String),
    /// An address.
    Address(IpAddr),
    /// A named set of addresses that Azure keeps.
    ServiceTag(String),
    /// Everything.
    Any,
}

impl Destination {
    /// Its kind, as in JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fqdn(_) => "fqdn",
            Self::Address(_) => "address",
            Self::ServiceTag(_) => "service_tag",
            Self::Any => "any",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fqdn(text) | Self::ServiceTag(text) => f.write_str(text),
            Self::Address(address) => address.fmt(f),
            Self::Any => f.write_str("*"),
        }
    }
}

/// A name, a wildcard that Azure Firewall takes, an address, or `*`; none of these: a placeholder.
pub(super) fn destination(text: &str) -> Option<Destination> {
    if text == "*" {
        return Some(Destination::Any);
    }
    if let Ok(address) = text.parse() {
        return Some(Destination::Address(address));
    }
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let fixed = name.strip_prefix("*.").or_else(|| name.strip_prefix('*'));
    let fixed = fixed.unwrap_or(&name);
    (fixed.contains('.') && check_host(fixed).is_ok()).then_some(Destination::Fqdn(name))
}

/// Whether a destination that somebody else made can be written.
pub(super) fn can_stand(to: &Destination) -> bool {
    match to {
        Destination::Fqdn(name) => destination(name).as_ref() == Some(to),
        Destination::ServiceTag(tag) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
            !tag.is_empty() && tag.chars().all(plain)
        }
        Destination::Address(_) | Destination::Any => true,
    }
}

/// What is probed, as a destination.
pub(super) fn of_host(host: &Host) -> Destination {
    match host {
        Host::Name(name) => Destination::Fqdn(name.clone()),
        Host::Address(address) => Destination::Address(*address),
    }
}

/// Whether a rule for one lets the other through.
pub(super) fn lets_through(rule: &Destination, to: &Destination) -> bool {
    match (rule, to) {
        (Destination::Any, _) => true,
        (Destination::Fqdn(rule), Destination::Fqdn(name)) => match rule.strip_prefix('*') {
            Some(end) => name.ends_with(end) && name.len() > end.len(),
            None => rule == name,
        },
        _ => rule == to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wildcard_with_its_star_at_the_left_can_stand_in_a_rule() {
        for good in [
            "*",
            "a.example",
            "*.a.example",
            "*a.example",
            "203.0.113.1",
            "2001:db8::1",
        ] {
            assert!(destination(good).is_some(), "{good}");
        }
        for bad in [
            "a.*.example",
            "a.example*",
            "*.*.example",
            "azds-<guid>.eus.azds.io",
            "APIServerPublicIP",
            "[IPAddrOfYourAPIServer]",
            "DNS",
            "",
            "*.",
            "https://a.example/",
        ] {
            assert_eq!(destination(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_wildcard_lets_everything_to_its_left_through_but_not_the_bare_domain() {
        let fqdn = |text: &str| Destination::Fqdn(text.to_owned());
        let wildcard = fqdn("*.example.com");
        assert!(lets_through(&wildcard, &fqdn("a.example.com")));
        assert!(lets_through(&wildcard, &fqdn("a.b.example.com")));
        for other in [
            "example.com",
            ".example.com",
            "a.example.org",
            "badexample.com",
        ] {
            assert!(!lets_through(&wildcard, &fqdn(other)), "{other}");
        }
    }
}
