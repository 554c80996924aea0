//! The schema of the JSON form, and the samples of docs/rules.md.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::{SMALL, egress_probe, finish, python, root, rules};

/// Reads a list of documents, and prints for each what is wrong with it.
const VALIDATE: &str = "import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
validator = jsonschema.Draft202012Validator(schema)
validator.check_schema(schema)
print(json.dumps([[error.message for error in validator.iter_errors(each)] for each in json.load(sys.stdin)]))
";

fn mistakes(documents: &[Value]) -> Vec<Vec<String>> {
    let schema = root().join("docs/rules.schema.json");
    let arguments = [OsStr::new("-c"), OsStr::new(VALIDATE), schema.as_os_str()];
    let run = python(&arguments, &json!(documents).to_string());
    assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&run.stdout).expect("lists of mistakes")
}

#[test]
fn the_json_form_is_what_the_schema_says() {
    let whole = ["--all-features", "--location", "westeurope"];
    let china = ["--edition", "2020-01", "--cloud", "china"];
    let written = |arguments| serde_json::from_str(&rules("json", arguments)).expect("JSON");
    let documents = [&SMALL[..], &SMALL[..4], &whole, &china].map(written);
    let none: [Vec<String>; 4] = Default::default();
    assert_eq!(mistakes(&documents), none);
}

#[test]
fn the_schema_refuses_what_is_not_of_the_form() {
    let document: Value = serde_json::from_str(&rules("json", &SMALL)).expect("JSON");
    let changes = [
        ("/edition", json!(null)),
        ("/node_subnets", json!("10.0.0.0/8")),
        ("/rules/0/layer", json!("transport")),
        ("/rules/0/port", json!(0)),
        ("/rules/0/groups", json!([])),
        ("/rules/0/groups/0", json!("cores")),
        ("/rules/0/destinations/0/kind", json!("name")),
        ("/rules/0/since", json!("soon")),
        (
            "/rules/0/sources/0",
            json!({"document": "page", "rows": [], "more": 1}),
        ),
    ];
    let documents = changes.clone().map(|(pointer, value)| {
        let mut wrong = document.clone();
        *wrong.pointer_mut(pointer).expect(pointer) = value;
        wrong
    });
    for ((pointer, _), mistakes) in changes.iter().zip(mistakes(&documents)) {
        assert_ne!(mistakes, Vec::<String>::new(), "{pointer}");
    }
}

/// Whether `terraform fmt` would change nothing.
fn is_formatted(text: &str) -> bool {
    let terraform = root().join("target/tools/terraform");
    assert!(terraform.exists(), "no terraform: run tests/tools.sh");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.tf");
    fs::write(&file, text).expect("a file");
    let mut command = Command::new(terraform);
    command
        .env_clear()
        .env("HOME", folder.path())
        .env("CHECKPOINT_DISABLE", "1");
    let run = finish(command.args(["fmt", "-check"]).arg(&file), "");
    assert!(
        matches!(run.exit, Some(0 | 3)),
        "{:?} {}",
        run.exit,
        run.stderr
    );
    run.exit == Some(0)
}

#[test]
fn terraform_fmt_finds_nothing_to_change() {
    let whole = ["--all-features", "--location", "westeurope"];
    let tagged = [&whole[..], &["--fqdn-tag", "--source", "10.224.0.0/16"]].concat();
    for arguments in [
        &SMALL[..],
        &SMALL[..4],
        &whole,
        &tagged,
        &["--edition", "2020-01"],
    ] {
        let written = rules("terraform", arguments);
        assert!(is_formatted(&written), "{arguments:?}:\n{written}");
        assert!(
            !is_formatted(&written.replace("priority ", "priority  ")),
            "{arguments:?}"
        );
    }
}

/// The parts of a sample stand in the output in this order; a line `...` stands for lines that are left out.
fn stands_in(sample: &str, output: &str) -> Result<(), String> {
    let mut rest = output;
    let mut parts = sample.split("...\n");
    let first = parts.next().unwrap_or_default();
    rest = rest.strip_prefix(first).ok_or(first)?;
    let mut last = first;
    for part in parts {
        let at = rest.find(part).ok_or(part)?;
        rest = &rest[at + part.len()..];
        last = part;
    }
    if last.is_empty() || rest.is_empty() {
        Ok(())
    } else {
        Err(format!("the end: there is more: {rest}"))
    }
}

#[test]
fn the_samples_in_the_documentation_are_what_is_printed() {
    let page = fs::read_to_string(root().join("docs/rules.md")).expect("the page");
    let samples: Vec<_> = page
        .split("```console\n$ egress-probe rules ")
        .skip(1)
        .collect();
    assert!(samples.len() >= 4, "only {} samples", samples.len());
    for sample in samples {
        let (command, after) = sample.split_once('\n').expect("a command");
        let shown = after.split("```").next().expect("a sample");
        let arguments: Vec<_> = command.split_whitespace().collect();
        let run = egress_probe(&[&["rules"], &arguments[..]].concat(), "");
        assert_eq!(run.exit, Some(0), "{command}: {}", run.stderr);
        if let Err(line) = stands_in(shown, &run.stdout) {
            panic!("{command}: not printed there: {line}\n{}", run.stdout);
        }
    }
}
