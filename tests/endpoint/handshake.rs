//! Versions, suites and client certificates, as curl sees them.

use crate::bench::Bench;
use crate::pki::{Pki, tls};

/// curl's exit codes for a handshake that fails; the second when only the answer to it tells.
const FAILED: [i32; 2] = [35, 56];

#[test]
fn versions_suites_and_curves_are_those_that_the_file_allows() {
    const ONLY_1_2: [&str; 3] = ["--tlsv1.2", "--tls-max", "1.2"];
    const ONLY_1_3: [&str; 3] = ["--tlsv1.3", "--tls-max", "1.3"];
    let bench = Bench::start(9210, &tls(""));
    for version in [ONLY_1_2, ONLY_1_3] {
        assert_eq!(bench.curl(&version, "/status").status, 200, "{version:?}");
    }
    bench.configure(&tls("min_version: TLS13"));
    bench.await_status("no TLS 1.2", 0, |bench| bench.curl(&ONLY_1_2, "/status"));
    assert_eq!(bench.curl(&ONLY_1_3, "/status").status, 200);
    let config = "max_version: TLS12\ncipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]\n\
                  curve_preferences: [CurveP384]";
    bench.configure(&tls(config));
    bench.await_status("no TLS 1.3", 0, |bench| bench.curl(&ONLY_1_3, "/status"));
    let well = bench.curl(&["--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"], "/status");
    assert_eq!(well.status, 200, "{well:?}");
    for other in [
        ["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
        ["--curves", "X25519"],
    ] {
        let failed = bench.curl(&other, "/status");
        assert!(FAILED.contains(&failed.exit), "{other:?}: {failed:?}");
    }
    bench.assert_open();
    bench.configure(&tls(
        "cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]",
    ));
    bench.await_status("TLS 1.3 again", 200, |bench| {
        bench.curl(&ONLY_1_3, "/status")
    });
}

/// For each auth type what comes back without a certificate, with one, and with one of another authority; 0 stands for a
/// handshake that fails.
const AUTH_TYPES: [(&str, [u16; 3]); 6] = [
    ("NoClientCert", [200, 200, 200]),
    ("RequestClientCert", [200, 200, 200]),
    ("RequireAnyClientCert", [403, 200, 200]),
    ("RequireClientCert", [403, 200, 200]),
    ("VerifyClientCertIfGiven", [200, 200, 0]),
    ("RequireAndVerifyClientCert", [403, 200, 0]),
];
const STRICT: &str = "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ca.crt";

#[test]
fn every_auth_type_lets_in_whom_it_names() {
    let bench = Bench::start(9211, &tls(STRICT));
    let stranger = Pki::new("stranger");
    for (auth_type, expected) in AUTH_TYPES {
        let mut config = format!("client_auth_type: {auth_type}\n");
        if auth_type.starts_with("Verify") || auth_type.contains("AndVerify") {
            config += "client_ca_file: ca.crt\n";
        }
        // Something that shows which one is in use.
        let mark = format!("http_server_config: {{headers: {{X-XSS-Protection: {auth_type}}}}}\n");
        bench.configure(&(tls(&config) + &mark));
        bench.await_status(auth_type, 200, |bench| {
            let mut answer = bench.certified(&bench.pki, "/status");
            if !answer.head.ends_with(auth_type)
                && !answer.head.contains(&format!("{auth_type}\r\n"))
            {
                answer.status = 0;
            }
            answer
        });
        let answers = [
            bench.curl(&[], "/status"),
            bench.certified(&bench.pki, "/status"),
            bench.certified(&stranger, "/status"),
        ];
        let seen = answers.each_ref().map(|answer| answer.status);
        assert_eq!(seen, expected, "{auth_type}: {answers:?}");
        bench.assert_open();
    }
    let refused = bench.curl(&[], "/metrics").body;
    assert!(
        refused.starts_with("This page is for those with a client certificate."),
        "{refused}"
    );
}

#[test]
fn a_client_must_have_one_of_the_allowed_names() {
    let bench = Bench::start(9212, &tls(STRICT));
    let node = crate::LAB.node_address().to_string();
    for (sans, expected) in [
        ("grafana.example", 0),
        ("grafana.example, prometheus.example", 200),
        ("PROMETHEUS.example", 0),
        (node.as_str(), 200),
    ] {
        bench.configure(&tls(&format!("{STRICT}\nclient_allowed_sans: [{sans}]")));
        bench.await_status(sans, expected, |bench| {
            bench.certified(&bench.pki, "/status")
        });
    }
    bench.assert_open();
}
