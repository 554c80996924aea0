//! The script for the Azure CLI, run by bash with an `az` that only writes down what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::{Run, SMALL, finish, rules};

/// Writes its arguments, each ended by a NUL, and an empty one behind them.
const AZ: &str = "#!/bin/sh\nprintf '%s\\0' \"$@\" '' >>\"$CALLS\"\n";

fn bash(script: &str, folder: &Path, environment: &[(&str, &str)]) -> (Run, Vec<Vec<String>>) {
    let az = folder.join("az");
    fs::write(&az, AZ).expect("a file");
    fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).expect("a program");
    let file = folder.join("rules.sh");
    fs::write(&file, script).expect("a file");
    let checked = finish(Command::new("bash").arg("-n").arg(&file), "");
    assert_eq!((checked.exit, checked.stderr.as_str()), (Some(0), ""));

    let mut command = Command::new("bash");
    command
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    command
        .env("CALLS", folder.join("calls"))
        .envs(environment.iter().copied());
    let run = finish(command.arg(&file).current_dir(folder), "");
    let written = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    let calls = written.split("\0\0").filter(|call| !call.is_empty());
    let words = |call: &str| call.split('\0').map(str::to_owned).collect();
    (run, calls.map(words).collect())
}

const PLACE: [(&str, &str); 3] = [
    ("RESOURCE_GROUP", "my group"),
    ("POLICY", "policy"),
    ("NODE_SUBNETS", "10.224.0.0/16 10.225.0.0/16"),
];

/// What a script asks of `az`, and whether it made a file named `pwned`.
pub(crate) fn run(script: &str) -> (Vec<Vec<String>>, bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let (run, calls) = bash(script, folder.path(), &PLACE);
    assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""));
    (calls, folder.path().join("pwned").exists())
}

/// What a script asks of `az`.
pub(crate) fn calls(script: &str) -> Vec<Vec<String>> {
    run(script).0
}

/// The words behind a flag, up to the next one.
fn behind<'a>(call: &'a [String], flag: &str) -> Vec<&'a str> {
    let after = call.iter().skip_while(|word| *word != flag).skip(1);
    after
        .take_while(|word| !word.starts_with("--"))
        .map(String::as_str)
        .collect()
}

/// A call as rules: what, port, destination.
pub(crate) fn read(call: &[String]) -> Vec<(String, u16, String)> {
    let port = |text: &str| text.parse().expect("a port");
    let mut ways: Vec<(String, u16)> = Vec::new();
    for protocol in behind(call, "--protocols") {
        let (what, at) = protocol.split_once('=').expect("PROTOCOL=PORT");
        ways.push((what.to_owned(), port(at)));
    }
    for protocol in behind(call, "--ip-protocols") {
        let ports = behind(call, "--destination-ports").into_iter();
        ways.extend(ports.map(|at| (protocol.to_owned(), port(at))));
    }
    let flags = [
        "--target-fqdns",
        "--destination-addresses",
        "--destination-fqdns",
    ];
    let to: Vec<_> = flags.iter().flat_map(|flag| behind(call, flag)).collect();
    let each = |(what, at): (String, u16)| {
        to.iter()
            .map(move |to| (what.clone(), at, (*to).to_owned()))
    };
    let mut read: Vec<_> = ways.into_iter().flat_map(each).collect();
    let tags = behind(call, "--fqdn-tags").into_iter();
    read.extend(tags.map(|tag| ("tag".to_owned(), 0, tag.to_owned())));
    read
}

fn words(text: &str) -> Vec<String> {
    let words = text.split_whitespace();
    words
        .map(|word| word.replace("my-group", "my group"))
        .collect()
}

#[test]
fn az_is_asked_for_a_group_collections_and_rules_in_this_order() {
    let calls = calls(&rules("azure-cli", &SMALL));
    let group = "network firewall policy rule-collection-group create --resource-group my-group \
                 --policy-name policy --name egress-probe --priority 1000";
    assert_eq!(calls[0], words(group));
    let collection = "network firewall policy rule-collection-group collection";
    let place =
        "--resource-group my-group --policy-name policy --rule-collection-group-name egress-probe";
    let from = "--source-addresses 10.224.0.0/16 10.225.0.0/16";
    let first = format!(
        "{collection} add-filter-collection {place} --name core-network --collection-priority 1000 --action Allow \
         --rule-name tunnel-ssh-22 --rule-type NetworkRule {from} --ip-protocols TCP --destination-ports 22 \
         --destination-addresses 203.0.113.7"
    );
    assert_eq!(calls[1], words(&first));
    let second = format!(
        "{collection} rule add {place} --collection-name core-network --name tunnel-tcp-9000 --rule-type NetworkRule \
         {from} --ip-protocols TCP --destination-ports 9000 --destination-addresses 203.0.113.7"
    );
    assert_eq!(calls[2], words(&second));
    let web = format!(
        "{collection} add-filter-collection {place} --name core-application --collection-priority 2000 --action Allow \
         --rule-name web-https-443 --rule-type ApplicationRule {from} --protocols Https=443 \
         --target-fqdns www.example.com *.blobs.example.com bare.example.net vault.bare.example.net"
    );
    assert!(calls.contains(&words(&web)), "{calls:#?}");
}

#[test]
fn rule_names_are_unique_and_collections_do_not_share_a_priority() {
    let calls = calls(&rules(
        "azure-cli",
        &["--all-features", "--location", "westeurope"],
    ));
    let one =
        |call: &[String], flag: &str| behind(call, flag).first().map(|word| (*word).to_owned());
    let mut seen = std::collections::BTreeSet::new();
    let mut priorities = std::collections::BTreeSet::new();
    for call in &calls[1..] {
        let added = call.contains(&"add-filter-collection".to_owned());
        let (collection, rule) = if added {
            ("--name", "--rule-name")
        } else {
            ("--collection-name", "--name")
        };
        let name = (one(call, collection), one(call, rule));
        assert!(seen.insert(name.clone()), "{name:?} twice");
        assert!(
            !added || priorities.insert(one(call, "--collection-priority")),
            "{name:?}"
        );
    }
}

#[test]
fn words_of_a_catalogue_are_never_run() {
    let (calls, pwned) = run(&rules("azure-cli", &SMALL));
    assert!(calls.len() > 5);
    assert!(!pwned);
}

#[test]
fn nothing_is_asked_before_the_place_and_the_subnets_are_known() {
    for missing in ["RESOURCE_GROUP", "POLICY", "NODE_SUBNETS"] {
        let folder = tempfile::tempdir().expect("a folder");
        let given: Vec<_> = PLACE
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        let (run, calls) = bash(&rules("azure-cli", &SMALL), folder.path(), &given);
        assert_ne!(run.exit, Some(0));
        assert!(
            run.stderr.contains(&format!("{missing}: set it to")),
            "{}",
            run.stderr
        );
        assert_eq!(calls, Vec::<Vec<String>>::new());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = rules(
        "azure-cli",
        &[&SMALL[..], &["--source", "10.9.0.0/16"]].concat(),
    );
    let (run, calls) = bash(&script, folder.path(), &PLACE[..2]);
    assert_eq!(run.exit, Some(0), "{}", run.stderr);
    assert_eq!(behind(&calls[1], "--source-addresses"), ["10.9.0.0/16"]);
}
