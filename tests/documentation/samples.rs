//! Samples are what they say: whatever would read them reads them.

use std::fs;
use std::process::Command;

use egress_probe::catalog::{Catalog, CatalogSources};
use egress_probe::config::{Config, Settings};

use crate::block::{Block, Kind, root};
use crate::kustomize::python;
use crate::promql::Words;
use crate::source::Source;
use crate::support::agent;

/// What is wrong with a block that is neither commands nor a session.
pub(crate) fn complaint(block: &Block, kind: Kind) -> Option<String> {
    match kind {
        Kind::Configuration => configuration(block).err(),
        Kind::Catalog => catalog(block).err(),
        Kind::ConfigurationMistakes => well(&configuration(block)),
        Kind::CatalogMistakes => well(&catalog(block)),
        Kind::Kustomization => (block.page != "docs/install.md")
            .then(|| "tests/manifests renders those of docs/install.md only".to_owned()),
        Kind::Manifest => manifest(block),
        Kind::WebConfig => (block.page != "docs/web.md")
            .then(|| "tests/docs.rs loads those of docs/web.md only".to_owned()),
        Kind::WebCommands => (block.page != "docs/web.md")
            .then(|| "tests/endpoint runs those of docs/web.md only".to_owned()),
        Kind::Prometheus => refusal(promtool("config"), "prometheus.yml", &block.text),
        Kind::Relabeling => relabeling(block),
        Kind::Blackbox => blackbox(block),
        Kind::Query => query(block),
        Kind::Unit => unit(block),
        Kind::Excerpt => excerpt(block),
        Kind::Drawing => block
            .text
            .contains("\n$ ")
            .then(|| "a session is `console`".to_owned()),
        Kind::Shell | Kind::Session(_) => None,
    }
}

/// A sample with mistakes has some.
fn well(loaded: &Result<(), String>) -> Option<String> {
    let well = loaded.is_ok();
    well.then(|| "nothing is wrong with it".to_owned())
}

fn configuration(block: &Block) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.yaml");
    fs::write(&file, &block.text).expect("a file");
    let loaded = Config::load(Some(&file), Settings::default());
    loaded.map(|_| ()).map_err(|problems| problems.to_string())
}

/// `yaml catalog`, with `over the built-in one` or `set NAME` behind it.
fn catalog(block: &Block) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.yaml");
    fs::write(&file, &block.text).expect("a file");
    let set = block.info.split_once(" set ").map(|(_, name)| name);
    let loaded = Catalog::load(&CatalogSources {
        builtin: block.info.ends_with("over the built-in one"),
        files: vec![file],
        parameters: set.map(str::to_owned).into_iter().collect(),
    });
    loaded.map(|_| ()).map_err(|problems| problems.to_string())
}

/// What a program says when it refuses a file with this text.
fn refusal(command: Command, name: &str, text: &str) -> Option<String> {
    let (well, said) = opinion(command, name, text);
    (!well).then_some(said)
}

/// Whether a program takes a file with this text, and what it says of it.
fn opinion(mut command: Command, name: &str, text: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    fs::write(&file, text).expect("a file");
    // Certificates and passwords that it names are there.
    for (_, named) in text.lines().filter_map(|line| line.split_once("_file: ")) {
        fs::write(folder.path().join(named), "").expect("a file");
    }
    let output = command.arg(&file).output();
    let output = output.expect("it starts: `make packages` installs what is missing");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn manifest(block: &Block) -> Option<String> {
    let mut command = python("kubernetes_validate");
    command.args(["--strict", "--kubernetes-version", "1.30"]);
    refusal(command, "manifest.yaml", &block.text)
}

fn promtool(what: &str) -> Command {
    let mut command = Command::new("promtool");
    command.args(["check", what]);
    command
}

fn relabeling(block: &Block) -> Option<String> {
    let lines = block.text.lines();
    let indented: String = lines.flat_map(|line| ["    ", line, "\n"]).collect();
    let text = format!("scrape_configs:\n  - job_name: egress-probe\n{indented}");
    refusal(promtool("config"), "prometheus.yml", &text)
}

fn blackbox(block: &Block) -> Option<String> {
    let mut command = Command::new("prometheus-blackbox-exporter");
    command.args(["--config.check", "--config.file"]);
    refusal(command, "blackbox.yml", &block.text)
}

/// Every paragraph is an expression, and every line of a paragraph that stands alone is one, too.
fn query(block: &Block) -> Option<String> {
    let text = block.text.trim();
    let lines: Vec<&str> = text.lines().collect();
    let alone = lines.iter().all(|line| !line.starts_with([' ', ')']));
    let expressions = if alone { lines } else { vec![text] };
    let records = Source::read().record_names();
    expressions.into_iter().find_map(|expression| {
        let rules = serde_json::json!({"groups": [{"name": "x", "rules": [{"record": "x", "expr": expression}]}]});
        let invalid = refusal(promtool("rules"), "rules.yaml", &rules.to_string());
        let unknown = Words::of(expression).unknown(&records);
        invalid.or_else(|| (!unknown.is_empty()).then(|| format!("nobody exports {unknown:?}")))
    })
}

fn unit(block: &Block) -> Option<String> {
    let program = agent().to_str().expect("plain letters");
    let text = block.text.replace("/usr/local/bin/egress-probe", program);
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no"]);
    // A key that systemd does not know is a warning to it.
    let (_, said) = opinion(command, "egress-probe.service", &text);
    said.contains("egress-probe.service").then_some(said)
}

/// `rust FILE`: its lines stand in the file in this order.
fn excerpt(block: &Block) -> Option<String> {
    let (_, file) = block.info.split_once(' ')?;
    let Ok(text) = fs::read_to_string(root().join(file)) else {
        return Some(format!("there is no {file}"));
    };
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches(['/', '!', ' ']));
    let mut wanted = block.text.lines().filter(|line| !line.is_empty());
    let missing = wanted.find(|wanted| !lines.any(|line| line == wanted.trim()));
    missing.map(|line| format!("{file} does not have: {line}"))
}
