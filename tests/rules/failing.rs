//! `--failing`: from the report of a node to the rules that it lacks.

use std::fs;
use std::process::Command;

use egress_lab::{Cluster, Fault, Lab, LabSpec};
use serde_json::{Value, json};

use crate::support::agent;
use crate::support::check::check;
use crate::{egress_probe, finish, read_back, script};

fn failing(form: &str, report: &str) -> String {
    let run = egress_probe(&["rules", "--failing", "-", "--format", form], report);
    assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""));
    run.stdout
}

/// A lab that serves the whole plan, and the arguments of a check of it.
fn lab() -> (Lab, Vec<String>) {
    let cluster = Cluster::PUBLIC;
    let plan = cluster.plan(agent(), "latest", &[]).expect("a plan");
    let spec = LabSpec::from_plan_json(&plan).expect("a plan that the lab can serve");
    let usual = ["--all-features", "--format", "json", "--timeout", "2s"];
    let mut arguments = usual.map(str::to_owned).to_vec();
    for (name, value) in cluster.parameters() {
        arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    (Lab::start(&spec).expect("the lab starts"), arguments)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn items(document: &Value, key: &str) -> Vec<Value> {
    document[key].as_array().expect("a list").clone()
}

#[test]
fn a_name_that_is_blocked_is_asked_for_and_nothing_else() {
    let (lab, arguments) = lab();
    let well = check(&lab, &arguments).stdout;
    let nothing: Value = serde_json::from_str(&failing("json", &well)).expect("JSON");
    assert_eq!(
        (&nothing["rules"], &nothing["unruled"]),
        (&json!([]), &json!([]))
    );
    assert!(failing("text", &well).contains("There is no rule to write."));
    assert!(!failing("azure-cli", &well).contains("\naz "));

    let (data, login) = ("eastus.data.mcr.microsoft.com", "login.microsoftonline.com");
    for (host, fault) in [
        (data, Fault::TlsReset),
        ("ntp.ubuntu.com", Fault::Drop),
        (login, Fault::Nxdomain),
    ] {
        lab.block(host, fault).expect("a fault is laid");
    }
    let report = check(&lab, &arguments).stdout;
    let document: Value = serde_json::from_str(&failing("json", &report)).expect("JSON");
    let rules = items(&document, "rules").into_iter().map(|rule| {
        let (to, seen) = (&rule["destinations"][0]["value"], &rule["evidence"][0]);
        [&rule["layer"], to, &seen["target"], &seen["reason"]].map(text)
    });
    let expected = [
        [
            "application",
            "*.data.mcr.microsoft.com",
            "eastus.data.mcr.microsoft.com:443",
            "connection_reset",
        ],
        ["network", "ntp.ubuntu.com", "ntp.ubuntu.com:123", "timeout"],
    ];
    assert_eq!(rules.collect::<Vec<_>>(), expected);
    let unruled = items(&document, "unruled").into_iter();
    let unruled = unruled.map(|seen| [&seen["target"], &seen["reason"]].map(text));
    let why = "name_not_found";
    assert_eq!(
        unruled.collect::<Vec<_>>(),
        [[login, why], [&format!("{login}:443"), why]]
    );
}

#[test]
fn what_is_probed_is_asked_for_where_the_documented_host_cannot_be_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.yaml");
    let catalog = "entries:\n  - name: closed\n    hosts: [{pattern: '*.{location}.example', probe: ['127.0.0.1']}]\n    \
                   protocols: {https: {port: 1}}\n";
    fs::write(&file, catalog).expect("a file");
    let mut command = Command::new(agent());
    command
        .env_clear()
        .args(["check", "--metadata", "off", "--nameserver", "127.0.0.1:1"]);
    command.args([
        "--no-builtin",
        "--timeout",
        "1s",
        "--format",
        "json",
        "--catalog",
    ]);
    let report = finish(command.arg(&file), "").stdout;
    let document: Value = serde_json::from_str(&failing("json", &report)).expect("JSON");
    let rules = items(&document, "rules");
    let closed = rules
        .iter()
        .find(|rule| rule["entry"] == "closed")
        .expect("its rule");
    let to = json!([{"kind": "address", "value": "127.0.0.1"}]);
    assert_eq!(
        (&closed["destinations"], &closed["needs"]),
        (&to, &json!([]))
    );
    assert_eq!(closed["layer"], "network");
    let note = "to name the documented host *.{location}.example, give location";
    assert!(items(closed, "notes").contains(&json!(note)), "{closed}");
}

/// A report with one failing target, and the rule that it lacks.
fn report() -> Value {
    let arguments = ["rules", "--format", "json", "--location", "westeurope"];
    let rules: Value = serde_json::from_str(&egress_probe(&arguments, "").stdout).expect("JSON");
    let rule = |pattern: &str| {
        let all = rules["rules"].as_array().expect("a list").iter();
        all.filter(|rule| rule["pattern"] == pattern)
            .collect::<Vec<_>>()
    };
    let target = |name: &str, probe: &str, state: &str, rules: Value| {
        let failure =
            json!({"phase": "tls", "reason": "connection_reset", "detail": "reset\nby 'peer'"});
        json!({"target": name, "probe": probe, "state": state, "since": "2026-11-23T20:00:00Z", "failure": failure, "rules": rules})
    };
    json!({
        "agent": {"node": "node-1"},
        "environment": {"cloud": "public", "location": "westeurope", "edition": "latest"},
        "targets": [
            target("eastus.data.mcr.microsoft.com:443", "https", "unreachable", json!(rule("*.data.mcr.microsoft.com"))),
            target("westeurope.data.mcr.microsoft.com:443", "https", "unreachable", json!(rule("*.data.mcr.microsoft.com"))),
            target("mcr.microsoft.com:443", "https", "unproven", json!(rule("mcr.microsoft.com"))),
            target("other.example", "dns", "unreachable", json!([])),
        ]
    })
}

#[test]
fn the_rule_of_a_wildcard_is_written_once_with_all_that_was_seen() {
    let report = report().to_string();
    for form in ["text", "azure-cli", "csv"] {
        insta::assert_snapshot!(format!("failing_{form}"), failing(form, &report));
    }
}

#[test]
fn a_report_is_read_from_a_file_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    fs::write(&file, report().to_string()).expect("a file");
    let run = egress_probe(&["rules", "--failing", file.to_str().expect("a path")], "");
    assert_eq!(run.exit, Some(0));
    assert_eq!(run.stdout, failing("text", &report().to_string()));
}

#[test]
fn what_is_no_report_is_refused_with_a_sentence() {
    let mut old = report();
    old["targets"][0]
        .as_object_mut()
        .expect("an object")
        .remove("rules");
    let no_report = "is no JSON report of `/api/v1/status` or `check --format json`";
    for (input, why) in [
        ("", no_report),
        ("OK  all 88 required reachable", no_report),
        ("[]", no_report),
        ("{\"targets\": []}", no_report),
        (old.to_string().as_str(), "missing field `rules`"),
        (
            &with_destination("a.*.example.com"),
            "cannot stand in a rule",
        ),
        (
            &with_destination("x'$(touch pwned)'.example.com"),
            "cannot stand in a rule",
        ),
    ] {
        let run = egress_probe(&["rules", "--failing", "-"], input);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{input}");
        let said = "egress-probe: --failing standard input: ";
        assert!(
            run.stderr.starts_with(said) && run.stderr.contains(why),
            "{}",
            run.stderr
        );
    }
    let run = egress_probe(&["rules", "--failing", "/nowhere/report.json"], "");
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr
            .contains("/nowhere/report.json: cannot be opened"),
        "{}",
        run.stderr
    );
}

fn with_destination(name: &str) -> String {
    let mut report = report();
    report["targets"][0]["rules"][0]["destinations"][0]["value"] = json!(name);
    report.to_string()
}

#[test]
fn words_of_a_report_are_never_run() {
    let mut report = report();
    let rule = &mut report["targets"][0]["rules"][0];
    let hostile = "it's\ntouch pwned # $(touch pwned) `touch pwned` ${HOME} \\";
    for key in ["entry", "pattern", "purpose"] {
        rule[key] = json!(hostile);
    }
    rule["notes"] = json!([hostile]);
    rule["sources"] = json!([{"document": hostile, "rows": [hostile]}]);
    report["agent"]["node"] = json!(hostile);
    report["environment"]["location"] = json!(hostile);
    let script = failing("azure-cli", &report.to_string());
    let (calls, pwned) = script::run(&script);
    assert!(calls.len() > 1 && !pwned, "{script}");
    for form in ["terraform", "bicep"] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rules");
        fs::write(&file, failing(form, &report.to_string())).expect("a file");
        assert_eq!(read_back(form, &[file])[0].len(), 2, "{form}");
    }
}

#[test]
fn a_pipe_without_an_end_is_not_read_for_ever() {
    let run = egress_probe(&["rules", "--failing", "/dev/zero"], "");
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr.contains("is longer than 32 MiB"),
        "{}",
        run.stderr
    );
}
