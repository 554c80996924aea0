//! The bill of materials: its form, and that it names what the program is made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

#[path = "support/kustomize.rs"]
mod kustomize;

use kustomize::{python, root, tool};

/// The file in a folder of its own.
fn bill() -> (TempDir, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bom.json");
    let mut script = Command::new(root().join("tests/sbom.sh"));
    script.arg(&path).env("CARGO_NET_OFFLINE", "true");
    let output = script.output().expect("sh starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`make packages` first? {said}");
    let bill = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    (folder, bill)
}

/// The schemas of `CycloneDX`, without the addresses from which others would be fetched.
fn schemas_into(folder: &Path) {
    let schemas = tool("python").join("cyclonedx/schema/_res");
    for name in ["bom-1.5", "spdx", "jsf-0.82"] {
        let name = format!("{name}.SNAPSHOT.schema.json");
        let text = fs::read(schemas.join(&name)).expect("a schema");
        let mut schema: Value = serde_json::from_slice(&text).expect("JSON");
        schema.as_object_mut().expect("an object").remove("$id");
        fs::write(folder.join(name), schema.to_string()).expect("a file");
    }
}

#[test]
fn the_bill_of_materials_has_the_form_of_cyclonedx() {
    let (folder, bill) = bill();
    schemas_into(folder.path());
    let mut check = python("jsonschema");
    check.current_dir(folder.path()).args([
        "--instance",
        "bom.json",
        "--base-uri",
        &format!("file://{}/", folder.path().display()),
        "bom-1.5.SNAPSHOT.schema.json",
    ]);
    let output = check.output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!bill.to_string().contains("/tmp/"), "paths of the build");
}

/// `name version` of every crate that cargo would build into the program.
fn crates_of_the_program() -> BTreeSet<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.current_dir(root()).args([
        "tree",
        "--offline",
        "--edges=normal",
        "--target=x86_64-unknown-linux-gnu",
        "--prefix=none",
        "--format={p}",
    ]);
    let output = tree.output().expect("cargo starts");
    let lines = String::from_utf8(output.stdout).expect("plain letters");
    let crates = lines.lines().map(|line| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next(), words.next());
        let version = version.expect("a version").trim_start_matches('v');
        format!("{} {version}", name.expect("a name"))
    });
    crates.collect()
}

#[test]
fn every_crate_of_the_program_is_in_it_and_none_of_the_tests() {
    let (_folder, bill) = bill();
    let components = bill["components"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut named: BTreeSet<String> = components
        .map(|component| text(&component["name"]) + " " + &text(&component["version"]))
        .collect();
    let program = &bill["metadata"]["component"];
    named.insert(text(&program["name"]) + " " + &text(&program["version"]));

    let missing: Vec<_> = crates_of_the_program()
        .difference(&named)
        .cloned()
        .collect();
    assert_eq!(missing, Vec::<String>::new());
    for other in ["proptest ", "insta ", "egress-lab "] {
        let found = named.iter().find(|name| name.starts_with(other));
        assert_eq!(found, None);
    }
    let rust = format!("rust-std {}", env!("CARGO_PKG_RUST_VERSION"));
    for linked in [rust.as_str(), "glibc ", "public-suffix-list 2."] {
        let found = named.iter().any(|name| name.starts_with(linked));
        assert!(found, "{linked}");
    }
}
