//! Who vouches for whom: the cluster's own authority, others, and protocols that must pass unchanged.

mod support;

use std::path::PathBuf;
use std::sync::LazyLock;

use egress_lab::{HostSpec, Lab, LabSpec, Service};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use support::check::distrusting;
use support::file;
use support::report::Target;

/// Two API servers, one of them without the protocol of its tunnel, and a server that public roots should vouch for.
const CATALOG: &str = "entries:
  - name: api-server
    hosts: [\"api.example\", \"deaf.example\"]
    protocols: {https: {port: 443, alpn: [konnectivity]}}
    trust: cluster
  - name: public
    hosts: [\"mcr.microsoft.com\"]
    protocols: {https: {port: 443}}
";

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let hosts = [
        HostSpec::new("api.example").with(Service::https_alpn(&["konnectivity"])),
        HostSpec::new("deaf.example").https(),
        HostSpec::new("mcr.microsoft.com").https(),
    ];
    let lab = Lab::start(&LabSpec::of(hosts)).expect("the lab starts");
    file(&lab, "catalog.yaml", CATALOG);
    lab
});

/// Public roots, and what these arguments say of others.
fn seen(host: &str, authorities: &[(&str, &PathBuf)]) -> Target {
    let catalog = LAB.folder().join("catalog.yaml");
    let catalog = catalog.to_str().expect("a path of plain letters");
    let target = format!("{host}:443");
    let mut arguments = vec!["--format", "json", "--no-builtin", "--catalog", catalog];
    arguments.extend(["--target", &target]);
    for (flag, file) in authorities {
        arguments.extend([*flag, file.to_str().expect("a path of plain letters")]);
    }
    let check = distrusting(&LAB, &arguments);
    check.report().target(&target, "https").clone()
}

fn lab_authority() -> PathBuf {
    LAB.ca_file().to_owned()
}

/// An authority that signed nothing in the lab.
fn foreign_authority() -> PathBuf {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    file(&LAB, "foreign.pem", &certificate.pem())
}

#[test]
fn the_api_server_is_verified_by_the_authority_of_the_cluster() {
    let api = seen("api.example", &[("--cluster-ca-file", &lab_authority())]);
    assert_eq!(api.verdict(), "reachable");
    assert_eq!(api.facts["certificate"]["vouched_by"], "expected_ca");
    assert_eq!(api.facts["tls"]["alpn"], "konnectivity");
}

#[test]
fn without_the_authority_of_the_cluster_nothing_is_decided() {
    let api = seen("api.example", &[]);
    assert_eq!(api.verdict(), "unproven tls certificate_untrusted");
    assert_eq!(api.facts["certificate"]["trusted"], false);
}

#[test]
fn an_api_server_with_a_certificate_of_somebody_else_is_unreachable() {
    let api = seen(
        "api.example",
        &[("--cluster-ca-file", &foreign_authority())],
    );
    assert_eq!(api.verdict(), "unreachable tls certificate_untrusted");
}

#[test]
fn an_application_protocol_that_does_not_get_through_is_a_mismatch() {
    let deaf = seen("deaf.example", &[("--cluster-ca-file", &lab_authority())]);
    assert_eq!(deaf.verdict(), "unreachable tls alpn_mismatch");
    // The first handshake, which offers HTTP, has proven the certificate.
    assert_eq!(deaf.facts["certificate"]["trusted"], true);
}

#[test]
fn a_public_name_under_a_private_authority_is_refused_or_noted() {
    let nobody = seen("mcr.microsoft.com", &[]);
    assert_eq!(nobody.verdict(), "unreachable tls certificate_untrusted");
    let given = seen("mcr.microsoft.com", &[("--ca-file", &lab_authority())]);
    assert_eq!(given.verdict(), "reachable intercepted");
    assert_eq!(given.facts["certificate"]["vouched_by"], "given_ca");
}
