//! The built-in catalogue, in each cloud and both editions: what `catalog list` has is what is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::{egress_probe, read_back, rules, script};

type Written = BTreeSet<(String, u16, String)>;

/// Every parameter, so that nothing is left open but what nobody can know.
const PARAMETERS: [(&str, &str); 8] = [
    ("location", "westeurope"),
    ("apiserver_fqdn", "a-1.hcp.westeurope.azmk8s.io"),
    ("apiserver_ip", "203.0.113.7"),
    ("workspace_id", "0a1b2c3d"),
    ("key_vault", "vault"),
    ("dce_logs", "a.westeurope-1.ingest.monitor.azure.com"),
    (
        "dce_metrics",
        "a.westeurope-1.metrics.ingest.monitor.azure.com",
    ),
    (
        "app_insights",
        "westeurope-5.in.applicationinsights.azure.com",
    ),
];
const CONDITIONS: [&str; 4] = [
    "classic-tunnel",
    "custom-dns",
    "old-node-image",
    "public-api-server",
];

/// A plan of the built-in catalogue.
struct Case {
    arguments: Vec<String>,
    parameters: &'static [(&'static str, &'static str)],
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for cloud in ["public", "china", "government"] {
        for edition in ["2020-01", "2026-06"] {
            for whole in [true, false] {
                let mut arguments: Vec<String> =
                    ["--all-features", "--cloud", cloud, "--edition", edition]
                        .map(str::to_owned)
                        .into();
                let parameters: &[_] = if whole { &PARAMETERS } else { &[] };
                for (name, value) in parameters {
                    arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
                }
                for condition in CONDITIONS.iter().filter(|_| whole) {
                    arguments.extend(["--condition".to_owned(), (*condition).to_owned()]);
                }
                cases.push(Case {
                    arguments,
                    parameters,
                });
            }
        }
    }
    cases
}

impl Case {
    fn list(&self) -> Value {
        let mut arguments = vec![
            "catalog".to_owned(),
            "list".into(),
            "--format".into(),
            "json".into(),
        ];
        arguments.extend(self.arguments.iter().cloned());
        serde_json::from_str(&egress_probe(&arguments, "").stdout).expect("JSON")
    }

    fn rules(&self, form: &str) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        rules(form, &arguments)
    }

    /// What a rule can name of a documented host: nothing while a brace or a placeholder stands in it.
    fn nameable(&self, pattern: &str, wildcards: bool) -> Option<String> {
        let filled = self
            .parameters
            .iter()
            .fold(pattern.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            });
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
        let fixed = filled.trim_start_matches("*.");
        let known = filled == "*" || (fixed.contains(['.', ':']) && fixed.chars().all(plain));
        (known && (wildcards || fixed == filled)).then_some(filled)
    }
}

/// What the rows of the list ask a firewall for, worked out from the list alone; and the rows that ask for nothing yet.
fn expected(case: &Case) -> (Written, BTreeSet<String>) {
    let (mut wanted, mut left_out) = (Written::new(), BTreeSet::new());
    let list = case.list();
    let word = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let number =
        |row: &Value| u16::try_from(row["port"].as_u64().expect("a port")).expect("a port");
    let targets = list["targets"].as_array().expect("a list").iter();
    for row in targets.filter(|row| row["probe"] != "dns") {
        let (pattern, host, probe) = (word(row, "pattern"), word(row, "host"), word(row, "probe"));
        let web = probe.starts_with("http");
        let documented = case.nameable(&pattern, web);
        if web {
            let what = if probe == "https" { "Https" } else { "Http" };
            let Some(pattern) = documented else {
                left_out.insert(format!("{probe}:{} to {pattern}", number(row)));
                continue;
            };
            let matched = pattern == "*"
                || host.ends_with(pattern.trim_start_matches('*')) && pattern.starts_with('*');
            wanted.insert((what.to_owned(), number(row), pattern));
            if !matched {
                wanted.insert((what.to_owned(), number(row), host));
            }
        } else {
            let what = if ["ntp", "udp", "dns-udp"].contains(&probe.as_str()) {
                "UDP"
            } else {
                "TCP"
            };
            let api_server = host == "a-1.hcp.westeurope.azmk8s.io";
            let by_address = if api_server {
                "203.0.113.7".to_owned()
            } else {
                host
            };
            wanted.insert((
                what.to_owned(),
                number(row),
                documented.unwrap_or(by_address),
            ));
        }
    }
    for row in list["untestable"].as_array().expect("a list") {
        let (pattern, probe) = (word(row, "pattern"), word(row, "probe"));
        let web = probe.starts_with("http");
        let line = format!("{probe}:{} to {pattern}", number(row));
        match case.nameable(&pattern, web).filter(|_| web) {
            Some(name) => {
                wanted.insert((
                    if probe == "https" { "Https" } else { "Http" }.to_owned(),
                    number(row),
                    name,
                ));
            }
            None if pattern == "AzureMonitor" => {
                wanted.insert(("TCP".to_owned(), number(row), pattern));
            }
            None => {
                left_out.insert(line);
            }
        }
    }
    (wanted, left_out)
}

/// The rows that a form says it leaves out.
fn said_left_out(text: &str) -> BTreeSet<String> {
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '/', ' ']));
    let rows = lines.filter_map(|line| line.strip_prefix("- ")?.split_once(": needs "));
    rows.map(|(row, _)| row.to_owned()).collect()
}

fn compare(case: &Case, form: &str, read: impl IntoIterator<Item = (String, u16, String)>) {
    let (wanted, _) = expected(case);
    let written: Written = read.into_iter().collect();
    let missing: Vec<_> = wanted.difference(&written).collect();
    let added: Vec<_> = written.difference(&wanted).collect();
    let case = case.arguments.join(" ");
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
            compare(case, form, read);
        }
    }
}

#[test]
fn every_row_is_written_and_nothing_else_by_the_script() {
    for case in cases() {
        compare(
            &case,
            "azure-cli",
            script::calls(&case.rules("azure-cli"))
                .into_iter()
                .flat_map(script::read),
        );
    }
}

#[test]
fn every_row_that_is_not_written_is_named_with_what_it_needs() {
    for case in cases() {
        let (_, left_out) = expected(&case);
        for form in ["text", "azure-cli", "bicep", "terraform"] {
            let said = said_left_out(&case.rules(form));
            assert_eq!(said, left_out, "{form} {}", case.arguments.join(" "));
        }
        let document: Value = serde_json::from_str(&case.rules("json")).expect("JSON");
        let rules = document["rules"].as_array().expect("a list").iter();
        let incomplete = rules.filter(|rule| rule["needs"] != serde_json::json!([]));
        let said: BTreeSet<String> = incomplete
            .map(|rule| {
                let text = |key: &str| rule[key].as_str().expect("a text").to_owned();
                format!(
                    "{}:{} to {}",
                    text("protocol"),
                    rule["port"],
                    text("pattern")
                )
            })
            .collect();
        assert_eq!(said, left_out, "json {}", case.arguments.join(" "));
    }
}

#[test]
fn the_tag_takes_the_place_of_the_core_names_of_the_page_and_of_nothing_else() {
    for case in cases() {
        let mut tagged = Case {
            arguments: case.arguments.clone(),
            ..case
        };
        tagged.arguments.push("--fqdn-tag".to_owned());
        let document: Value = serde_json::from_str(&tagged.rules("json")).expect("JSON");
        let rules = document["rules"].as_array().expect("a list").iter();
        let covered = rules.filter(|rule| rule["fqdn_tag"] == "AzureKubernetesService");
        let covered: BTreeSet<String> = covered
            .map(|rule| {
                assert_eq!(
                    (&rule["layer"], &rule["groups"][0]),
                    (&"application".into(), &"core".into())
                );
                format!(
                    "{}:{} to {}",
                    rule["protocol"].as_str().expect("a word"),
                    rule["port"],
                    rule["pattern"].as_str().expect("a text")
                )
            })
            .collect();
        let script = tagged.rules("azure-cli");
        let said = script
            .lines()
            .filter_map(|line| line.strip_prefix("# AzureKubernetesService covers "));
        assert_eq!(said.map(str::to_owned).collect::<BTreeSet<_>>(), covered);
        assert!(said_left_out(&script).is_disjoint(&covered));

        let read: Written = script::calls(&script)
            .into_iter()
            .flat_map(script::read)
            .collect();
        let untagged = Case {
            arguments: tagged.arguments[..tagged.arguments.len() - 1].to_vec(),
            ..tagged
        };
        let plain: Written = script::calls(&untagged.rules("azure-cli"))
            .into_iter()
            .flat_map(script::read)
            .collect();
        let gone: BTreeSet<_> = plain
            .difference(&read)
            .map(|(_, _, name)| name.clone())
            .collect();
        let names = covered
            .iter()
            .filter_map(|row| untagged.nameable(row.split_once(" to ")?.1, true));
        assert_eq!(gone, names.collect());
        let new: Vec<_> = read.difference(&plain).cloned().collect();
        assert_eq!(
            new,
            [("tag".to_owned(), 0, "AzureKubernetesService".to_owned())]
        );
    }
}
