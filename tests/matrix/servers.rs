//! Servers and middleboxes that answer in place of servers: TLS and HTTP that are not what they should be, and
//! what a true server may well answer.

use egress_lab::Fault;

use crate::row::{Row, alpn, http, https};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = certificates();
    rows.extend(handshakes());
    rows.extend(inspected());
    rows.extend(pages());
    rows.extend([400, 401, 403, 404, 429, 500].map(status));
    rows
}

fn certificates() -> Vec<Row> {
    let issuer = "hello | grep -m1 issuer";
    vec![
        https("tls-inspected")
            .fault()
            .proof(0, "issuer=CN = egress-lab inspection authority", issuer)
            .proof(60, "", "fetch https://$HOST/")
            .says("unreachable tls certificate_untrusted")
            .cause("tls_inspection likely")
            .fact("/certificate/issuer", "CN=egress-lab inspection authority")
            .fact("/certificate/trusted", false),
        https("tls-inspected-trusted")
            .named("tls-inspected")
            .proof(0, "issuer=CN = egress-lab inspection authority", issuer)
            .run("inspected")
            .says("reachable intercepted")
            .cause("tls_inspection certain")
            .fact("/certificate/vouched_by", "given_ca"),
        https("certificate-wrong-name")
            .fault()
            .proof(
                60,
                "no alternative certificate subject name",
                "fetch https://$HOST/",
            )
            .says("unreachable tls certificate_name_mismatch")
            .cause("undetermined open"),
        https("certificate-expired")
            .fault()
            .proof(60, "certificate has expired", "fetch https://$HOST/")
            .says("unreachable tls certificate_expired")
            .cause("endpoint_down likely"),
        https("certificate-not-yet-valid")
            .fault()
            .proof(60, "certificate is not yet valid", "fetch https://$HOST/")
            .says("unreachable tls certificate_not_yet_valid")
            .cause("endpoint_down likely"),
    ]
}

fn handshakes() -> Vec<Row> {
    vec![
        https("tls-plain-text")
            .fault()
            .proof(35, "wrong version number", "fetch https://$HOST/")
            .says("unreachable tls tls_protocol")
            .cause("undetermined open"),
        https("tls-silent")
            .fault()
            .proof(0, "", "open 443")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout")
            .cause("endpoint_down likely"),
        https("tls-drip")
            .fault()
            .proof(0, "16 03", "hear 443 2")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout")
            .cause("undetermined open at 4"),
        https("tls-header-flood")
            .fault()
            .proof(0, "66", "curl -sI -m 3 https://$HOST/ | wc -c | cut -c 1-2")
            .says("unreachable request http_protocol")
            .cause("endpoint_down likely"),
        https("closed-after-accept")
            .lay_here(Fault::CloseAfterAccept)
            .proof(35, "SSL_ERROR_SYSCALL", "fetch https://$HOST/")
            .says("unreachable tls connection_closed")
            .cause("endpoint_down likely"),
    ]
}

/// What inspection breaks although its authority is trusted.
fn inspected() -> Vec<Row> {
    let alpn_of = "hello -alpn konnectivity";
    vec![
        alpn("alpn-echoed")
            .proof(0, "ALPN protocol: konnectivity", alpn_of)
            .says("reachable")
            .fact("/tls/alpn", "konnectivity"),
        alpn("alpn-stripped")
            .named("tls-inspected")
            .proof(0, "No ALPN negotiated", alpn_of)
            .run("inspected")
            .says("unreachable tls alpn_mismatch")
            .cause("alpn_stripped certain"),
        // Whoever opens TLS may have written the answer: a true 403 cannot be told from a block page.
        https("tls-inspected-403")
            .host(|host| host.status(403).alias("inspected.contoso.com"))
            .asked_as("inspected.contoso.com")
            .named("tls-inspected")
            .proof(60, "", "fetch https://inspected.contoso.com/")
            .proof(0, "status 403", "fetch -k https://inspected.contoso.com/")
            .run("inspected")
            .says("unreachable request http_denied")
            .cause("tls_inspection certain")
            .fact("/http/status", 403),
    ]
}

fn pages() -> Vec<Row> {
    vec![
        http("http-well")
            .proof(0, "status 200", "fetch http://$HOST/")
            .says("reachable"),
        http("http-header-flood")
            .fault()
            .proof(0, "66", "curl -sI -m 3 http://$HOST/ | wc -c | cut -c 1-2")
            .says("unreachable request http_protocol")
            .cause("undetermined open"),
        http("http-drip")
            .fault()
            .proof(0, "48 54", "hear 80 2")
            .proof(28, "", "fetch http://$HOST/")
            .says("unreachable request timeout")
            .cause("undetermined open"),
        http("http-302")
            .fault()
            .proof(
                0,
                "status 302 https://blocked.example.net/",
                "fetch http://$HOST/",
            )
            .says("unreachable request http_denied")
            .cause("http_filter certain")
            .fact("/http/redirected_to", "blocked.example.net"),
        http("http-403-proxy")
            .fault()
            .proof(
                0,
                "X-Squid-Error: ERR_ACCESS_DENIED",
                "curl -sI -m 3 http://$HOST/",
            )
            .says("unreachable request http_denied")
            .cause("http_filter certain")
            .fact("/http/status", 403),
        http("http-511")
            .fault()
            .proof(0, "status 511", "fetch http://$HOST/")
            .says("unreachable request http_denied")
            .cause("http_filter certain")
            .fact("/http/status", 511),
    ]
}

/// The true server's own status, over a certificate that holds: the path is proven.
fn status(status: u16) -> Row {
    let (name, says) = match status {
        400 => ("true-400", "status 400"),
        401 => ("true-401", "status 401"),
        403 => ("true-403", "status 403"),
        404 => ("true-404", "status 404"),
        429 => ("true-429", "status 429"),
        _ => ("true-500", "status 500"),
    };
    https(name)
        .host(|host| host.status(status))
        .proof(0, says, "fetch https://$HOST/")
        .says("reachable")
        .fact("/http/status", status)
}
