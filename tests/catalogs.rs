//! Catalogue files as users write them: the schema, merging, and what `catalog` prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use egress_probe::catalog::{Catalog, CatalogSources, Cloud, Condition, Confidence, SCHEMA};
use egress_probe::target::{Group, Requirement};
use serde_json::Value;

fn load(files: &[&Path]) -> Result<Catalog, String> {
    let sources = CatalogSources {
        builtin: true,
        files: files.iter().map(|file| PathBuf::from(*file)).collect(),
        parameters: BTreeSet::new(),
    };
    Catalog::load(&sources).map_err(|problems| problems.to_string())
}

fn every_key() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalogs/every-key.yaml")
}

/// No packet leaves: every command here is given what it would ask the network for.
fn egress_probe(args: &[&str]) -> Output {
    Command::cargo_bin("egress-probe")
        .unwrap()
        .args(args)
        .args(["--metadata", "off", "--nameserver", "192.0.2.53"])
        .env_clear()
        .output()
        .unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = egress_probe(args);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn words(value: &Value) -> BTreeSet<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_words_of_the_loader() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let entry = &schema["$defs"]["entry"]["properties"];
    let all = |names: Vec<&str>| {
        names
            .into_iter()
            .map(ToOwned::to_owned)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        words(&entry["group"]["enum"]),
        all(Group::ALL.iter().map(|g| g.as_str()).collect())
    );
    let conditions = Condition::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(words(&entry["condition"]["enum"]), all(conditions));
    let requirements = Requirement::ALL.iter().map(|r| r.as_str()).collect();
    assert_eq!(words(&entry["requirement"]["enum"]), all(requirements));
    let clouds = Cloud::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(words(&entry["clouds"]["oneOf"][0]["enum"]), all(clouds));
    let pattern = &entry["hosts"]["items"]["oneOf"][1]["properties"];
    let confidence = Confidence::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(words(&pattern["confidence"]["enum"]), all(confidence));
}

#[test]
fn the_loader_takes_every_key_of_the_schema_and_no_other() {
    load(&[&every_key()]).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let text = fs::read_to_string(every_key()).unwrap();
    let entry = &schema["$defs"]["entry"]["properties"];
    let protocols = &entry["protocols"]["properties"];
    for key in keys(entry)
        .iter()
        .chain(&keys(protocols))
        .chain(&keys(&protocols["https"]["properties"]))
    {
        let misspelt = text.replacen(&format!("{key}:"), &format!("{key}x:"), 1);
        assert_ne!(misspelt, text, "the example does not use `{key}`");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("misspelt.yaml");
        fs::write(&file, misspelt).unwrap();
        let problems = load(&[&file]).unwrap_err();
        assert!(problems.contains(&format!("`{key}x`")), "{key}: {problems}");
    }
}

#[test]
fn a_later_file_overrides_adds_and_removes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let text = "entries:\n\
        - {name: registry, hosts: [mirror.example.com], protocols: {https: {}}}\n\
        - {name: extra, hosts: [extra.example.com], protocols: {tcp: {port: 5000}}}\n\
        - {name: resource-manager, disabled: true}\n";
    fs::write(&file, text).unwrap();
    let names = |catalog: &Catalog| {
        catalog
            .entries
            .iter()
            .map(|e| e.name.clone())
            .collect::<BTreeSet<_>>()
    };
    let (plain, merged) = (load(&[]).unwrap(), load(&[&file]).unwrap());
    let (before, after) = (names(&plain), names(&merged));
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), ["extra"]);
    assert_eq!(
        before.difference(&after).collect::<Vec<_>>(),
        ["resource-manager"]
    );
    let registry = merged
        .entries
        .iter()
        .find(|entry| entry.name == "registry")
        .unwrap();
    assert_eq!(registry.hosts[0].pattern, "mirror.example.com");
    assert_eq!(registry.group, Group::Custom);
    assert_ne!(plain.sha256, merged.sha256);
}

#[test]
fn validate_prints_every_problem_with_file_line_and_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.yaml");
    let text = "entries:\n- name: one\n  hosts: ['*.example.com']\n  protocols: {htps: {}}\n- name: two\n  purpose: nothing\n  trust: cluster\n  ca_files: ca.pem\n";
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let output = egress_probe(&["catalog", "validate", path]);
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8(output.stdout)
        .unwrap()
        .replace(path, "bad.yaml");
    insta::assert_snapshot!(printed, @r#"
    bad.yaml:3: entries[0].hosts[0]: `*.example.com` is a wildcard and cannot be probed as it stands; write {pattern: "*.example.com", probe: ["a-name-that-exists.example"]}
    bad.yaml:4: entries[0].protocols.htps: `htps` is not known here; did you mean `https`?
    bad.yaml:5: entries[1]: `hosts` is missing
    bad.yaml:5: entries[1]: `protocols` is missing
    bad.yaml:8: entries[1].ca_files: cannot stand beside `trust: cluster`; choose one
    "#);
    let report: Value = serde_json::from_slice(
        &egress_probe(&["catalog", "validate", path, "--format", "json"]).stdout,
    )
    .unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(
        report["problems"].as_array().unwrap().len(),
        printed.lines().count()
    );
}

#[test]
fn validate_reads_the_configuration_whose_parameters_and_catalogues_a_file_may_build_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (config, file) = (path("config.yaml"), path("mine.yaml"));
    let text =
        "entries:\n- name: mine\n  hosts: ['{team}.example.com']\n  protocols: {https: {}}\n";
    fs::write(&file, text).unwrap();
    fs::write(&config, "parameters: {team: a}\n").unwrap();
    let validate = |more: &[&str]| egress_probe(&[&["catalog", "validate", &file], more].concat());
    assert_eq!(validate(&[]).status.code(), Some(2), "{{team}} is unknown");
    assert_eq!(validate(&["--config", &config]).status.code(), Some(0));
    fs::write(&config, "paramaters: {team: a}\n").unwrap();
    let output = validate(&["--config", &config]);
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("did you mean `parameters`?"), "{printed}");
}

#[test]
fn list_shows_what_can_be_tested_and_what_the_rest_needs() {
    let list = json(&["catalog", "list", "--format", "json", "--cloud", "public"]);
    let needing = |list: &Value, need: &str| {
        let rows = list["untestable"].as_array().unwrap().clone();
        rows.into_iter()
            .filter(|row| words(&row["needs"]).contains(need))
            .count()
    };
    assert_eq!(needing(&list, "apiserver_fqdn"), 1);
    assert_eq!(needing(&list, "condition classic-tunnel"), 2);
    let name = "aks-1.hcp.eastus.azmk8s.io";
    let set = format!("apiserver_fqdn={name}");
    let list = json(&[
        "catalog", "list", "--format", "json", "--cloud", "public", "--set", &set,
    ]);
    assert_eq!(needing(&list, "apiserver_fqdn"), 0);
    let targets = list["targets"].as_array().unwrap();
    let api = targets
        .iter()
        .find(|row| row["host"] == name && row["probe"] == "https")
        .unwrap();
    assert_eq!(api["pattern"], "*.hcp.{location}.azmk8s.io");
    assert_eq!(api["target"], format!("{name}:443"));
    assert_eq!(api["requirement"], "required");
}

#[test]
fn targets_of_the_plan_are_unique_and_merge_their_groups() {
    let list = json(&[
        "catalog",
        "list",
        "--format",
        "json",
        "--cloud",
        "public",
        "--all-features",
    ]);
    let targets = list["targets"].as_array().unwrap();
    let login = targets
        .iter()
        .find(|row| row["target"] == "login.microsoftonline.com:443")
        .unwrap();
    for group in [
        "core",
        "azure-monitor",
        "defender",
        "workload-identity",
        "cost-analysis",
    ] {
        assert!(words(&login["groups"]).contains(group), "{login}");
    }
    let rows: Vec<String> = targets.iter().map(ToString::to_string).collect();
    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len());
}

#[test]
fn diff_says_what_a_firewall_must_add_and_may_remove() {
    let diff = json(&["catalog", "diff", "2020-01", "2026-06", "--format", "json"]);
    let hosts = |section: &str| {
        let rules = diff[section].as_array().unwrap().clone();
        rules
            .into_iter()
            .map(|rule| rule["pattern"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert!(hosts("added").contains("*.data.mcr.microsoft.com"));
    assert!(hosts("added").contains("packages.aks.azure.com"));
    assert!(hosts("removed").contains("*.cdn.mscr.io"));
    assert!(!hosts("added").contains("mcr.microsoft.com"));
    assert!(hosts("changed").contains("ntp.ubuntu.com"));
    let china = Command::cargo_bin("egress-probe")
        .unwrap()
        .args(["catalog", "diff", "2020-01", "2026-06"])
        .env_clear()
        .env("EGRESS_PROBE_CLOUD", "china")
        .output()
        .unwrap();
    let printed = String::from_utf8(china.stdout).unwrap();
    assert!(printed.starts_with("Cloud china, from"), "{printed}");
    let same = json(&["catalog", "diff", "2026-06", "2026-06", "--format", "json"]);
    for section in ["added", "removed", "changed"] {
        assert_eq!(same[section].as_array().unwrap().len(), 0, "{section}");
    }
}

#[test]
fn misspelt_parameters_features_and_flags_are_errors_with_a_suggestion() {
    for (args, suggestion) in [
        (
            &["catalog", "list", "--set", "locatoin=eastus"][..],
            "did you mean `location`?",
        ),
        (
            &["catalog", "list", "--feature", "azure-moniter"][..],
            "azure-monitor",
        ),
        (&["catalog", "list", "--cloud", "chian"][..], "china"),
        (&["catalog", "list", "--editon", "latest"][..], "--edition"),
    ] {
        let output = egress_probe(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(printed.contains(suggestion), "{printed}");
    }
}
