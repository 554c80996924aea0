//! Who may use whom. A new dependency between modules means a change of this table, where a reader of the change sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module of `src/` and the others that it names. Only `agent` and `command` know everything;
/// probes know no store, schedule or page; pages and metrics know no network.
const USES: &[(&str, &str)] = &[
    (
        "agent",
        "catalog config diagnosis discover experiment file heartbeat logging metrics nameservers plan probe problem proxy reload rules schedule server status store target version web_config",
    ),
    ("budget", "proxy schedule target"),
    ("catalog", "labels problem target yaml"),
    (
        "cli",
        "catalog client config diagnosis labels nameservers outcome proxy rules target",
    ),
    ("client", "file outcome probe"),
    (
        "command",
        "agent budget catalog cli client config discover experiment fleet logging metrics nameservers outcome plan probe problem rules shutdown status store table target text version",
    ),
    (
        "config",
        "catalog labels nameservers probe problem proxy target text yaml",
    ),
    ("diagnosis", "labels outcome store target"),
    ("discover", "catalog config text"),
    ("experiment", "outcome probe store target"),
    ("file", ""),
    ("fleet", "labels status store target"),
    ("heartbeat", ""),
    ("labels", "problem"),
    ("logging", "config"),
    ("metrics", "diagnosis outcome status store target version"),
    ("nameservers", "file text"),
    ("outcome", "labels"),
    ("plan", "catalog proxy target"),
    ("probe", "file outcome proxy target text"),
    ("problem", "text"),
    ("proxy", "problem target"),
    ("reload", "problem"),
    ("rules", "catalog labels outcome plan target"),
    ("schedule", "heartbeat outcome probe store target"),
    (
        "server",
        "heartbeat labels metrics problem reload status store target web_config",
    ),
    ("shutdown", ""),
    (
        "status",
        "catalog diagnosis labels outcome rules store target text version",
    ),
    ("store", "labels outcome target"),
    ("table", ""),
    ("target", "labels outcome"),
    ("text", ""),
    ("version", ""),
    ("web_config", "file labels problem yaml"),
    ("yaml", "file problem"),
];

/// Files of production code are short enough to be read in one go.
const LONGEST_FILE: usize = 260;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let nested = entries.flat_map(|path| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    });
    nested
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn module(file: &Path) -> String {
    let inside = file.strip_prefix(source()).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The text before the tests at its end.
fn production(text: &str) -> &str {
    // A `mod` line that only names a file of tests does not end the production code.
    let end = text
        .find("#[cfg(test)]\nmod tests {")
        .or_else(|| text.find("#[cfg(test)]\npub(super) mod tests {"));
    &text[..end.unwrap_or(text.len())]
}

/// The first words behind `crate::` and in `crate::{...}`.
fn named(text: &str) -> BTreeSet<String> {
    let paths = text.split("crate::").skip(1);
    paths
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => {
                let inside = group.split('}').next().unwrap_or("");
                inside.split(',').map(|item| word(item.trim())).collect()
            }
            None => vec![word(rest)],
        })
        .collect()
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect()
}

#[test]
fn modules_use_only_what_the_table_allows_and_all_of_it() {
    let known: BTreeSet<&str> = USES.iter().map(|(module, _)| *module).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(&source()) {
        let (module, text) = (module(&file), fs::read_to_string(&file).unwrap());
        let mut named = named(production(&text));
        named.retain(|name| *name != module && known.contains(name.as_str()));
        found.entry(module).or_default().extend(named);
    }
    for (module, allowed) in USES {
        let allowed: BTreeSet<String> = allowed.split_whitespace().map(ToOwned::to_owned).collect();
        assert_eq!(
            found.get(*module),
            Some(&allowed),
            "what `{module}` uses, against the table"
        );
    }
    let modules = found
        .keys()
        .filter(|name| !["lib", "main"].contains(&name.as_str()));
    for module in modules {
        assert!(
            known.contains(module.as_str()),
            "`{module}` is not in the table"
        );
    }
}

#[test]
fn files_are_short() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        let lines = production(&text).lines().count();
        let name = file.file_name().unwrap().to_str().unwrap();
        let of_tests = name.ends_with("tests.rs") || ["testing.rs", "scripted.rs"].contains(&name);
        assert!(
            of_tests || lines <= LONGEST_FILE,
            "{} has {lines} lines",
            file.display()
        );
    }
}

#[test]
fn every_module_opens_with_what_it_is_for() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not say what it is for",
            file.display()
        );
    }
}
