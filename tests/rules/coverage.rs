//! The built-in catalogue, in each cloud and both editions: what `catalog list` has is what is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::case::{Case, Written, cases};
use crate::{read_back, script};

/// The rows that a form says it leaves out.
fn said_left_out(text: &str) -> BTreeSet<String> {
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '/', ' ']));
    let rows = lines.filter_map(|line| line.strip_prefix("- ")?.split_once(": needs "));
    rows.map(|(row, _)| row.to_owned()).collect()
}

/// `https:443 to mcr.microsoft.com`.
fn line(rule: &Value) -> String {
    let text = |key: &str| rule[key].as_str().expect("a text");
    format!(
        "{}:{} to {}",
        text("protocol"),
        rule["port"],
        text("pattern")
    )
}

fn by_script(case: &Case) -> Written {
    let calls = script::calls(&case.rules("azure-cli"));
    calls.iter().flat_map(|call| script::read(call)).collect()
}

fn compare(case: &Case, form: &str, written: &Written) {
    let (wanted, _) = case.expected();
    let missing: Vec<_> = wanted.difference(written).collect();
    let added: Vec<_> = written.difference(&wanted).collect();
    let case = case.name();
    assert!(wanted.len() > 20, "{case}: only {} rules", wanted.len());
    assert!(
        missing.is_empty(),
        "{form}, {case}: not written: {missing:#?}"
    );
    assert!(
        added.is_empty(),
        "{form}, {case}: not in the catalogue: {added:#?}"
    );
}

#[test]
fn every_row_is_written_and_nothing_else_in_the_forms_with_parsers() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = cases();
    for form in ["csv", "json", "terraform", "bicep"] {
        let file = |(number, case): (usize, &Case)| -> PathBuf {
            let file = folder.path().join(format!("{number}.{form}"));
            fs::write(&file, case.rules(form)).expect("a file");
            file
        };
        let files: Vec<_> = cases.iter().enumerate().map(file).collect();
        for (case, read) in cases.iter().zip(read_back(form, &files)) {
            compare(case, form, &read.into_iter().collect());
        }
    }
}

#[test]
fn every_row_is_written_and_nothing_else_by_the_script() {
    for case in cases() {
        compare(&case, "azure-cli", &by_script(&case));
    }
}

#[test]
fn every_row_that_is_not_written_is_named_with_what_it_needs() {
    for case in cases() {
        let (_, left_out) = case.expected();
        for form in ["text", "azure-cli", "bicep", "terraform"] {
            let said = said_left_out(&case.rules(form));
            assert_eq!(said, left_out, "{form} {}", case.name());
        }
        let incomplete = case
            .values()
            .into_iter()
            .filter(|rule| rule["needs"] != json!([]));
        let said: BTreeSet<String> = incomplete.map(|rule| line(&rule)).collect();
        assert_eq!(said, left_out, "json {}", case.name());
    }
}

#[test]
fn the_tag_takes_the_place_of_the_core_names_of_the_page_and_of_nothing_else() {
    for case in cases() {
        let tagged = case.with("--fqdn-tag");
        let rules = tagged.values().into_iter();
        let covered = rules.filter(|rule| rule["fqdn_tag"] == "AzureKubernetesService");
        let covered: BTreeSet<String> = covered
            .map(|rule| {
                let place = (&rule["layer"], &rule["groups"][0]);
                assert_eq!(place, (&json!("application"), &json!("core")));
                line(&rule)
            })
            .collect();
        let script = tagged.rules("azure-cli");
        let mark = "# AzureKubernetesService covers ";
        let said = script.lines().filter_map(|line| line.strip_prefix(mark));
        assert_eq!(said.map(str::to_owned).collect::<BTreeSet<_>>(), covered);
        assert!(said_left_out(&script).is_disjoint(&covered));

        let (with, without) = (by_script(&tagged), by_script(&case));
        let gone = without.difference(&with).map(|(_, _, name)| name.clone());
        let names = covered
            .iter()
            .filter_map(|row| case.nameable(row.split_once(" to ")?.1, true));
        assert_eq!(
            gone.collect::<BTreeSet<_>>(),
            names.collect(),
            "{}",
            case.name()
        );
        let new: Vec<_> = with.difference(&without).cloned().collect();
        assert_eq!(
            new,
            [("tag".to_owned(), 0, "AzureKubernetesService".to_owned())]
        );
    }
}
