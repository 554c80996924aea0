//! Debian's Prometheus scrapes over mutual TLS with a password, configured as the documentation says.

use std::fs;
use std::path::{Path, PathBuf};

use crate::LAB;
use crate::agent::{Agent, folder};
use crate::pki::{Pki, hash};
use crate::prometheus::Prometheus;
use crate::support::wait::until;

/// The example of the documentation that has this after its fence.
fn example(info: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/web.md");
    let page = fs::read_to_string(file).expect("the page");
    let (_, after) = page
        .split_once(&format!("```{info}\n"))
        .expect("an example");
    after.split("```").next().expect("its end").to_owned()
}

/// An agent with the web config of the documentation.
fn documented(port: u16, pki: &Pki, password: &str) -> Agent {
    let folder = folder(port, 1, "");
    pki.lay_into(&folder);
    let web = example("yaml web config");
    assert!(web.contains("$2y$10$HASH"));
    let web = web.replace("$2y$10$HASH", &hash(password, 10));
    let file = folder.join("web.yml");
    fs::write(&file, web).expect("a new file");
    // Named by the environment: other tests have the key and the flag.
    let file = file.display().to_string();
    Agent::start(port, &folder, &[], &[("EGRESS_PROBE_WEB_CONFIG", &file)])
}

#[test]
fn prometheus_scrapes_over_mutual_tls_with_a_password_as_documented() {
    let pki = Pki::new("scrape");
    let agent = documented(9220, &pki, "correct horse");
    let callers = PathBuf::from(pki.file(""));
    fs::write(callers.join("password"), "correct horse").expect("a new file");
    let address = agent.address.to_string();
    let config = example("yaml prometheus").replace("node-1.example:9100", &address);
    let config = "global: {scrape_interval: 1s}\n".to_owned() + &config;
    let prometheus = Prometheus::start(&LAB, &callers, &config, &[]);
    until("a target that is up", || {
        let up = prometheus.query("up")?;
        let is_up = up.iter().any(|sample| sample.value.1 == "1");
        is_up.then_some(()).ok_or_else(|| agent.log())
    });
    let samples = prometheus
        .query("egress_build_info")
        .expect("a valid query");
    let instances: Vec<_> = samples
        .iter()
        .map(|sample| &sample.metric["instance"])
        .collect();
    assert_eq!(instances, [&address]);
}

#[test]
fn a_person_reads_it_with_the_documented_commands() {
    let pki = Pki::new("person");
    let agent = documented(9221, &pki, "correct horse");
    let callers = PathBuf::from(pki.file(""));
    fs::write(callers.join("password"), "correct horse").expect("a new file");
    let commands = example("sh web").replace("node-1.example:9100", &agent.address.to_string());
    for line in commands.lines() {
        let own = concat!(env!("CARGO_BIN_EXE_egress-probe"), " status");
        let line = line.replace("egress-probe status", own);
        let mut shell = LAB.firewall().command("sh");
        let output = shell.args(["-c", &line]).current_dir(&callers).output();
        let output = output.expect("sh starts");
        let (page, said) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{line}: {said}");
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("targets: "), "{line}: {page}");
    }
}
