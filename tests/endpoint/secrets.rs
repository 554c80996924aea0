//! What is secret is shown nowhere: not in logs at any level, not on pages, not in metrics, not by any command.

use std::fs;
use std::path::PathBuf;

use crate::LAB;
use crate::agent::{Agent, Answer, folder};
use crate::pki::{Pki, hash, tls};
use crate::support::wait::until;
use crate::support::{agent_in, trusting};

/// In the user's name, the password and a URL that is wrong as well.
const PROXIES: [(&str, &str); 4] = [
    (
        "HTTPS_PROXY",
        "http://hush-user:hush-word@well.example:3128",
    ),
    ("http_proxy", "http://hush-user:hush-word@well.example:3128"),
    ("ALL_PROXY", "http://hush:w/hush@rd#@well.example:1"),
    ("NO_PROXY", "http://hush:hush@else.example,else.example"),
];

/// An agent with secrets of every kind.
struct Bench {
    agent: Agent,
    authority: String,
    folder: PathBuf,
    users: String,
    /// None of them may ever be seen.
    secrets: Vec<String>,
}

impl Bench {
    fn start() -> Self {
        let pki = Pki::new("hush");
        let config =
            "proxy: environment\nprobe: {timeout: 1s}\nweb: {config_file: web.yml, reload: true}\n";
        let folder = folder(9230, 1, config);
        pki.lay_into(&folder);
        let hash = hash("hush-hush", 4);
        let users = format!("basic_auth_users:\n  alice: {hash}\n");
        fs::write(folder.join("web.yml"), tls("") + &users).expect("a new file");
        fs::write(folder.join("password"), "hush-hush").expect("a new file");
        let key = fs::read_to_string(folder.join("tls.key")).expect("it was written");
        let key_line = key.lines().nth(1).expect("a line of the key");
        // The last is the password as a header says it.
        let secrets = ["hush", &hash[7..], key_line, "YWxpY2U6aHVzaC1odXNo"];
        let agent = Agent::start(9230, &folder, &["--log-level", "trace"], &PROXIES);
        let bench = Self {
            agent,
            authority: pki.file("ca.crt"),
            folder,
            users,
            secrets: secrets.map(str::to_owned).to_vec(),
        };
        until("the first round", || {
            match bench.ask(&[], "/readyz").status {
                200 => Ok(()),
                other => Err(other),
            }
        });
        bench
    }

    fn ask(&self, arguments: &[&str], path: &str) -> Answer {
        let login = ["--cacert", &self.authority, "--user", "alice:hush-hush"];
        self.agent
            .curl(LAB.node(), "https", &[&login, arguments].concat(), path)
    }

    fn assert_hushed(&self, what: &str, text: &str) {
        for secret in &self.secrets {
            let place = text.find(secret.as_str());
            let before = place.map(|at| &text[at.saturating_sub(80)..at]);
            assert!(before.is_none(), "{what} tells `{secret}` after {before:?}");
        }
    }

    /// Everything that a command says does what it is to do, and tells nothing.
    fn assert_command(&self, arguments: &[&str], expected: &str) {
        let mut command = agent_in(&LAB);
        command.args(arguments).envs(PROXIES).args(trusting(&LAB));
        command.arg("--config").arg(self.folder.join("config.yaml"));
        command.args(["--ca-file", &self.authority, "--log-level", "trace"]);
        let output = command.output().expect("the agent starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        self.assert_hushed(&format!("{arguments:?}"), &said);
    }
}

/// Right logins, and wrong flags.
fn read_by_commands(bench: &Bench) {
    let url = format!("https://{}", bench.agent.address);
    let password = bench.folder.join("password").display().to_string();
    let login = ["--user", "alice", "--password-file", &password];
    for arguments in [&["status", &url][..], &["fleet", "--url", &url]] {
        bench.assert_command(&[arguments, &login].concat(), "well.example");
    }
    // Wrong flags, too.
    bench.assert_command(&["fleet", "--url", "https://u:hush@x"], "`@`");
    bench.assert_command(&["status", "https://u:hush@x"], "`@`");
    bench.assert_command(
        &["check", "--proxy", "http://hush:hush@well.example:1"],
        "--proxy",
    );
}

#[test]
fn credentials_of_proxies_keys_and_hashes_are_told_nowhere() {
    let bench = Bench::start();
    let target = "/status/well.example:443/https";
    for path in ["/status", "/status?format=html", "/metrics", "/", target] {
        let answer = bench.ask(&[], path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        bench.assert_hushed(path, &answer.body);
    }
    let report = bench.ask(&[], "/api/v1/status").body;
    assert!(
        report.contains("well.example:3128"),
        "the proxy itself is shown: {report}"
    );
    bench.assert_hushed("the report", &report);
    let wrong = bench.ask(&["--user", "alice:hush-wrong"], "/status");
    assert_eq!(wrong.status, 401, "{wrong:?}");
    bench.assert_hushed("a refusal", &(wrong.head + &wrong.body));

    let report_file = bench.folder.join("report.json").display().to_string();
    fs::write(&report_file, &report).expect("a new file");
    for arguments in [
        &["check", "--format", "text", "--verbose"][..],
        &["check", "--format", "json"],
        &["check", "--format", "junit"],
        &["check", "--format", "prometheus"],
        &["rules"],
        &["rules", "--failing", &report_file],
        &["catalog", "list", "--format", "json"],
    ] {
        bench.assert_command(arguments, "well.example");
    }
    read_by_commands(&bench);

    let bad = format!(
        "{}{}  bob: hush-hush\ntls: x\n",
        tls("key: hush"),
        bench.users
    );
    bench.agent.write("web.yml", &bad);
    let refused = bench.ask(&["-X", "POST"], "/-/reload");
    assert_eq!(refused.status, 422, "{refused:?}");
    bench.assert_hushed("a reload", &refused.body);
    bench.assert_hushed("the log", &bench.agent.log());
    assert!(
        bench.agent.log().contains(" DEBUG "),
        "it says enough to tell something"
    );
}
