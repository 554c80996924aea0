//! `egress-probe rules`: every row is written, nothing else is, and the programs that the forms are for can read them.

mod case;
mod coverage;
mod documents;
mod failing;
mod script;
#[path = "../support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a run left behind.
struct Run {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn finish(command: &mut Command, input: &str) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who does not want the input has closed its end.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Run {
        exit: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs a command of the agent. No packet leaves: it is given what it would ask the network for.
fn egress_probe<S: AsRef<OsStr>>(arguments: &[S], input: &str) -> Run {
    let mut command = Command::new(support::agent());
    command.env_clear().args(arguments);
    command.args(["--metadata", "off", "--nameserver", "192.0.2.53"]);
    finish(&mut command, input)
}

/// The rules in a form.
fn rules(form: &str, arguments: &[&str]) -> String {
    let all = [&["rules", "--format", form], arguments].concat();
    let run = egress_probe(&all, "");
    assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{all:?}");
    run.stdout
}

/// The small catalogue alone, with everything given and every feature on.
const SMALL: [&str; 11] = [
    "--no-builtin",
    "--catalog",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/small.yaml"),
    "--all-features",
    "--location",
    "westeurope",
    "--set",
    "apiserver_ip=203.0.113.7",
    "--set",
    "apiserver_fqdn=a.hcp.example.com",
    "--set=key_vault=vault",
];

/// Runs Python with the parsers of tests/tools.txt.
fn python(arguments: &[&OsStr], input: &str) -> Run {
    let tools = root().join("target/tools/python");
    assert!(
        tools.join("hcl2").is_dir(),
        "no parsers in {}: run tests/tools.sh",
        tools.display()
    );
    let mut command = Command::new("python3");
    finish(command.env("PYTHONPATH", tools).args(arguments), input)
}

/// The rules in files of a form, each as (what, port, destination), by parsers that are not ours.
fn read_back(form: &str, files: &[PathBuf]) -> Vec<Vec<(String, u16, String)>> {
    let reader = root().join("tests/rules/read.py");
    let mut arguments = vec![reader.as_os_str(), OsStr::new(form)];
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    let run = python(&arguments, "");
    assert_eq!(run.exit, Some(0), "{form}: {}", run.stderr);
    let read: Value = serde_json::from_str(&run.stdout).expect("JSON");
    serde_json::from_value(read).expect("lists of rules")
}

#[test]
fn each_form_of_the_small_catalogue_is_as_it_was_looked_at() {
    for form in ["text", "azure-cli", "bicep", "terraform", "csv", "json"] {
        let subnets = ["--source", "10.224.0.0/16", "--source", "10.225.0.0/16"];
        let written = rules(form, &[&SMALL[..], &subnets].concat());
        insta::assert_snapshot!(format!("small_{form}"), written);
    }
}

#[test]
fn without_parameters_rows_are_kept_with_what_they_need() {
    let written = rules("text", &SMALL[..4]);
    insta::assert_snapshot!("small_without_parameters", written);
}

#[test]
fn what_is_no_network_is_refused() {
    for (source, why) in [
        ("10.224.0.1/16", "the network is 10.224.0.0/16"),
        ("nodes", "write it as in 10.224.0.0/16"),
        ("10.0.0.0/8 $(touch pwned)", "write it as in 10.224.0.0/16"),
    ] {
        let run = egress_probe(&["rules", "--source", source], "");
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{source}");
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    let run = egress_probe(&["rules", "--format", "arm"], "");
    assert_eq!(run.exit, Some(2));
    let run = egress_probe(
        &["rules", "--set", "lokation=x", "--set", "location=a b"],
        "",
    );
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""));
}

#[test]
fn a_nameserver_of_the_node_is_required_whatever_the_documentation_says_of_others() {
    let written: Value = serde_json::from_str(&rules("json", &[])).expect("JSON");
    let all = written["rules"].as_array().expect("a list").iter();
    let dns: Vec<_> = all.filter(|rule| rule["protocol"] == "dns").collect();
    assert_eq!(dns.len(), 1);
    let said = ["pattern", "requirement", "condition"].map(|key| &dns[0][key]);
    assert_eq!(
        said,
        [&json!("CustomDNSIP"), &json!("required"), &json!(null)]
    );
}

#[test]
fn what_never_leaves_the_node_or_the_platform_needs_no_rule() {
    let nameservers = [
        "168.63.129.16",
        "127.0.0.53",
        "169.254.10.10",
        "fe80::1",
        "::1",
    ];
    let mut command = Command::new(support::agent());
    command
        .env_clear()
        .args(["rules", "--metadata", "off", "--format", "json"]);
    for nameserver in nameservers {
        command.args(["--nameserver", nameserver]);
    }
    let run = finish(&mut command, "");
    let written: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let all = written["rules"].as_array().expect("a list");
    let dns: Vec<_> = all
        .iter()
        .filter(|rule| rule["protocol"] == "dns")
        .collect();
    assert_eq!(dns.len(), 1);
    assert_eq!(dns[0]["destinations"], json!([]));
    assert_eq!(dns[0]["needs"], json!([]));
    let notes = dns[0]["notes"].to_string();
    for nameserver in nameservers {
        assert!(
            notes.contains(&format!("no firewall sees packets to {nameserver}")),
            "{notes}"
        );
    }
}
