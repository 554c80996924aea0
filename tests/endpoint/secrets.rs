//! What is secret is shown nowhere: not in logs at any level, not on pages, not in metrics, not by any command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::LAB;
use crate::agent::{Agent, folder};
use crate::pki::Pki;
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

fn assert_hushed(what: &str, text: &str, secrets: &[&str]) {
    for secret in secrets {
        let place = text.find(secret).map(|at| &text[at.saturating_sub(80)..at]);
        assert!(place.is_none(), "{what} tells `{secret}` after {place:?}");
    }
}

/// Everything that a command says, in every form that it has.
fn said_by(arguments: &[&str], folder: &Path) -> String {
    let mut command: Command = agent_in(&LAB);
    command
        .args(arguments)
        .arg("--config")
        .arg(folder.join("config.yaml"));
    command
        .args(trusting(&LAB))
        .envs(PROXIES)
        .args(["--log-level", "trace"]);
    let output = command.output().expect("the agent starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn credentials_of_proxies_keys_and_hashes_are_told_nowhere() {
    let pki = Pki::new("hush");
    let config =
        "proxy: environment\nprobe: {timeout: 1s}\nweb: {config_file: web.yml, reload: true}\n";
    let folder = folder(9230, 1, config);
    pki.lay_into(&folder);
    let hash = pki.hash("hush-hush", 4);
    let users = format!("basic_auth_users:\n  alice: {hash}\n");
    fs::write(folder.join("web.yml"), pki.tls("") + &users).expect("a new file");
    let key = fs::read_to_string(folder.join("tls.key")).expect("it was written");
    let key_line = key.lines().nth(1).expect("a line of the key");
    // The password as a header says it, too.
    let secrets = ["hush", &hash[7..], key_line, "YWxpY2U6aHVzaC1odXNo"];

    let agent = Agent::start(9230, &folder, &["--log-level", "trace"], &PROXIES);
    let authority = pki.file("ca.crt");
    let trusted = ["--cacert", authority.as_str(), "--user", "alice:hush-hush"];
    let ask = |arguments: &[&str], path: &str| {
        agent.curl(LAB.node(), "https", &[&trusted, arguments].concat(), path)
    };
    until("the first round", || match ask(&[], "/readyz").status {
        200 => Ok(()),
        other => Err(other),
    });
    let target = "/status/well.example:443/https";
    for path in [
        "/status",
        "/status?format=html",
        "/api/v1/status",
        "/metrics",
        "/",
        target,
    ] {
        let answer = ask(&[], path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_hushed(path, &answer.body, &secrets);
    }
    let report = ask(&[], "/api/v1/status").body;
    assert!(
        report.contains("well.example:3128"),
        "the proxy itself is shown: {report}"
    );
    let report_file = folder.join("report.json");
    fs::write(&report_file, &report).expect("a new file");
    let wrong = agent.curl(
        LAB.node(),
        "https",
        &["-k", "--user", "alice:hush-wrong"],
        "/status",
    );
    assert_hushed("a refusal", &(wrong.head + &wrong.body), &secrets);
    agent.write(
        "web.yml",
        &format!(
            "{}{users}  bob: hush-hush\ntls: {hash}\n",
            pki.tls("key: hush")
        ),
    );
    let refused = ask(&["-X", "POST"], "/-/reload");
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_hushed("a reload", &refused.body, &secrets);
    assert_hushed("the log", &agent.log(), &secrets);
    assert!(
        agent.log().contains(" DEBUG "),
        "it says enough to tell something"
    );

    let report_file = report_file.display().to_string();
    for arguments in [
        &["check", "--format", "text", "--verbose"][..],
        &["check", "--format", "json"],
        &["check", "--format", "junit"],
        &["check", "--format", "prometheus"],
        &["rules"],
        &["rules", "--failing", &report_file],
        &["catalog", "list", "--format", "json"],
    ] {
        let said = said_by(arguments, &folder);
        assert!(
            said.contains("well.example"),
            "{arguments:?} does its work: {said}"
        );
        assert_hushed(&format!("{arguments:?}"), &said, &secrets);
    }
    let password = folder.join("password");
    fs::write(&password, "hush-hush").expect("a new file");
    let (url, password) = (
        format!("https://{}", agent.address),
        password.display().to_string(),
    );
    let login = [
        "--ca-file",
        &authority,
        "--user",
        "alice",
        "--password-file",
        &password,
    ];
    for arguments in [
        &["status", &url][..],
        &["fleet", "--url", &url],
        &["fleet", "--url", "https://u:hush@x"],
    ] {
        let said = said_by(&[arguments, &login].concat(), &folder);
        assert!(
            said.contains(if arguments.contains(&url.as_str()) {
                "well.example"
            } else {
                "`@`"
            }),
            "{said}"
        );
        assert_hushed(&format!("{arguments:?}"), &said, &secrets);
    }
    let flag = said_by(
        &["check", "--proxy", "http://hush:hush@well.example:1"],
        &folder,
    );
    assert!(flag.contains("--proxy"), "{flag}");
    assert_hushed("a flag", &flag, &["hush"]);
}
