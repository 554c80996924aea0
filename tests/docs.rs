//! The documentation says what the software does: tables, flags and links are held against it. What stands in fenced
//! blocks is held by `tests/documentation`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use egress_probe::catalog::{Condition, KNOWN_PARAMETERS};
use egress_probe::cli::Cli;
use egress_probe::config::{Config, Settings};
use egress_probe::metrics::{FAMILIES, Kind};
use egress_probe::outcome::Warning;
use egress_probe::problem::Problems;
use egress_probe::server::Limits;
use egress_probe::target::{Group, ProbeKind};
use egress_probe::web_config;
use serde_json::Value;

/// A key that no file has, and that is like none.
const NO_KEY: &str = "qqqq";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// What stands under a heading, up to the next one of the same depth.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, after) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let depth = heading.split(' ').next().unwrap();
    let end = after.find(&format!("\n{depth} "));
    &after[..end.unwrap_or(after.len())]
}

/// The rows of the first table in a text, without its head, cell by cell.
fn table(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let lines = text.lines().skip_while(|line| !line.starts_with('|'));
    let rows: Vec<_> = lines
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "a table without rows");
    rows
}

/// The words between backticks.
fn coded(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The one word of a first cell.
fn key(row: &[String]) -> &str {
    let [key] = coded(&row[0])[..] else {
        panic!("not one word: {}", row[0]);
    };
    key
}

fn keys(text: &str) -> Vec<String> {
    table(text).iter().map(|row| key(row).to_owned()).collect()
}

fn config_of(name: &str, text: &str) -> Result<Config, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    Config::load(Some(&file), Settings::default())
}

/// The words of a closed set, in their order.
fn words<T: std::fmt::Display>(set: &[T]) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

#[test]
fn the_table_of_metrics_is_the_table_of_families() {
    let page = page("metrics.md");
    let documented: Vec<_> = table(section(&page, "## Families"))
        .iter()
        .map(|row| {
            let labels: Vec<_> = coded(&row[2]).into_iter().map(str::to_owned).collect();
            (key(row).to_owned(), row[1].clone(), labels)
        })
        .collect();
    let exposed: Vec<_> = FAMILIES
        .iter()
        .map(|family| {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            let labels = family.labels.iter().map(|&label| label.to_owned());
            (family.name.to_owned(), kind.to_owned(), labels.collect())
        })
        .collect();
    assert_eq!(documented, exposed);
}

/// The keys that the loader names as known where it meets an unknown one; none where it takes any key, or no map.
fn known_beside(text: &str) -> Option<Vec<String>> {
    let problems = config_of("config.yaml", text).err()?;
    problems.iter().find_map(|problem| {
        let (unknown, known) = problem
            .message
            .split_once(" is not known here; known are ")?;
        (unknown == format!("`{NO_KEY}`")).then(|| known.split(", ").map(str::to_owned).collect())
    })
}

/// Every key of the loader; those of a map with the map's name before them.
fn loader_keys() -> BTreeMap<String, Option<Vec<String>>> {
    let top = known_beside(&format!("{NO_KEY}: 1\n")).unwrap();
    top.into_iter()
        .map(|key| {
            let below = known_beside(&format!("{key}: {{{NO_KEY}: 1}}\n"));
            (key, below)
        })
        .collect()
}

#[test]
fn the_table_of_keys_is_what_the_loader_knows() {
    let loader = loader_keys();
    let known: BTreeSet<String> = loader
        .iter()
        .flat_map(|(key, below)| match below {
            Some(below) => below.iter().map(|last| format!("{key}.{last}")).collect(),
            None => vec![key.clone()],
        })
        .collect();
    let page = page("configuration.md");
    let mut documented: BTreeSet<String> = keys(section(&page, "## Keys")).into_iter().collect();
    // A map may have a row of its own beside those of its keys.
    documented.retain(|key| loader.get(key).is_none_or(Option::is_none));
    assert_eq!(documented, known);
}

#[test]
fn every_key_is_refused_when_it_is_misspelt() {
    for key in keys(section(&page("configuration.md"), "## Keys")) {
        let misspelt = format!("{key}x");
        let text = match misspelt.split_once('.') {
            Some((map, last)) => format!("{map}: {{{last}: 1}}\n"),
            None => format!("{misspelt}: 1\n"),
        };
        let problems = config_of("config.yaml", &text).unwrap_err();
        let last = misspelt.rsplit('.').next().unwrap();
        let unknown = format!("`{last}` is not known here");
        let named = |message: &str| message.starts_with(&unknown);
        assert!(
            problems.iter().any(|problem| named(&problem.message)),
            "{problems}"
        );
    }
}

#[test]
fn the_table_of_parameters_is_that_of_the_catalogue() {
    let page = page("catalog.md");
    let documented: Vec<_> = table(section(&page, "## Parameters"))
        .iter()
        .map(|row| (key(row).to_owned(), row[1].clone()))
        .collect();
    let known: Vec<_> = KNOWN_PARAMETERS
        .iter()
        .map(|known| (known.name.to_owned(), known.meaning.to_owned()))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn the_table_of_limits_is_what_the_server_goes_by() {
    let page = page("web.md");
    let documented: Vec<_> = table(section(&page, "## Limits"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let kept = Limits::USUAL.table().into_iter();
    let kept: Vec<_> = kept
        .map(|(limit, value)| (limit.to_owned(), value))
        .collect();
    assert_eq!(documented, kept);
}

#[test]
fn the_web_config_in_the_documentation_is_one_and_every_key_of_its_table_is_known() {
    let page = page("web.md");
    let hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
    let (_, sample) = page.split_once("```yaml web config\n").unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    web_config::parse("web.yml".as_ref(), &sample.replace("$2y$10$HASH", hash)).unwrap();
    for row in table(section(&page, "## The file")) {
        let keys = coded(&row[0]);
        let area = keys[0].split_once('.').map(|(area, _)| area);
        for key in &keys {
            let key = key.rsplit('.').next().unwrap();
            let text = match area {
                Some(area) => format!("{area}: {{{key}: 1, {NO_KEY}: 1}}\n"),
                None => format!("{key}: 1\n{NO_KEY}: 1\n"),
            };
            let problems = web_config::parse("web.yml".as_ref(), &text)
                .unwrap_err()
                .to_string();
            assert!(
                !problems.contains(&format!("`{key}` is not known")),
                "{problems}"
            );
            assert!(problems.contains(NO_KEY), "{problems}");
        }
    }
}

#[test]
fn the_tables_of_closed_sets_are_whole() {
    let (catalog, probes) = (page("catalog.md"), page("probes.md"));
    let groups = keys(section(&catalog, "## Groups and requirement"));
    assert_eq!(groups, words(Group::ALL));
    let conditions = keys(section(&catalog, "## Conditions"));
    assert_eq!(conditions, words(Condition::ALL));
    let warnings = keys(section(&probes, "## Warnings"));
    assert_eq!(warnings, words(Warning::ALL));
    let overview: BTreeSet<_> = keys(section(&probes, "## Overview")).into_iter().collect();
    assert_eq!(overview, words(ProbeKind::ALL).into_iter().collect());
}

/// The long flags of a command and of those below it.
fn flags(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(clap::Arg::get_long);
    let own = own.filter(|flag| !["help", "version"].contains(flag));
    let own: Vec<_> = own.map(|flag| format!("--{flag}")).collect();
    let below = command.get_subcommands().flat_map(flags);
    below.chain(own).collect()
}

#[test]
fn every_flag_is_documented_and_every_documented_flag_exists() {
    let mut command = Cli::command();
    command.build();
    let page = page("configuration.md");
    let with_key = table(section(&page, "## Keys"));
    let without = table(section(&page, "## Flags without a key"));
    let cells = with_key.iter().map(|row| &row[3]);
    let cells = cells.chain(without.iter().map(|row| &row[0]));
    let documented: BTreeSet<String> = cells
        .flat_map(|cell| coded(cell))
        .filter_map(|text| text.split(' ').next())
        .filter(|word| word.starts_with("--"))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, flags(&command));
}

/// The fields of a JSON value that are not among `known`; those of a map stand in its place, if it is not known itself.
fn unknown_fields(value: &Value, known: &BTreeSet<String>) -> BTreeSet<String> {
    let fields = value.as_object().into_iter().flatten();
    let all = fields.flat_map(|(name, value)| match value {
        Value::Object(below) if !known.contains(name) => {
            below.keys().map(|last| format!("{name}.{last}")).collect()
        }
        _ => vec![name.clone()],
    });
    all.filter(|field| !known.contains(field)).collect()
}

#[test]
fn every_field_of_the_report_is_documented() {
    let snapshot = root().join("tests/snapshots/status__the_json_report.snap");
    let snapshot = fs::read_to_string(snapshot).unwrap();
    let json = &snapshot[snapshot.find("\n{").unwrap()..];
    let report: Value = serde_json::from_str(json).unwrap();
    let page = page("operations.md");
    let documented = |heading: &str| {
        let rows = table(section(&page, heading));
        let names = rows.iter().flat_map(|row| coded(&row[0]));
        names.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let none = BTreeSet::new();
    assert_eq!(
        unknown_fields(&report, &documented("## The JSON report")),
        none
    );
    let (of_target, facts) = (documented("### Targets"), documented("### Facts"));
    let targets = report["targets"].as_array().unwrap();
    assert!(targets.len() > 10, "a small fixture shows little");
    for target in targets {
        assert_eq!(unknown_fields(target, &of_target), none);
        assert_eq!(unknown_fields(&target["facts"], &facts), none);
    }
}

/// What a folder has in files of Rust, and in folders that begin with this one.
fn parts(folder: &str, first: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_rust = |path: &Path| path.extension().is_some_and(|kind| kind == "rs");
    let parts = paths.filter(|path| is_rust(path) || path.join(first).exists());
    parts.collect()
}

#[test]
fn every_test_binary_is_in_the_table_of_tests_and_nothing_that_is_gone() {
    let page = page("architecture.md");
    let rows = table(section(&page, "## Tests, in layers"));
    let documented: BTreeSet<_> = rows.iter().flat_map(|row| coded(&row[1])).collect();
    for test in parts("tests", "main.rs") {
        let test = test.strip_prefix(root()).unwrap().to_str().unwrap();
        assert!(documented.contains(test), "{test} is not in the table");
    }
    for name in documented.iter().filter(|name| name.starts_with("tests/")) {
        assert!(root().join(name).exists(), "there is no {name}");
    }
}

#[test]
fn the_table_of_modules_is_that_of_the_source() {
    let page = page("architecture.md");
    let documented: BTreeSet<_> = keys(section(&page, "## Modules")).into_iter().collect();
    let parts = parts("src", "mod.rs").into_iter();
    let modules = parts.map(|part| part.file_stem().unwrap().to_str().unwrap().to_owned());
    let roots = ["lib", "main"];
    let modules: BTreeSet<_> = modules
        .filter(|name| !roots.contains(&name.as_str()))
        .collect();
    assert_eq!(documented, modules);
}

/// Every page that somebody reads: at the root, in `docs`, and beside tests.
fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/runbooks", "tests/facts"];
    let folders = folders.map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let entries = folders.into_iter().flatten();
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|kind| kind == "md"));
    pages
}

/// A page without its fenced blocks and code between backticks, which have no links.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // Code inside a link's text goes, the link stays.
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    prose
}

fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let starts = prose.match_indices("](");
    starts
        .filter_map(|(at, mark)| prose[at + mark.len()..].split(')').next())
        .map(str::to_owned)
        .collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if fenced || heading == line || !heading.starts_with(' ') {
            continue;
        }
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor: String = heading.trim().to_lowercase().chars().filter(kept).collect();
        anchors.insert(anchor.replace(' ', "-"));
    }
    anchors
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let to = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(to.exists(), "{}: {link} leads nowhere", page.display());
            if !anchor.is_empty() {
                let headings = anchors(&fs::read_to_string(&to).unwrap());
                let found = headings.contains(anchor);
                assert!(found, "{}: no heading for {link}", page.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} links");
}

/// Whoever begins at the README finds everything.
#[test]
fn every_page_is_linked_from_another() {
    let pages = pages();
    let linked: BTreeSet<PathBuf> = pages
        .iter()
        .flat_map(|page| {
            let text = fs::read_to_string(page).unwrap();
            let folder = page.parent().unwrap().to_owned();
            let files = links(&text).into_iter().filter_map(move |link| {
                let file = link.split('#').next()?.to_owned();
                folder.join(file).canonicalize().ok()
            });
            let own = page.canonicalize().unwrap();
            files.filter(|to| *to != own).collect::<Vec<_>>()
        })
        .collect();
    for page in pages.iter().filter(|page| !page.ends_with("README.md")) {
        let page = page.canonicalize().unwrap();
        assert!(linked.contains(&page), "nobody links to {}", page.display());
    }
}
