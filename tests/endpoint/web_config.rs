//! TLS, client certificates, passwords, headers and their reload, as curl sees them.

use std::fs;

use crate::LAB;
use crate::agent::{Agent, Answer, folder};
use crate::pki::Pki;
use crate::support::wait::until;

/// curl's exit codes.
const TLS_FAILED: [i32; 2] = [35, 56];

/// An agent with a web config that tests replace.
struct Bench {
    agent: Agent,
    pki: Pki,
}

impl Bench {
    fn start(port: u16, config: impl FnOnce(&Pki) -> String) -> Self {
        let pki = Pki::new(&format!("of-{port}"));
        let folder = folder(port, 1, "web: {config_file: web.yml, reload: true}\n");
        pki.lay_into(&folder);
        fs::write(folder.join("web.yml"), config(&pki)).expect("a new file");
        let agent = Agent::start(port, &folder, &[], &[]);
        Self { agent, pki }
    }

    fn configure(&self, config: &str) {
        self.agent.write("web.yml", config);
        self.agent.hang_up();
    }

    /// Over TLS, trusting the authority.
    fn curl(&self, arguments: &[&str], path: &str) -> Answer {
        let authority = self.pki.file("ca.crt");
        let arguments = [&["--cacert", authority.as_str()], arguments].concat();
        self.agent.curl(LAB.node(), "https", &arguments, path)
    }

    /// The same with the caller's certificate.
    fn certified(&self, arguments: &[&str], path: &str) -> Answer {
        let flags = self.pki.certified();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.curl(&[&flags, arguments].concat(), path)
    }

    /// The same with the certificate of another authority.
    fn stranger(&self, path: &str) -> Answer {
        let (certificate, key) = (
            self.agent.folder.join("other.crt"),
            self.agent.folder.join("other.key"),
        );
        let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
        self.curl(&["--cert", &certificate, "--key", &key], path)
    }

    fn assert_open(&self) {
        for path in ["/healthz", "/readyz"] {
            let kubelet = self.agent.curl(LAB.node(), "https", &["-k"], path);
            assert!([200, 503].contains(&kubelet.status), "{path}: {kubelet:?}");
            assert!(!kubelet.body.contains("password"), "{path}: {kubelet:?}");
        }
    }
}

#[test]
fn versions_of_tls_are_those_that_the_file_allows() {
    let bench = Bench::start(9210, |pki| pki.tls(""));
    let spoken = |flags: &[&str]| bench.curl(flags, "/status").status == 200;
    let only_1_2 = ["--tlsv1.2", "--tls-max", "1.2"];
    let only_1_3 = ["--tlsv1.3", "--tls-max", "1.3"];
    assert!(spoken(&only_1_2) && spoken(&only_1_3));
    bench.configure(&bench.pki.tls("min_version: TLS13"));
    until("no TLS 1.2", || {
        (!spoken(&only_1_2)).then_some(()).ok_or(bench.agent.log())
    });
    assert!(spoken(&only_1_3));
    let suites = "max_version: TLS12\ncipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]\ncurve_preferences: [CurveP384]";
    bench.configure(&bench.pki.tls(suites));
    until("no TLS 1.3", || {
        (!spoken(&only_1_3)).then_some(()).ok_or(bench.agent.log())
    });
    let verbose = bench.curl(
        &["-v", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"],
        "/status",
    );
    assert_eq!(verbose.status, 200, "{verbose:?}");
    let other = bench.curl(&["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"], "/status");
    assert!(TLS_FAILED.contains(&other.exit), "{other:?}");
    let other = bench.curl(&["--curves", "X25519"], "/status");
    assert!(TLS_FAILED.contains(&other.exit), "{other:?}");
    bench.assert_open();
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

#[test]
fn every_auth_type_lets_in_whom_it_names() {
    let bench = Bench::start(9211, |pki| pki.tls(""));
    let other = Pki::new("other");
    for name in ["crt", "key"] {
        let file = other.file(&format!("client.{name}"));
        fs::copy(file, bench.agent.folder.join(format!("other.{name}"))).expect("a copy");
    }
    for (auth_type, expected) in AUTH_TYPES {
        let authority = if auth_type == "NoClientCert" {
            ""
        } else {
            "\nclient_ca_file: ca.crt"
        };
        let config = bench
            .pki
            .tls(&format!("client_auth_type: {auth_type}{authority}"));
        bench.configure(&config);
        until(auth_type, || {
            let answers = [
                bench.curl(&[], "/status"),
                bench.certified(&[], "/status"),
                bench.stranger("/status"),
            ];
            let seen = answers.each_ref().map(|answer| answer.status);
            (seen == expected).then_some(()).ok_or(answers)
        });
        bench.assert_open();
    }
    let refused = bench.curl(&[], "/metrics");
    assert!(
        refused
            .body
            .starts_with("This page is for those with a client certificate."),
        "{refused:?}"
    );
    for (sans, expected) in [("prometheus.example", 200), ("grafana.example", 0)] {
        let auth = "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ca.crt";
        bench.configure(
            &bench
                .pki
                .tls(&format!("{auth}\nclient_allowed_sans: [{sans}]")),
        );
        until(sans, || {
            let answer = bench.certified(&[], "/status");
            (answer.status == expected).then_some(()).ok_or(answer)
        });
    }
    bench.assert_open();
}

#[test]
fn a_password_opens_the_pages_and_only_a_right_one() {
    let users = |pki: &Pki| {
        format!(
            "basic_auth_users:\n  alice: {}\n  bob: {}\n",
            pki.hash("wonderland", 4),
            pki.hash("builder", 5)
        )
    };
    let bench = Bench::start(9212, |pki| pki.tls("") + &users(pki));
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
        assert!(
            nobody.status == 401 && nobody.head.contains(challenge),
            "{path}: {nobody:?}"
        );
    }
    let nobody = bench.curl(&["-X", "POST"], "/-/reload");
    assert_eq!(nobody.status, 401, "{nobody:?}");
    let bearer = bench.curl(&["-H", "Authorization: Bearer wonderland"], "/status");
    assert_eq!(bearer.status, 401, "{bearer:?}");
    bench.assert_open();
    bench.configure(&format!(
        "basic_auth_users: {{alice: {}}}\n",
        bench.pki.hash("looking-glass", 4)
    ));
    let plain = |login: &str| {
        bench
            .agent
            .curl(LAB.node(), "http", &["--user", login], "/status")
            .status
    };
    until("another password", || match plain("alice:looking-glass") {
        200 => Ok(()),
        other => Err(other),
    });
    assert_eq!(
        (plain("alice:wonderland"), plain("bob:builder")),
        (401, 401)
    );
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
    let bench = Bench::start(9213, |pki| pki.tls("") + config);
    let answer = bench.curl(&[], "/status");
    for line in [
        "strict-transport-security: max-age=1",
        "x-frame-options: deny",
        "content-security-policy: default-src 'none'",
    ] {
        assert!(
            answer.head.lines().any(|header| header == line),
            "{line}: {answer:?}"
        );
    }
    let statuses = [(); 4].map(|()| bench.curl(&[], "/metrics").status);
    assert_eq!(
        statuses,
        [200, 200, 429, 429],
        "three at once, and one was before"
    );
    let refused = bench.curl(&[], "/metrics");
    assert!(refused.head.contains("retry-after: 601"), "{refused:?}");
    bench.assert_open();
}

#[test]
fn certificates_are_read_again_and_a_bad_reload_keeps_the_good_ones() {
    let bench = Bench::start(9214, |pki| pki.tls(""));
    let (certificate, key) = bench.pki.issue("renewed.example");
    let renewed = [
        "--resolve",
        "renewed.example:9214:127.0.0.1",
        "--connect-to",
        "::renewed.example:9214",
    ];
    let by_name = || {
        let authority = bench.pki.file("ca.crt");
        let mut curl = LAB.node().command("curl");
        curl.args(["-sS", "--cacert", &authority]).args(renewed);
        let output = curl
            .arg("https://renewed.example:9214/healthz")
            .output()
            .expect("curl starts");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert!(!by_name().0, "the first certificate has another name");
    // One file is not enough; nobody sends a signal.
    bench.agent.write("tls.crt", &certificate);
    let refused = until("a refusal on the page", || {
        let page = bench
            .curl(&["-H", "Accept: application/json"], "/api/v1/status")
            .body;
        page.contains("does not go with the certificate")
            .then_some(page.clone())
            .ok_or(page)
    });
    assert!(
        refused.contains("web.yml:3: tls_server_config.key_file: "),
        "{refused}"
    );
    assert!(!refused.contains("PRIVATE KEY"));
    let metrics = bench.curl(&[], "/metrics").body;
    assert!(
        metrics.contains("\negress_config_last_reload_successful 0\n"),
        "{metrics}"
    );
    bench.agent.write("tls.key", &key);
    until("the new certificate", || match by_name() {
        (true, _) => Ok(()),
        (false, said) => Err((said, bench.agent.log())),
    });
    bench.agent.write(
        "web.yml",
        "tls_server_confg: {}\nbasic_auth_users: {alice: plain-word}\n",
    );
    let reload = bench.curl(&["-X", "POST"], "/-/reload");
    assert_eq!(reload.status, 422, "{reload:?}");
    for mistake in [
        "web.yml:1: tls_server_confg: `tls_server_confg` is not known here; did you mean `tls_server_config`?",
        "web.yml:2: basic_auth_users.alice: must be a bcrypt hash",
    ] {
        assert!(reload.body.contains(mistake), "{mistake}: {reload:?}");
    }
    assert!(!reload.body.contains("plain-word"), "{reload:?}");
    assert_eq!(bench.curl(&[], "/status").status, 200, "as before");
}

#[test]
fn status_and_fleet_read_an_agent_that_wants_tls_a_certificate_and_a_password() {
    let auth = "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ca.crt";
    let bench = Bench::start(9215, |pki| {
        let users = format!(
            "basic_auth_users: {{alice: {}}}\n",
            pki.hash("wonderland", 4)
        );
        pki.tls(auth) + &users
    });
    let password = bench.agent.folder.join("password");
    fs::write(&password, "wonderland\n").expect("a new file");
    let (authority, password) = (bench.pki.file("ca.crt"), password.display().to_string());
    let (certificate, key) = (bench.pki.file("client.crt"), bench.pki.file("client.key"));
    let url = format!("https://{}", bench.agent.address);
    let trust = ["--ca-file", &authority];
    let certified = ["--client-cert", &certificate, "--client-key", &key];
    let login = ["--user", "alice", "--password-file", &password];
    let ask = |command: &[&str], flags: &[&[&str]]| {
        let mut ask = crate::support::agent_in(&LAB);
        let output = ask
            .args(command)
            .args(flags.concat())
            .output()
            .expect("it starts");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let status = |flags: &[&[&str]]| ask(&["status", &url], flags);
    let said = status(&[&trust, &certified, &login]);
    assert!(said.contains("well.example:443"), "{said}");
    let fleet = ask(&["fleet", "--url", &url], &[&trust, &certified, &login]);
    assert!(fleet.contains("1 agent read"), "{fleet}");
    let watched = status(&[
        &trust,
        &certified,
        &login,
        &["--target", "well.example:443"],
    ]);
    assert!(watched.contains("well.example:443  https"), "{watched}");
    for (flags, expected) in [
        (
            &[&trust[..], &login][..],
            "the answer is 403 Forbidden: This page is for those with a client certificate.",
        ),
        (
            &[&trust, &certified],
            "the answer is 401 Unauthorized: This page is for those with a user name",
        ),
        (
            &[&certified, &login],
            "invalid peer certificate: UnknownIssuer",
        ),
        (
            &[&trust, &certified, &login, &["--tls-name", "else.example"]],
            "invalid peer certificate: certificate not valid for name",
        ),
        (
            &[&trust, &["--client-cert", &key, "--client-key", &key]],
            "client.key: holds no PEM certificate",
        ),
        (&[&trust, &["--user", "alice"]], "--password-file <FILE>"),
    ] {
        let said = status(flags);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let named = status(&[
        &trust,
        &certified,
        &login,
        &["--tls-name", "node-1.example"],
    ]);
    assert!(named.contains("well.example:443"), "{named}");
}
