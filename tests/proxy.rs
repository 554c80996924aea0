//! Proxies as users configure them: what is refused and how, what the plan makes of them, and what is shown.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use egress_probe::config::{Config, Settings};
use egress_probe::proxy::ProxyChoice;
use serde_json::Value;

/// Two hosts; the second is reached over UDP too, which no proxy carries.
const CATALOG: &str = "\
entries:
  - {name: web, hosts: [web.example], protocols: {https: {port: 443}, http: {port: 80}}, purpose: pull images}
  - {name: clock, hosts: [clock.example], protocols: {https: {port: 443}}}
  - {name: time, hosts: [clock.example], protocols: {ntp: {port: 123}}}
";

/// A folder with a configuration that no test shares.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("catalog.yaml"), CATALOG).unwrap();
        let common = "builtin: false\ncatalogs: [catalog.yaml]\nmetadata: 'off'\nnameservers: [127.0.0.1:9]\n";
        fs::write(
            folder.path().join("config.yaml"),
            format!("{config}\n{common}"),
        )
        .unwrap();
        Self(folder)
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("config.yaml")
    }

    /// With the variables given, and no others.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::cargo_bin("egress-probe")
            .unwrap()
            .args(args)
            .arg("--config")
            .arg(self.config())
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    fn json(&self, args: &[&str], variables: &[(&str, &str)]) -> Value {
        let output = self.run(args, variables);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }
}

/// What a command says when it refuses to start.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A port of loopback where nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_line_key_and_sentence() {
    for (config, expected) in [
        (
            "proxy: proxy.example:3128",
            ":1: proxy: must begin with http://",
        ),
        ("proxy: maybe", ":1: proxy: must begin with http://"),
        ("proxy: [none]", ":1: proxy: must be text"),
        (
            "proxy:\n  no_proxy: [a.example]",
            ":2: proxy: `url` is missing",
        ),
        (
            "proxy:\n  url: environment",
            ":2: proxy.url: must begin with http://",
        ),
        (
            "proxy:\n  url: https://p.example:443",
            ":2: proxy.url: must begin with http://: proxies that speak https",
        ),
        (
            "proxy:\n  url: http://p.example",
            ":2: proxy.url: must name the port",
        ),
        (
            "proxy:\n  url: http://p.example:3128/x",
            ":2: proxy.url: must end after the port",
        ),
        (
            "proxy:\n  url: http://us3r:pa55@p.example:3128",
            ":2: proxy.url: must not contain credentials",
        ),
        (
            "proxy:\n  url: http://p.example:3128\n  no_proxy:\n    - a.example\n    - 10.0.0.0/33",
            ":5: proxy.no_proxy[1]: `10.0.0.0/33` is neither",
        ),
        (
            "proxy:\n  url: http://p.example:3128\n  noproxy: [a]",
            ":3: proxy.noproxy: `noproxy` is not known here",
        ),
    ] {
        let words = refusal(&Folder::new(config).run(&["catalog", "list"], &[]));
        assert!(words.contains(&format!("config.yaml{expected}")), "{words}");
        assert!(!words.contains("pa55"), "{words}");
    }
}

#[test]
fn a_flag_that_is_refused_is_not_repeated() {
    let folder = Folder::new("");
    let secret = "--proxy=http://us3r:pa55@p.example:3128";
    let words = refusal(&folder.run(&["catalog", "list", secret], &[]));
    assert!(
        words.contains("--proxy must not contain credentials"),
        "{words}"
    );
    assert!(
        !words.contains("us3r") && !words.contains("pa55"),
        "{words}"
    );
    let words = refusal(&folder.run(&["catalog", "list", "--no-proxy", "a/b"], &[]));
    assert!(words.contains("`a/b` is neither a name"), "{words}");
}

#[test]
fn a_variable_that_cannot_be_used_stops_the_agent_only_when_it_is_asked_for() {
    let variables = [("HTTPS_PROXY", "socks5://us3r:pa55@p.example:1080")];
    let asked_for = Folder::new("proxy: environment");
    let words = refusal(&asked_for.run(&["catalog", "list"], &variables));
    assert!(
        words.contains("environment variable HTTPS_PROXY: must begin with http://"),
        "{words}"
    );
    assert!(!words.contains("pa55"), "{words}");
    let output = Folder::new("").run(&["catalog", "list"], &variables);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn flags_lie_over_the_file_and_exceptions_are_a_layer_of_their_own() {
    let decided = |config: &str, flags: Settings| {
        let config = Config::load(Some(&Folder::new(config).config()), flags).unwrap();
        let environment = BTreeMap::from([("ALL_PROXY".to_owned(), "env.example:1".to_owned())]);
        let decided = config.proxy.decide(config.no_proxy.as_ref(), &environment);
        decided.unwrap().policy.to_string()
    };
    let flags = |proxy: &str, no_proxy: &str| Settings {
        proxy: Some(proxy.parse::<ProxyChoice>().unwrap()),
        no_proxy: (!no_proxy.is_empty()).then(|| no_proxy.parse().unwrap()),
        ..Settings::default()
    };
    let written =
        "proxy: {url: 'http://file.example:3128', no_proxy: [a.example, '10.0.0.0/8,b.example']}";
    let except = "a.example, 10.0.0.0/8, b.example";
    for (config, flags, expected) in [
        ("", Settings::default(), "none".to_owned()),
        ("proxy: none", Settings::default(), "none".to_owned()),
        (
            "proxy: environment",
            Settings::default(),
            "http://env.example:1".to_owned(),
        ),
        (
            "proxy: http://file.example:3128",
            Settings::default(),
            "http://file.example:3128".to_owned(),
        ),
        (
            written,
            Settings::default(),
            format!("http://file.example:3128 except {except}"),
        ),
        (written, flags("none", ""), "none".to_owned()),
        (
            written,
            flags("http://flag.example:1", ""),
            format!("http://flag.example:1 except {except}"),
        ),
        (
            written,
            flags("environment", "c.example"),
            "http://env.example:1 except c.example".to_owned(),
        ),
    ] {
        assert_eq!(decided(config, flags), expected, "{config}");
    }
}

#[test]
fn a_name_that_only_the_proxy_resolves_is_optional() {
    let requirement = |args: &[&str], target: &str| {
        let list = Folder::new("").json(
            &[&["catalog", "list", "--format", "json"], args].concat(),
            &[],
        );
        let targets = list["targets"].as_array().unwrap().clone();
        let is_it = |row: &&Value| row["target"] == target && row["probe"] == "dns";
        let found = targets.iter().find(is_it).unwrap();
        found["requirement"].as_str().unwrap().to_owned()
    };
    let proxied = ["--proxy", "http://p.example:3128"];
    assert_eq!(requirement(&[], "web.example"), "required");
    assert_eq!(requirement(&proxied, "web.example"), "optional");
    // Its time is asked for directly.
    assert_eq!(requirement(&proxied, "clock.example"), "required");
    let excepted = [&proxied[..], &["--no-proxy", "x.example,example:80"]].concat();
    assert_eq!(requirement(&excepted, "web.example"), "required");
}

#[test]
fn the_report_shows_the_path_that_was_taken() {
    let folder = Folder::new("proxy: environment\nprobe: {timeout: 500ms}");
    let port = closed_port();
    let proxy = format!("http://us3r:pa55@127.0.0.1:{port}");
    let variables = [
        ("HTTPS_PROXY", proxy.as_str()),
        ("NO_PROXY", ".internal.example"),
    ];
    let report = folder.json(
        &["check", "--format", "json", "--target", "web.example*"],
        &variables,
    );
    let environment = &report["environment"];
    let shown = format!(
        "http://127.0.0.1:{port} for https, tcp and ssh, none for http except internal.example"
    );
    assert_eq!(environment["proxy"], shown);
    assert_eq!(environment["sources"]["proxy"], "environment");
    assert!(!report.to_string().contains("pa55"), "{report}");
    assert!(
        report["notices"]
            .to_string()
            .contains("HTTPS_PROXY holds credentials")
    );
    let target = |name: &str| {
        let targets = report["targets"].as_array().unwrap().iter();
        targets
            .clone()
            .find(|target| target["target"] == name)
            .unwrap()
            .clone()
    };
    let through = target("web.example:443");
    assert_eq!(through["facts"]["proxy"]["via"], "HTTPS_PROXY");
    assert_eq!(
        through["facts"]["proxy"]["address"],
        format!("127.0.0.1:{port}")
    );
    assert_eq!(through["failure"]["phase"], "connect");
    assert_eq!(through["failure"]["reason"], "connection_refused");
    let direct = target("web.example:80");
    assert_eq!(direct["facts"]["proxy"], Value::Null);
    assert_eq!(direct["failure"]["phase"], "resolve");
    let name = target("web.example");
    assert_eq!(name["purpose"], "pull images");
    assert_eq!(name["requirement"], "required");
}

#[test]
fn the_page_shows_the_proxy_and_why_a_name_is_optional() {
    let port = closed_port();
    let folder = Folder::new(&format!(
        "proxy: {{url: 'http://127.0.0.1:{port}', no_proxy: a.example}}"
    ));
    let check = |more: &[&str]| {
        let args = ["check", "--timeout", "500ms", "--target", "web.example*"];
        folder.run(&[&args, more].concat(), &[])
    };
    let text = String::from_utf8(check(&[]).stdout).unwrap();
    assert!(
        text.contains(&format!("http://127.0.0.1:{port} except a.example")),
        "{text}"
    );
    assert!(
        text.contains(&format!("network rule: TCP to the proxy 127.0.0.1:{port}")),
        "{text}"
    );
    let report: Value = serde_json::from_slice(&check(&["--format", "json"]).stdout).unwrap();
    let is_name = |target: &&Value| target["target"] == "web.example";
    let name = report["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(is_name)
        .unwrap();
    assert_eq!(name["requirement"], "optional");
    assert_eq!(
        name["purpose"],
        "pull images (the proxy resolves the name; the node need not)"
    );
}
