//! Where a response sends its client.

use super::Head;

/// The host of a redirect, when it is not `host` itself.
pub(super) fn elsewhere(head: &Head, host: &str) -> Option<String> {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = head.headers.get("location")?.to_str().ok()?;
    location_host(location).filter(|other| other != host)
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
    (!host.is_empty()).then_some(host)
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::location_host;

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
