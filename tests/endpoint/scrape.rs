//! Debian's Prometheus scrapes over mutual TLS with a password, configured as the documentation says.

use std::fs::{self, File};
use std::path::Path;

use crate::LAB;
use crate::agent::{Agent, folder};
use crate::pki::Pki;
use crate::support::wait::until;

/// The example of the documentation that has this after its fence.
fn example(kind: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/web.md");
    let page = fs::read_to_string(file).expect("the page");
    let (_, after) = page
        .split_once(&format!("```yaml {kind}\n"))
        .expect("an example");
    after.split("```").next().expect("its end").to_owned()
}

#[test]
fn prometheus_scrapes_over_mutual_tls_with_a_password_as_documented() {
    let pki = Pki::new("scrape");
    let folder = folder(9220, 1, "");
    pki.lay_into(&folder);
    let hash = pki.hash("correct horse", 10);
    let web = example("web config");
    assert!(web.contains("$2y$10$HASH"));
    fs::write(folder.join("web.yml"), web.replace("$2y$10$HASH", &hash)).expect("a new file");
    let web = folder.join("web.yml").display().to_string();
    // Named by the environment: the flag is tested elsewhere.
    let agent = Agent::start(9220, &folder, &[], &[("EGRESS_PROBE_WEB_CONFIG", &web)]);

    let callers = Path::new(&pki.file("")).to_owned();
    fs::write(callers.join("password"), "correct horse").expect("a new file");
    let config = "global: {scrape_interval: 1s}\n".to_owned() + &example("prometheus");
    let address = agent.address.to_string();
    fs::write(
        callers.join("prometheus.yml"),
        config.replace("node-1.example:9100", &address),
    )
    .expect("a new file");
    let mut prometheus = LAB.firewall().command("prometheus");
    prometheus.arg(format!(
        "--config.file={}",
        callers.join("prometheus.yml").display()
    ));
    prometheus.arg(format!(
        "--storage.tsdb.path={}",
        callers.join("data").display()
    ));
    prometheus.arg("--web.listen-address=127.0.0.1:9292");
    let log = File::create(callers.join("log")).expect("a new file");
    prometheus
        .stdout(log.try_clone().expect("another handle"))
        .stderr(log);
    let mut child = prometheus.spawn().expect("ip netns exec starts");
    let said = || fs::read_to_string(callers.join("log")).unwrap_or_default();
    let ask = |path: &str| {
        let mut curl = LAB.firewall().command("curl");
        let output = curl
            .args(["-sS", &format!("http://127.0.0.1:9292{path}")])
            .output();
        String::from_utf8(output.expect("curl starts").stdout).expect("text")
    };
    until("a target that is up", || {
        let ended = child.try_wait().expect("a child of ours");
        assert!(
            ended.is_none(),
            "Prometheus has ended (is it installed?): {}",
            said()
        );
        let targets = ask("/api/v1/targets?state=active");
        if targets.contains("\"health\":\"up\"") {
            Ok(())
        } else {
            Err((targets, agent.log()))
        }
    });
    let sample = ask("/api/v1/query?query=egress_build_info");
    assert!(sample.contains(&address), "{sample}");
    let _ = child.kill();
    let _ = child.wait();
}
