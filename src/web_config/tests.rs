//! What is a web config and what is none, with the sentence for each mistake.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::generate_simple_self_signed;
use tempfile::TempDir;

use super::*;

const HASH: &str = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

fn mistakes(text: &str) -> Vec<String> {
    let problems = parse(Path::new("web.yml"), text)
        .map(drop)
        .err()
        .unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

/// A web config, and the only mistake in it.
const MISTAKES: &[(&str, &str)] = &[
    (
        "tls_server_confg: {}",
        "1: tls_server_confg: `tls_server_confg` is not known here; did you mean `tls_server_config`?",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, min_versio: TLS12}",
        "tls_server_config.min_versio: `min_versio` is not known here; did you mean `min_version`?",
    ),
    (
        "tls_server_config: {cert_file: a}",
        "1: tls_server_config: `key_file` is missing",
    ),
    (
        "tls_server_config: {key: b, min_version: TLS12}",
        "`cert_file` is missing",
    ),
    (
        "tls_server_config: {cert_file: a, cert: b, key: c}",
        "cert: stands beside `cert_file`; keep one of them",
    ),
    (
        "tls_server_config:\n  cert_file: a\n  key_file: b\n  min_version: TLS11",
        "4: tls_server_config.min_version: TLS 1.0 and 1.1 are not spoken here; write TLS12 or TLS13",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, max_version: TLS14}",
        "max_version: `TLS14` is not known here; did you mean",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}",
        "max_version: is older than `min_version`, TLS13",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}",
        "client_auth_type: RequireAndVerifyClientCert needs `client_ca_file`",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerify}",
        "did you mean `RequireAndVerifyClientCert`?",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}",
        "`client_ca_file` has no effect without `client_auth_type`",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, client_allowed_sans: [x], client_auth_type: RequestClientCert}",
        "client_allowed_sans: needs `client_auth_type: RequireAndVerifyClientCert`",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c, client_allowed_sans: [], client_auth_type: RequireAndVerifyClientCert}",
        "client_allowed_sans: must have a name, or be left out",
    ),
    (
        "tls_server_config:\n  cert_file: a\n  key_file: |\n    -----BEGIN PRIVATE KEY-----\n    hunter2\n",
        "key_file: is PEM, not the name of a file; write it under `key`",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]}",
        "cipher_suites[0]: `TLS_RSA_WITH_AES_128_CBC_SHA` is not spoken here; leave it out, or take one of TLS_AES_128",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, curve_preferences: [CurveP521]}",
        "curve_preferences[0]: `CurveP521` is not spoken here",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b, prefer_server_cipher_suites: maybe}",
        "must be true or false",
    ),
    (
        "http_server_config: {http2: true}",
        "http2: HTTP/2 is not spoken here",
    ),
    (
        "http_server_config: {headers: {X-Frame-Option: deny}}",
        "did you mean `X-Frame-Options`?",
    ),
    (
        "http_server_config: {headers: {X-Frame-Options: allow}}",
        "must be deny or sameorigin",
    ),
    (
        "http_server_config: {headers: {Content-Security-Policy: \"a\\u0001\"}}",
        "holds characters that no header can have",
    ),
    (
        "basic_auth_users: {alice: hunter2}",
        "1: basic_auth_users.alice: must be a bcrypt hash, as `htpasswd",
    ),
    (
        "basic_auth_users: {alice: $2y$17$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}",
        "the cost of the hash is 17, but must be from 4 to 16",
    ),
    (
        "basic_auth_users: {\"al:ice\": $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}",
        "is no user name",
    ),
    (
        "basic_auth_users: [alice]",
        "must be a map of keys, but is a list",
    ),
    (
        "rate_limit: {interval: 1s}",
        "rate_limit: `burst` must be at least 1",
    ),
    (
        "rate_limit: {interval: 1, burst: 1}",
        "`1` is not a duration of at most 1h",
    ),
    (
        "rate_limit: {interval: 2h, burst: 1}",
        "`2h` is not a duration of at most 1h",
    ),
];

#[test]
fn every_mistake_is_told_with_its_key_and_what_to_do_and_no_secret() {
    for (text, expected) in MISTAKES {
        let told = mistakes(text);
        assert!(
            told.len() == 1 && told[0].contains(expected),
            "{text}: {told:?}"
        );
        assert!(
            !told[0].contains("hunter2") && !told[0].contains("X0h1"),
            "{told:?}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_a_good_file_has_none() {
    let told = mistakes("tls_server_config: {min_version: TLS10}\nrate_limit: {burst: x}\n");
    assert_eq!(told.len(), 4, "{told:?}");
    for text in [
        "",
        "# nothing\n",
        "tls_server_config: {}\n",
        "rate_limit: {interval: 0, burst: 0}\n",
        "http_server_config: {http2: false}\n",
    ] {
        assert_eq!(mistakes(text), [""; 0], "{text}");
    }
    let all = format!(
        "tls_server_config:\n  cert: |\n    PEM\n  key: |\n    PEM\n  client_ca: |\n    PEM\n  \
         client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [a]\n  min_version: TLS12\n  \
         max_version: TLS13\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  curve_preferences: [X25519]\n  \
         prefer_server_cipher_suites: false\nbasic_auth_users: {{a: {HASH}}}\nrate_limit: {{interval: 1s, burst: 2}}\n"
    );
    assert_eq!(mistakes(&all), [""; 0]);
    let config = parse(Path::new("web.yml"), &all).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("PEM") && !shown.contains(HASH), "{shown}");
}

/// A folder with a certificate and its key.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let made = generate_simple_self_signed(vec!["x.example".to_owned()]).unwrap();
        fs::write(folder.path().join(format!("{name}.crt")), made.cert.pem()).unwrap();
        let key = made.signing_key.serialize_pem();
        fs::write(folder.path().join(format!("{name}.key")), key).unwrap();
    }
    let file = folder.path().join("web.yml");
    (folder, file)
}

fn loaded(text: &str) -> (Result<Access, Problems>, Vec<String>) {
    let (folder, file) = folder();
    fs::write(&file, text).unwrap();
    let mut noted = Vec::new();
    let loaded = load(&file, &mut |path| {
        let path = path.strip_prefix(folder.path()).unwrap();
        noted.push(path.display().to_string());
    });
    (loaded, noted)
}

#[test]
fn every_file_is_noted_before_it_is_read_and_its_mistake_stands_at_the_key_that_names_it() {
    let (good, noted) = loaded("tls_server_config: {cert_file: a.crt, key_file: a.key}");
    assert!(good.unwrap().tls.is_some());
    assert_eq!(noted, ["web.yml", "a.crt", "a.key"]);
    for (text, expected) in [
        (
            "cert_file: a.crt\n  key_file: b.key",
            "web.yml:3: tls_server_config.key_file: does not go with the certificate",
        ),
        (
            "cert_file: c.crt\n  key_file: a.key",
            "c.crt cannot be read: No such file",
        ),
        (
            "cert_file: a.key\n  key_file: a.key",
            "a.key holds no PEM certificate",
        ),
        (
            "cert_file: a.crt\n  key_file: a.crt",
            "a.crt holds no PEM private key",
        ),
        (
            "cert_file: a.crt\n  key_file: a.key\n  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: a.key",
            "web.yml:5: tls_server_config.client_ca_file: ",
        ),
        (
            "cert_file: a.crt\n  key_file: a.key\n  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]",
            "no cipher suite is left for these versions of TLS",
        ),
    ] {
        let (bad, noted) = loaded(&format!("tls_server_config:\n  {text}\n"));
        let told = bad.unwrap_err().to_string();
        assert!(told.contains(expected), "{text}: {told}");
        assert!(noted.len() >= 2, "{noted:?}");
    }
}
