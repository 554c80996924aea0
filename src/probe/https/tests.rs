//! What scripted servers make of the `https` probe.

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use super::super::testing::*;
use super::*;
use crate::outcome::{Outcome, Phase, VouchedBy, Warning};
use crate::target::{Probe, Trust};

const YEARS: (i32, i32) = (2020, 2045);
const NAME: &str = "mcr.microsoft.com";

/// Trusts only what `authority` signs, as if it were a public root.
fn bench(authority: &Authority) -> Bench {
    let mut bench = Bench::default();
    bench.trust.ca_files = vec![authority.file()];
    bench
}

/// Trusts public roots, and was given `authority`.
fn inspected(authority: &Authority) -> Bench {
    let mut bench = bench(authority);
    bench.trust.bundled = true;
    bench
}

fn https() -> Probe {
    Probe::Https(Https::default())
}

fn named() -> Probe {
    Probe::Https(Https {
        server_name: Some(NAME.to_owned()),
        ..Https::default()
    })
}

fn with_alpn(name: &str) -> Probe {
    Probe::Https(Https {
        alpn: vec![name.to_owned()],
        ..Https::default()
    })
}

fn trusting(trust: Trust) -> Probe {
    Probe::Https(Https {
        server_name: Some(NAME.to_owned()),
        trust,
        ..Https::default()
    })
}

fn certificate(outcome: &Outcome) -> &crate::outcome::Certificate {
    outcome.facts.certificate.as_ref().unwrap()
}

#[tokio::test]
async fn both_versions_of_tls_prove_the_path() {
    static OLD: &[&SupportedProtocolVersion] = &[&TLS12];
    static NEW: &[&SupportedProtocolVersion] = &[&TLS13];
    let authority = Authority::new();
    for (versions, version) in [(OLD, "TLSv1.2"), (NEW, "TLSv1.3")] {
        let mut identity = authority.identity("127.0.0.1", YEARS);
        identity.versions = versions;
        let outcome = bench(&authority)
            .attempt(identity.serve().await, https())
            .await;
        assert_reachable(&outcome);
        let tls = outcome.facts.tls.as_ref().unwrap();
        assert_eq!(tls.version, version);
        assert!(tls.cipher_suite.starts_with("TLS_"), "{tls:?}");
        assert_eq!(outcome.facts.http.as_ref().unwrap().status, 200);
        let phases: Vec<_> = outcome.phases.iter().map(|timing| timing.phase).collect();
        assert_eq!(phases, [Phase::Connect, Phase::Tls, Phase::Request]);
        assert!(outcome.warnings.is_empty());
    }
}

#[tokio::test]
async fn the_certificate_is_kept_with_who_vouched_for_it() {
    let authority = Authority::new();
    let peer = authority.identity("127.0.0.1", YEARS).serve().await;
    let outcome = bench(&authority).attempt(peer, https()).await;
    let certificate = certificate(&outcome);
    assert_eq!(certificate.names, ["127.0.0.1"]);
    assert_eq!(certificate.not_before.to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(certificate.not_after.to_string(), "2045-01-01T00:00:00Z");
    assert_eq!(certificate.chain_length, 1);
    assert!(certificate.trusted);
    assert_eq!(certificate.vouched_by, Some(VouchedBy::GivenCa));
}

#[tokio::test]
async fn a_name_is_sent_verified_and_asked_for() {
    let authority = Authority::new();
    let peer = authority.identity(NAME, YEARS).serve().await;
    assert_reachable(&bench(&authority).attempt(peer, named()).await);
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_refused_and_kept() {
    let authority = Authority::new();
    let stranger = Authority::named("somebody else");
    let namesake = Authority::new();
    for (issuer, name, years, reason) in [
        (&stranger, "127.0.0.1", YEARS, Reason::CertificateUntrusted),
        (&namesake, "127.0.0.1", YEARS, Reason::CertificateUntrusted),
        (
            &authority,
            "other.example",
            YEARS,
            Reason::CertificateNameMismatch,
        ),
        (
            &authority,
            "127.0.0.1",
            (2020, 2021),
            Reason::CertificateExpired,
        ),
        (
            &authority,
            "127.0.0.1",
            (2044, 2045),
            Reason::CertificateNotYetValid,
        ),
    ] {
        for bench in [bench(&authority), inspected(&authority)] {
            let peer = issuer.identity(name, years).serve().await;
            let outcome = bench.attempt(peer, https()).await;
            assert_eq!(refuted(&outcome), (Phase::Tls, reason));
            assert_eq!(certificate(&outcome).names, [name]);
            assert!(!certificate(&outcome).trusted);
        }
    }
}

#[tokio::test]
async fn an_authority_of_the_same_name_hides_no_other() {
    let authority = Authority::new();
    let namesake = Authority::new();
    let peer = authority.identity("127.0.0.1", YEARS).serve().await;
    let mut bench = bench(&authority);
    bench.trust.cluster_ca_file = Some(namesake.file());
    let probe = Probe::Https(Https {
        trust: Trust::Cluster,
        ..Https::default()
    });
    assert_reachable(&bench.attempt(peer, probe).await);
}

#[tokio::test]
async fn a_given_ca_beside_public_roots_is_an_interception() {
    let authority = Authority::new();
    let peer = authority.identity(NAME, YEARS).serve().await;
    let outcome = inspected(&authority).attempt(peer, named()).await;
    assert_reachable(&outcome);
    assert_eq!(outcome.warnings, [Warning::Intercepted]);
}

#[tokio::test]
async fn a_403_is_the_servers_own_unless_somebody_inspects() {
    let authority = Authority::new();
    let denied = || {
        authority
            .identity(NAME, YEARS)
            .replying("HTTP/1.1 403 Forbidden\r\n\r\n")
    };
    let outcome = bench(&authority)
        .attempt(denied().serve().await, named())
        .await;
    assert_reachable(&outcome);
    let outcome = inspected(&authority)
        .attempt(denied().serve().await, named())
        .await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
    assert!(certificate(&outcome).trusted);
}

#[tokio::test]
async fn a_proxys_mark_under_a_given_ca_is_a_denial_with_and_without_public_roots() {
    let authority = Authority::new();
    let reply = "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n";
    let identity = authority.identity(NAME, YEARS).replying(reply);
    let peer = identity.serve().await;
    for bench in [bench(&authority), inspected(&authority)] {
        let outcome = bench.attempt(peer, named()).await;
        assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
    }
}

#[tokio::test]
async fn status_470_is_a_denial_over_tls_too() {
    let authority = Authority::new();
    let identity = authority
        .identity("127.0.0.1", YEARS)
        .replying("HTTP/1.1 470 x\r\n\r\n");
    let outcome = bench(&authority)
        .attempt(identity.serve().await, https())
        .await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
}

#[tokio::test]
async fn a_redirect_elsewhere_is_a_warning_over_tls() {
    let authority = Authority::new();
    let reply = "HTTP/1.1 302 Found\r\nLocation: https://www.office.com/login\r\n\r\n";
    let identity = authority.identity("127.0.0.1", YEARS).replying(reply);
    let outcome = bench(&authority)
        .attempt(identity.serve().await, https())
        .await;
    assert_reachable(&outcome);
    assert_eq!(outcome.warnings, [Warning::Redirected]);
}

#[tokio::test]
async fn without_the_clusters_ca_a_stranger_decides_nothing() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let peer = authority.identity("127.0.0.1", YEARS).serve().await;
    let probe = Probe::Https(Https {
        trust: Trust::Cluster,
        ..Https::default()
    });
    let mut bench = Bench::default();
    bench.trust.bundled = true;
    let outcome = bench.attempt(peer, probe.clone()).await;
    assert_eq!(
        unproven(&outcome),
        (Phase::Tls, Reason::CertificateUntrusted)
    );
    let detail = &outcome.verdict.failure().unwrap().detail;
    assert!(detail.contains("tls.cluster_ca_file"), "{detail}");

    bench.trust.cluster_ca_file = Some(authority.file());
    let outcome = bench.attempt(peer, probe.clone()).await;
    assert_reachable(&outcome);
    assert_eq!(
        certificate(&outcome).vouched_by,
        Some(VouchedBy::ExpectedCa)
    );
    assert!(outcome.warnings.is_empty());

    bench.trust.cluster_ca_file = Some(stranger.file());
    let outcome = bench.attempt(peer, probe.clone()).await;
    assert_eq!(
        refuted(&outcome),
        (Phase::Tls, Reason::CertificateUntrusted)
    );
}

#[tokio::test]
async fn a_re_signed_certificate_is_seen_where_another_ca_is_expected() {
    let expected = Authority::named("cluster");
    let inspector = Authority::named("inspector");
    let identity = || inspector.identity(NAME, YEARS);
    let peer = identity().serve().await;
    let denied = identity().replying("HTTP/1.1 403 Forbidden\r\n\r\n");
    let denied = denied.serve().await;
    let genuine = expected.identity(NAME, YEARS).serve().await;
    for bundled in [true, false] {
        for trust in [Trust::Cluster, Trust::Files(vec![expected.file()])] {
            let mut bench = bench(&inspector);
            bench.trust.bundled = bundled;
            bench.trust.ca_files.push(expected.file());
            match &trust {
                Trust::Files(files) => bench.trust.entry_files = vec![files.clone()],
                _ => bench.trust.cluster_ca_file = Some(expected.file()),
            }
            let probe = trusting(trust);

            let outcome = bench.attempt(peer, probe.clone()).await;
            assert_reachable(&outcome);
            assert_eq!(outcome.warnings, [Warning::Intercepted]);
            let vouched_by = certificate(&outcome).vouched_by;
            assert_eq!(vouched_by, Some(VouchedBy::GivenCa));

            let outcome = bench.attempt(denied, probe.clone()).await;
            assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));

            let outcome = bench.attempt(genuine, probe).await;
            assert_reachable(&outcome);
            assert!(outcome.warnings.is_empty());
            let vouched_by = certificate(&outcome).vouched_by;
            assert_eq!(vouched_by, Some(VouchedBy::ExpectedCa));
        }
    }
}

#[tokio::test]
async fn without_the_clusters_ca_a_given_one_may_be_an_inspectors() {
    let given = Authority::named("given");
    let peer = given.identity(NAME, YEARS).serve().await;
    let stranger = Authority::named("stranger").identity(NAME, YEARS);
    let stranger = stranger.serve().await;
    let mut bench = inspected(&given);
    let outcome = bench.attempt(peer, trusting(Trust::Cluster)).await;
    assert_reachable(&outcome);
    assert_eq!(outcome.warnings, [Warning::Intercepted]);
    let outcome = bench.attempt(stranger, trusting(Trust::Cluster)).await;
    let expected = (Phase::Tls, Reason::CertificateUntrusted);
    assert_eq!(unproven(&outcome), expected);

    // Here the given CAs are all who may vouch, for the API server too.
    bench.trust.bundled = false;
    let outcome = bench.attempt(peer, trusting(Trust::Cluster)).await;
    assert_reachable(&outcome);
    assert!(outcome.warnings.is_empty());
    let outcome = bench.attempt(stranger, trusting(Trust::Cluster)).await;
    assert_eq!(refuted(&outcome), expected);
}

#[tokio::test]
async fn the_ca_files_of_an_entry_are_expected() {
    let authority = Authority::new();
    let peer = authority.identity("127.0.0.1", YEARS).serve().await;
    let mut bench = Bench::default();
    bench.trust.bundled = true;
    bench.trust.entry_files = vec![vec![authority.file()]];
    let probe = Probe::Https(Https {
        trust: Trust::Files(vec![authority.file()]),
        ..Https::default()
    });
    let outcome = bench.attempt(peer, probe).await;
    assert_reachable(&outcome);
    assert_eq!(
        certificate(&outcome).vouched_by,
        Some(VouchedBy::ExpectedCa)
    );
    assert!(outcome.warnings.is_empty());
}

#[tokio::test]
async fn with_nobody_to_vouch_nothing_is_decided() {
    let authority = Authority::new();
    let peer = authority.identity("127.0.0.1", YEARS).serve().await;
    let outcome = Bench::default().attempt(peer, https()).await;
    assert_eq!(
        unproven(&outcome),
        (Phase::Tls, Reason::CertificateUntrusted)
    );
}

#[tokio::test]
async fn an_application_protocol_must_be_echoed() {
    let authority = Authority::new();
    let echoing = |alpn: &[&str]| {
        let mut identity = authority.identity("127.0.0.1", YEARS);
        identity.alpn = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        identity.serve()
    };
    let probe = with_alpn("konnectivity");
    let bench = bench(&authority);

    let peer = echoing(&["h2", "http/1.1", "konnectivity"]).await;
    let outcome = bench.attempt(peer, probe.clone()).await;
    assert_reachable(&outcome);
    let alpn = outcome.facts.tls.unwrap().alpn;
    assert_eq!(alpn.as_deref(), Some("konnectivity"));
    assert_eq!(outcome.addresses.len(), 1);

    // The extension is stripped on the way, or the server ignores it.
    let outcome = bench.attempt(echoing(&[]).await, probe.clone()).await;
    assert_eq!(refuted(&outcome), (Phase::Tls, Reason::AlpnMismatch));

    // The server answers with the alert no_application_protocol (RFC 7301 section 3.2).
    let outcome = bench.attempt(echoing(&["http/1.1"]).await, probe).await;
    assert_eq!(refuted(&outcome), (Phase::Tls, Reason::AlpnMismatch));
    // It presents nothing before that: what is known is from the first handshake.
    assert!(certificate(&outcome).trusted);
}

#[tokio::test]
async fn a_server_without_the_agents_own_application_protocol_refutes_nothing() {
    let authority = Authority::new();
    for probe in [https(), with_alpn("h2")] {
        let mut identity = authority.identity("127.0.0.1", YEARS);
        identity.alpn = vec![b"h2".to_vec()];
        let peer = identity.serve().await;
        let outcome = bench(&authority).attempt(peer, probe).await;
        assert_eq!(unproven(&outcome), (Phase::Tls, Reason::AlpnMismatch));
        let detail = &outcome.verdict.failure().unwrap().detail;
        assert!(detail.contains("http/1.1"), "{detail}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_refutes_nothing() {
    static OLD: &[&SupportedProtocolVersion] = &[&TLS12];
    static NEW: &[&SupportedProtocolVersion] = &[&TLS13];
    let authority = Authority::new();
    for (versions, phase) in [(OLD, Phase::Tls), (NEW, Phase::Request)] {
        let mut identity = authority.identity("127.0.0.1", YEARS);
        identity.versions = versions;
        identity.clients = Some(Authority::named("clients"));
        let outcome = bench(&authority)
            .attempt(identity.serve().await, https())
            .await;
        assert_eq!(unproven(&outcome), (phase, Reason::TlsAlert));
        let detail = &outcome.verdict.failure().unwrap().detail;
        assert!(detail.contains("client certificate"), "{detail}");
        assert!(certificate(&outcome).trusted);
    }
}

#[tokio::test]
async fn a_peer_that_shakes_no_hands_fails_by_what_it_does() {
    // handshake_failure, as a server sends it that likes nothing in the ClientHello (RFC 8446 section 6.2)
    const ALERT: &[u8] = &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];
    for (peer, reason) in [
        (silent().await, Reason::Timeout),
        (closes().await, Reason::ConnectionClosed),
        (resets().await, Reason::ConnectionReset),
        (
            answers(*b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
            Reason::TlsProtocol,
        ),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n").await, Reason::TlsProtocol),
        (answers(ALERT).await, Reason::TlsAlert),
    ] {
        let outcome = Bench::impatient().attempt(peer, https()).await;
        assert_eq!(refuted(&outcome), (Phase::Tls, reason));
        assert_eq!(outcome.facts.certificate, None);
    }
}

#[tokio::test]
async fn a_session_that_ends_without_a_response_is_closed() {
    let authority = Authority::new();
    let identity = authority.identity("127.0.0.1", YEARS).replying("");
    let outcome = bench(&authority)
        .attempt(identity.serve().await, https())
        .await;
    assert_eq!(
        refuted(&outcome),
        (Phase::Request, Reason::ConnectionClosed)
    );
    assert!(certificate(&outcome).trusted);
}
