//! Domains as registries see them, by the public suffix list.

use std::net::IpAddr;

use super::suffixes::suffix;

/// The part of `host` that somebody registered (`example.co.uk` of `www.example.co.uk`), lower case expected.
/// None for an address and for what is a public suffix itself.
pub fn registrable(host: &str) -> Option<&str> {
    if is_address(host) {
        return None;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let below = host.strip_suffix(suffix(host).text)?.strip_suffix('.')?;
    let begin = below.rfind('.').map_or(0, |dot| dot + 1);
    Some(&host[begin..])
}

/// Whether a public CA could sign for `host`: it ends in a suffix that is delegated on the Internet.
pub(super) fn is_public(host: &str) -> bool {
    !is_address(host) && suffix(host.strip_suffix('.').unwrap_or(host)).listed
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_one_label_below_a_public_suffix() {
        for (host, domain) in [
            ("mcr.microsoft.com", Some("microsoft.com")),
            ("microsoft.com", Some("microsoft.com")),
            ("www.example.co.uk", Some("example.co.uk")),
            (
                "store.blob.core.windows.net",
                Some("store.blob.core.windows.net"),
            ),
            ("proxy.corp.internal", Some("corp.internal")),
            ("www.example.com.", Some("example.com")),
            ("com", None),
            ("192.0.2.1", None),
            ("2001:db8::1", None),
        ] {
            assert_eq!(registrable(host), domain, "{host}");
        }
    }

    #[test]
    fn public_names_end_in_a_delegated_suffix() {
        assert!(is_public("mcr.microsoft.com"));
        for private in ["proxy.corp.internal", "registry", "192.0.2.1", "[::1]"] {
            assert!(!is_public(private), "{private}");
        }
    }
}
