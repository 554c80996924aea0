//! Passwords, headers and rates, as curl and the agent's own commands meet them.

use std::fs;

use crate::LAB;
use crate::bench::Bench;
use crate::pki::{hash, tls};
use crate::support::agent_in;

#[test]
fn a_password_opens_the_pages_and_only_a_right_one() {
    let (alice, bob) = (hash("wonderland", 4), hash("builder", 5));
    let users = format!("basic_auth_users:\n  alice: {alice}\n  bob: {bob}\n");
    let bench = Bench::start(9213, &(tls("") + &users));
    for (user, expected) in [
        ("alice:wonderland", 200),
        ("bob:builder", 200),
        ("alice:builder", 401),
        ("alice:", 401),
        ("carol:wonderland", 401),
        ("alice:wonderland", 200),
    ] {
        let answer = bench.curl(&["--user", user], "/metrics");
        assert_eq!(answer.status, expected, "{user}: {answer:?}");
    }
    let challenge = "www-authenticate: Basic realm=\"egress-probe\", charset=\"UTF-8\"";
    for path in [
        "/",
        "/status",
        "/metrics",
        "/api/v1/status",
        "/nothing",
        "/static/style.css",
    ] {
        let nobody = bench.curl(&[], path);
        let refused = nobody.status == 401 && nobody.head.contains(challenge);
        assert!(refused, "{path}: {nobody:?}");
    }
    for other in [["-X", "POST"], ["-H", "Authorization: Bearer wonderland"]] {
        let nobody = bench.curl(&other, "/-/reload");
        assert_eq!(nobody.status, 401, "{other:?}: {nobody:?}");
    }
    bench.assert_open();
}

#[test]
fn another_password_is_taken_up_and_the_old_one_forgotten() {
    let users = |password| format!("basic_auth_users: {{alice: {}}}\n", hash(password, 4));
    let bench = Bench::start(9214, &users("wonderland"));
    let ask = |bench: &Bench, login: &str| {
        bench
            .agent
            .curl(LAB.node(), "http", &["--user", login], "/status")
    };
    assert_eq!(ask(&bench, "alice:wonderland").status, 200);
    bench.configure(&users("looking-glass"));
    bench.await_status("another password", 200, |bench| {
        ask(bench, "alice:looking-glass")
    });
    assert_eq!(ask(&bench, "alice:wonderland").status, 401);
    // Without a file there is no password.
    bench.agent.write(
        "config.yaml",
        "builtin: false\ncatalogs: rows.yaml\nmetadata: off\n",
    );
    bench.agent.hang_up();
    bench.await_status("no password", 200, |bench| {
        bench.agent.curl(LAB.node(), "http", &[], "/status")
    });
}

#[test]
fn headers_and_rates_are_those_of_the_file() {
    let config = "http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=1
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    Content-Security-Policy: default-src 'none'
rate_limit: {interval: 10m, burst: 3}
";
    let bench = Bench::start(9215, &(tls("") + config));
    let answer = bench.curl(&[], "/status");
    for wanted in [
        "strict-transport-security: max-age=1",
        "x-frame-options: deny",
        "content-security-policy: default-src 'none'",
    ] {
        let found = answer
            .head
            .lines()
            .filter(|header| *header == wanted)
            .count();
        assert_eq!(found, 1, "{wanted}: {answer:?}");
    }
    let statuses = [(); 3].map(|()| bench.curl(&[], "/metrics").status);
    assert_eq!(
        statuses,
        [200, 200, 429],
        "three at once, and one was before"
    );
    let refused = bench.curl(&[], "/metrics");
    assert!(refused.head.contains("retry-after: 601"), "{refused:?}");
    bench.assert_open();
}

const TRUST: &str = "--ca-file @ca.crt";
const CERTIFIED: &str = "--client-cert @client.crt --client-key @client.key";
const LOGIN: &str = "--user alice --password-file @password";

/// A command, flags, and what is said. `@` stands before names of the caller's files.
const SAID: [(&str, &[&str], &str); 10] = [
    ("status URL", &[TRUST, CERTIFIED, LOGIN], "well.example:443"),
    (
        "fleet --url URL",
        &[TRUST, CERTIFIED, LOGIN],
        "1 agent read",
    ),
    (
        "status URL --target well.example:443",
        &[TRUST, CERTIFIED, LOGIN],
        "well.example:443  https",
    ),
    (
        "status URL --tls-name node-1.example",
        &[TRUST, CERTIFIED, LOGIN],
        "well.example:443",
    ),
    (
        "status URL",
        &[TRUST, LOGIN],
        "403 Forbidden: This page is for those with a client certificate.",
    ),
    (
        "status URL",
        &[TRUST, CERTIFIED],
        "401 Unauthorized: This page is for those with a user name",
    ),
    (
        "status URL",
        &[CERTIFIED, LOGIN],
        "invalid peer certificate: UnknownIssuer",
    ),
    (
        "status URL --tls-name else.example",
        &[TRUST, CERTIFIED, LOGIN],
        "certificate not valid for name",
    ),
    (
        "status URL",
        &[TRUST, "--client-cert @client.key --client-key @client.key"],
        "client.key: holds no PEM",
    ),
    (
        "status URL",
        &[TRUST, "--user alice"],
        "--password-file <FILE>",
    ),
];

#[test]
fn status_and_fleet_read_an_agent_that_wants_tls_a_certificate_and_a_password() {
    let users = format!("basic_auth_users: {{alice: {}}}\n", hash("wonderland", 4));
    let strict = "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ca.crt";
    let bench = Bench::start(9216, &(tls(strict) + &users));
    fs::write(bench.pki.file("password"), "wonderland\n").expect("a new file");
    let url = format!("https://{}", bench.agent.address);
    let word = |word: &str| match word.strip_prefix('@') {
        Some(name) => bench.pki.file(name),
        None => word.replace("URL", &url),
    };
    for (command, flags, expected) in SAID {
        let line = format!("{command} {}", flags.join(" "));
        let mut ask = agent_in(&LAB);
        let output = ask.args(line.split_whitespace().map(word)).output();
        let output = output.expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(expected), "{line}: {said}");
    }
}
