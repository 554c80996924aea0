//! Where a response sends its client.

use super::Head;
use crate::text::printable;

/// Bytes kept of a host: the longest name has 253 (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 255;

/// The host of a redirect, when it is not `host` itself.
pub(super) fn elsewhere(head: &Head, host: &str) -> Option<String> {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Clients follow a location with bytes beyond ASCII, so that they hide no redirect.
    let location = head.headers.get("location")?.as_bytes();
    location_host(&String::from_utf8_lossy(location)).filter(|other| other != host)
}

/// The host in a `Location` (RFC 9110 section 10.2.2), in lower case; none when it stays on the same authority.
fn location_host(location: &str) -> Option<String> {
    let location = location.trim();
    let after_scheme = match location.split_once(':') {
        Some((scheme, rest)) if is_web(scheme) => rest,
        _ => location,
    };
    let authority = after_scheme.strip_prefix("//")?;
    let authority = authority.split(['/', '?', '#', '\\']).next()?;
    let (_, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = match host_port.strip_prefix('[') {
        Some(literal) => literal.split(']').next()?,
        None => host_port.split(':').next()?,
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then(|| within_bounds(&host))
}

/// What is cut ends in a mark, so that the beginning of a long host never passes for a host of another domain.
fn within_bounds(host: &str) -> String {
    const CUT: &str = "…";
    let shown = printable(host.as_bytes(), usize::MAX);
    if shown.len() <= LONGEST_HOST {
        return shown;
    }
    printable(host.as_bytes(), LONGEST_HOST - CUT.len()) + CUT
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::super::registrable;
    use super::{LONGEST_HOST, location_host};

    #[test]
    fn a_long_host_is_cut_and_passes_for_no_other() {
        for length in 200..300 {
            let host = format!("{}\u{1}.mcr.microsoft.com.example.net", "x".repeat(length));
            let shown = location_host(&format!("//{host}/")).unwrap();
            assert!(shown.len() <= LONGEST_HOST);
            assert_ne!(registrable(&shown), Some("microsoft.com"), "{shown}");
        }
    }

    #[test]
    fn the_host_of_a_location_is_found_in_every_form() {
        for (location, host) in [
            (
                "https://www.example.com/path?u=//x",
                Some("www.example.com"),
            ),
            ("HTTP://Block.Example.COM:8080", Some("block.example.com")),
            ("//cdn.example.com./x", Some("cdn.example.com")),
            ("http://user:secret@example.net:1/", Some("example.net")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("https://example.org?x", Some("example.org")),
            ("/login", None),
            ("login?back=http://x/", None),
            ("urn:example:1", None),
            ("http://", None),
            ("", None),
        ] {
            assert_eq!(location_host(location).as_deref(), host, "{location}");
        }
    }
}
