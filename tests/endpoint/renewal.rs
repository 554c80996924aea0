//! Certificates that change on disk, and web configs that are no good.

use crate::LAB;
use crate::bench::Bench;
use crate::pki::tls;
use crate::support::wait::until;

/// Whether the agent's certificate has this name, as curl finds; else what it says.
fn is_named(bench: &Bench, name: &str) -> Result<(), String> {
    let url = format!("https://{name}:{}/healthz", bench.agent.address.port());
    let resolved = format!(
        "{name}:{}:{}",
        bench.agent.address.port(),
        LAB.node_address()
    );
    let authority = bench.pki.file("ca.crt");
    let mut curl = LAB.node().command("curl");
    curl.args(["-sS", "--max-time", "10", "--cacert", &authority]);
    let output = curl.args(["--resolve", &resolved, &url]).output();
    let output = output.expect("ip netns exec starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(said)
}

#[test]
fn a_certificate_is_read_again_once_its_key_goes_with_it_and_nobody_must_ask() {
    let bench = Bench::start(9217, &tls(""));
    let (certificate, key) = bench.pki.issue("renewed.example");
    is_named(&bench, "node-1.example").expect("the first certificate");
    is_named(&bench, "renewed.example").expect_err("it has another name");
    bench.agent.write("tls.crt", &certificate);
    let page = until("a refusal on the page", || {
        let page = bench.curl(&[], "/api/v1/status").body;
        let refused = page.contains("does not go with the certificate");
        if refused { Ok(page) } else { Err(page) }
    });
    assert!(
        page.contains("web.yml:3: tls_server_config.key_file: "),
        "{page}"
    );
    assert!(!page.contains("PRIVATE KEY"), "{page}");
    let metrics = bench.curl(&[], "/metrics").body;
    let refused = "\negress_config_last_reload_successful 0\n";
    assert!(metrics.contains(refused), "{metrics}");
    is_named(&bench, "node-1.example").expect("the certificate of before");
    bench.agent.write("tls.key", &key);
    until("the new certificate", || {
        is_named(&bench, "renewed.example")
    });
    until("a good reload", || {
        let metrics = bench.curl(&[], "/metrics").body;
        if metrics.contains(refused) {
            Err(metrics)
        } else {
            Ok(())
        }
    });
}

#[test]
fn a_bad_web_config_is_refused_with_every_mistake_and_the_good_one_stays() {
    let bench = Bench::start(9218, &tls(""));
    let bad = "tls_server_confg: {}\nbasic_auth_users: {alice: plain-word}\n";
    bench.agent.write("web.yml", bad);
    let reload = bench.curl(&["-X", "POST"], "/-/reload");
    assert_eq!(reload.status, 422, "{reload:?}");
    for mistake in [
        "web.yml:1: tls_server_confg: `tls_server_confg` is not known here; did you mean `tls_server_config`?",
        "web.yml:2: basic_auth_users.alice: must be a bcrypt hash",
    ] {
        assert!(reload.body.contains(mistake), "{mistake}: {reload:?}");
    }
    assert!(!reload.body.contains("plain-word"), "{reload:?}");
    assert_eq!(
        bench.curl(&[], "/status").status,
        200,
        "over TLS, as before"
    );
}
