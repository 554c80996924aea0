//! Is a response the server's, or did a firewall or proxy on the path answer in its place? Pure.
//!
//! Over TLS that a public root (or an expected CA) vouches for, only the holder of the certificate can have
//! answered, with all its gateways and content networks: a `Via` and a 403 are its own there. What is left even
//! then are answers that no origin server gives: they come from a firewall or proxy in front of it.

use std::collections::HashSet;

use hyper::header::HeaderMap;

use super::Head;
use super::domain::{is_public, registrable};
use crate::text::printable;

/// Who can have written the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Channel {
    /// Clear text: everybody on the path.
    Clear,
    /// Clear text from a proxy that was asked for it: the proxy, and everybody behind it.
    Proxied,
    /// TLS that only a given CA vouches for, where others are known who would: whoever inspects TLS here.
    Intercepted,
    /// TLS that only a given CA vouches for, where nobody else is known: the server's own CA, or an inspector's.
    Given,
    /// TLS with a certificate that is trusted for the name: its holder.
    Proven,
}

impl Channel {
    /// Every one.
    pub(in crate::probe) const ALL: [Self; 5] = [
        Self::Clear,
        Self::Proxied,
        Self::Intercepted,
        Self::Given,
        Self::Proven,
    ];
}

/// What a response is judged against.
#[derive(Debug, Clone, Copy)]
pub(in crate::probe) struct Scene<'a> {
    /// The host that was asked, in lower case.
    pub(in crate::probe) host: &'a str,
    /// How the answer came.
    pub(in crate::probe) channel: Channel,
    /// Registrable domains that the catalogue names.
    pub(in crate::probe) named_domains: &'a HashSet<String>,
}

/// What shows that a middlebox wrote the response; none when nothing does.
pub(super) fn mark(head: &Head, scene: &Scene<'_>, redirected_to: Option<&str>) -> Option<String> {
    no_origin_answers_so(head).or_else(|| match scene.channel {
        Channel::Proven => None,
        Channel::Clear => {
            proxy_mark(head, MARKS).or_else(|| foreign_redirect(scene, redirected_to))
        }
        // The proxy's name in `Via` is on everything that it hands on.
        Channel::Proxied => {
            proxy_mark(head, &["proxy-status"]).or_else(|| foreign_redirect(scene, redirected_to))
        }
        // Where given CAs are the whole trust store (`tls.roots: none`), everything is vouched for by one, so that
        // a 403 may well be the server's own: a private registry's, say. A proxy's mark on a public name is not.
        Channel::Given => proxy_mark(head, MARKS).filter(|_| is_public(scene.host)),
        Channel::Intercepted => proxy_mark(head, MARKS).or_else(|| {
            (head.status == 403 && is_public(scene.host)).then(|| {
                "status 403 under a certificate that only a given CA vouches for".to_owned()
            })
        }),
    })
}

/// Whether the proxy that was asked may have written what bears no mark of it.
pub(super) fn is_ambiguous(head: &Head, scene: &Scene<'_>) -> bool {
    scene.channel == Channel::Proxied && is_of_gateways(head.status)
}

/// What proxies answer for themselves: not allowed, or no way on.
const fn is_of_gateways(status: u16) -> bool {
    matches!(status, 403 | 502 | 503 | 504)
}

fn foreign_redirect(scene: &Scene<'_>, redirected_to: Option<&str>) -> Option<String> {
    redirected_to
        .filter(|other| is_foreign(other, scene))
        .map(|other| format!("a redirect to {other}, which the catalogue does not name"))
}

fn no_origin_answers_so(head: &Head) -> Option<String> {
    let whose = match head.status {
        470 => "Azure Firewall's denial",
        407 => "a proxy that wants credentials, RFC 9110 section 15.5.8",
        511 => "a network that wants a login, RFC 6585 section 6",
        _ => return body_mark(head),
    };
    Some(format!("status {} ({whose})", head.status))
}

fn body_mark(head: &Head) -> Option<String> {
    const DENY: &[u8] = b"Action: Deny";
    let chunked = head.headers.contains_key("transfer-encoding");
    let after_size = head.body.split_inclusive(|byte| *byte == b'\n').next();
    let skipped = after_size.filter(|_| chunked).map_or(0, <[u8]>::len);
    let begins = head.body.starts_with(DENY) || head.body[skipped..].starts_with(DENY);
    begins.then(|| "a body that begins `Action: Deny`".to_owned())
}

/// The headers in which an intermediary names itself.
const MARKS: &[&str] = &["proxy-status", "via"];

/// A proxy that answers for itself, and names itself in one of `lists` or as the server.
fn proxy_mark(head: &Head, lists: &[&str]) -> Option<String> {
    if let Some(value) = head.headers.get("x-squid-error") {
        let value = printable(value.as_bytes(), 64);
        return Some(format!("`X-Squid-Error: {value}`"));
    }
    if !is_of_gateways(head.status) {
        return None;
    }
    let proxy = lists
        .iter()
        .find_map(|name| value_of(&head.headers, name, |value| !is_content_network(value)))
        .or_else(|| value_of(&head.headers, "server", is_proxy_product))?;
    Some(format!("status {} with `{proxy}`", head.status))
}

/// The first member of a list header that `wanted` takes, shown with the header's name.
fn value_of(headers: &HeaderMap, name: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|member| printable(member, 128).trim().to_owned())
        .find(|member| !member.is_empty() && wanted(&member.to_ascii_lowercase()))
        .map(|member| format!("{name}: {member}"))
}

/// Intermediaries that work for the server, not for the client's network.
fn is_content_network(value: &str) -> bool {
    const NETWORKS: [&str; 10] = [
        "varnish",
        "fastly",
        "cloudfront",
        "cloudflare",
        "akamai",
        "google",
        "azure",
        "edgecast",
        "edgio",
        "fly.io",
    ];
    NETWORKS.iter().any(|network| value.contains(network))
}

/// Names of products that stand between clients and the Internet. (Every server has a `Server` header,
/// so that this list, unlike the one above, must name what is meant.)
fn is_proxy_product(value: &str) -> bool {
    const PRODUCTS: [&str; 21] = [
        "squid",
        "zscaler",
        "bluecoat",
        "blue coat",
        "proxysg",
        "mcafee",
        "skyhigh",
        "mwg",
        "websense",
        "forcepoint",
        "ironport",
        "netskope",
        "iboss",
        "barracuda",
        "forti",
        "sophos",
        "check point",
        "privoxy",
        "tinyproxy",
        "mitmproxy",
        "azure firewall",
    ];
    PRODUCTS.iter().any(|product| value.contains(product))
}

/// Whether a redirect leads where neither the host nor the catalogue is at home.
fn is_foreign(other: &str, scene: &Scene<'_>) -> bool {
    registrable(other).is_none_or(|domain| {
        registrable(scene.host) != Some(domain) && !scene.named_domains.contains(domain)
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::Channel::{Clear, Given, Intercepted, Proven};
    use super::*;

    const HOST: &str = "mcr.microsoft.com";

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Head {
        let headers = headers.iter().map(|(name, value)| {
            let name = name.parse::<HeaderName>().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        Head {
            status,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn is_middlebox(host: &str, channel: Channel, head: &Head) -> bool {
        let named_domains = HashSet::from(["office.com".to_owned()]);
        let scene = Scene {
            host,
            channel,
            named_domains: &named_domains,
        };
        let elsewhere = super::super::redirect::elsewhere(head, host);
        mark(head, &scene, elsewhere.as_deref()).is_some()
    }

    type Row = (
        u16,
        &'static [(&'static str, &'static str)],
        &'static str,
        [bool; 4],
    );

    /// Status, headers, body; whether it is a middlebox's own in clear text, re-signed, under a given CA only, proven.
    const ROWS: &[Row] = &[
        (200, &[], "", [false, false, false, false]),
        (404, &[], "Actions: Deny", [false, false, false, false]),
        (
            403,
            &[("server", "AmazonS3")],
            "",
            [false, true, false, false],
        ),
        (
            500,
            &[("via", "1.1 squid")],
            "",
            [false, false, false, false],
        ),
        (
            401,
            &[("via", "1.1 squid")],
            "",
            [false, false, false, false],
        ),
        (470, &[], "", [true, true, true, true]),
        (407, &[], "", [true, true, true, true]),
        (511, &[], "", [true, true, true, true]),
        (
            200,
            &[],
            "Action: Deny. Reason: No rule matched.",
            [true, true, true, true],
        ),
        (200, &[], "The action: Deny", [false, false, false, false]),
        (
            200,
            &[("transfer-encoding", "chunked")],
            "c\r\nAction: Deny\r\n",
            [true, true, true, true],
        ),
        (
            403,
            &[("x-squid-error", "ERR_ACCESS_DENIED 0")],
            "",
            [true, true, true, false],
        ),
        (
            503,
            &[("via", "1.1 proxy.corp (squid/5.7)")],
            "",
            [true, true, true, false],
        ),
        (
            200,
            &[("via", "1.1 proxy.corp (squid/5.7)")],
            "",
            [false, false, false, false],
        ),
        (
            504,
            &[("proxy-status", "gate; error=dns_timeout")],
            "",
            [true, true, true, false],
        ),
        (
            403,
            &[("server", "Zscaler/6.2")],
            "",
            [true, true, true, false],
        ),
        (
            502,
            &[("server", "Microsoft-Azure-Application-Gateway/v2")],
            "",
            [false, false, false, false],
        ),
        (
            503,
            &[("via", "1.1 varnish")],
            "",
            [false, false, false, false],
        ),
        (
            502,
            &[("via", "1.1 x.cloudfront.net (CloudFront)")],
            "",
            [false, false, false, false],
        ),
        (
            503,
            &[("via", "1.1 varnish, 1.1 gate")],
            "",
            [true, true, true, false],
        ),
        (
            302,
            &[("location", "https://block.example.com/?u=1")],
            "",
            [true, false, false, false],
        ),
        (
            302,
            &[("location", "http://192.0.2.7/login")],
            "",
            [true, false, false, false],
        ),
        (
            301,
            &[("location", "https://www.office.com/")],
            "",
            [false, false, false, false],
        ),
        // A public suffix in private hands: everybody may have a name below it.
        (
            301,
            &[("location", "https://x.azureedge.net/")],
            "",
            [true, false, false, false],
        ),
    ];

    #[test]
    fn who_wrote_a_response() {
        for (status, headers, body, expected) in ROWS {
            let head = response(*status, headers, body);
            let channels = [Clear, Intercepted, Given, Proven];
            for (channel, expected) in channels.into_iter().zip(expected) {
                let judged = is_middlebox(HOST, channel, &head);
                assert_eq!(judged, *expected, "{channel:?} {head:?}");
            }
        }
    }

    #[test]
    fn a_redirect_within_the_registrable_domain_is_the_servers_own() {
        for location in [
            "https://www.microsoft.com/",
            "/container-registry",
            "//mcr.microsoft.com/x",
        ] {
            let head = response(301, &[("location", location)], "");
            assert!(!is_middlebox(HOST, Clear, &head), "{location}");
        }
    }

    #[test]
    fn an_answer_under_a_given_ca_is_the_servers_own_where_no_public_ca_could_sign() {
        let head = response(403, &[], "");
        assert!(!is_middlebox("harbor.corp.internal", Intercepted, &head));
        let head = response(503, &[("via", "1.1 gate.corp.internal")], "");
        assert!(!is_middlebox("harbor.corp.internal", Given, &head));
    }
}
