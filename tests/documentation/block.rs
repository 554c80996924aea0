//! Every page of the documentation, its fenced blocks, and what each block says it is.

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block: what follows the fence, and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// From the repository's root.
    pub(crate) page: String,
    pub(crate) line: usize,
    pub(crate) info: String,
    pub(crate) text: String,
}

/// What is done with a block. There is no kind that is not looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Commands that end well, in the laboratory.
    Shell,
    /// What somebody types, and what comes.
    Session(Place),
    /// For the loader of configurations.
    Configuration,
    /// The same; the loader refuses it.
    ConfigurationMistakes,
    /// For the loader of catalogues.
    Catalog,
    /// The same; the loader refuses it.
    CatalogMistakes,
    /// For `kubectl kustomize`; held by `tests/manifests`.
    Kustomization,
    /// For Kubernetes.
    Manifest,
    /// For the agent's web server; held by `tests/docs.rs`.
    WebConfig,
    /// Commands to an agent that has such a file; run by `tests/endpoint`.
    WebCommands,
    /// For Prometheus.
    Prometheus,
    /// A part of a scrape configuration, for promtool.
    Relabeling,
    /// For `blackbox_exporter`.
    Blackbox,
    /// For promtool.
    Query,
    /// For systemd.
    Unit,
    /// A part of a source file, which the fence names.
    Excerpt,
    /// Drawings, and what a program says.
    Drawing,
}

/// Where a session takes place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Without a network.
    Nowhere,
    /// In what `make lab` builds.
    Lab,
    /// On a node beside several agents.
    Fleet,
}

impl Block {
    pub(crate) fn kind(&self) -> Option<Kind> {
        let word = self.info.split(' ').next().unwrap_or_default();
        let kind = match self.info.as_str() {
            "sh" => Kind::Shell,
            "console" => Kind::Session(Place::Nowhere),
            "console lab" => Kind::Session(Place::Lab),
            "console fleet" => Kind::Session(Place::Fleet),
            "yaml configuration" => Kind::Configuration,
            "yaml configuration with mistakes" => Kind::ConfigurationMistakes,
            "yaml kustomization" => Kind::Kustomization,
            "yaml manifest" => Kind::Manifest,
            "yaml web config" => Kind::WebConfig,
            "sh web" => Kind::WebCommands,
            "yaml prometheus" => Kind::Prometheus,
            "yaml relabeling" => Kind::Relabeling,
            "yaml blackbox_exporter" => Kind::Blackbox,
            "promql" => Kind::Query,
            "ini" => Kind::Unit,
            "text" => Kind::Drawing,
            "yaml catalog with mistakes" => Kind::CatalogMistakes,
            info if info.starts_with("yaml catalog") => Kind::Catalog,
            _ if word == "rust" => Kind::Excerpt,
            _ => return None,
        };
        Some(kind)
    }

    /// The file that it is the text of: its first line is `# PATH`.
    pub(crate) fn file(&self) -> Option<&str> {
        let path = self.text.lines().next()?.strip_prefix("# ")?;
        let is_path = path.contains('.') && !path.contains(' ');
        (self.kind()? != Kind::Shell && is_path).then_some(path)
    }

    /// For messages.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                pages_below(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect()
}

/// Path from the root, and text.
pub(crate) fn pages() -> Vec<(String, String)> {
    let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name));
    let mut paths: Vec<_> = pages_below(&root().join("docs"));
    paths.extend(top);
    paths.sort();
    let page = |path: PathBuf| {
        let name = path.strip_prefix(root()).expect("below the root");
        let name = name.to_str().expect("plain letters").to_owned();
        (name, fs::read_to_string(&path).expect("a page"))
    };
    paths.into_iter().map(page).collect()
}

/// All of them, page by page. A block in a list is as far in as the fence before it.
pub(crate) fn blocks() -> Vec<Block> {
    let pages = pages();
    let all = pages.iter().flat_map(|(page, text)| blocks_of(page, text));
    all.collect()
}

fn blocks_of(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let inside = lines.by_ref().map(|(_, line)| line);
        let inside = inside.take_while(|line| line.trim_start() != "```");
        let inside = inside.map(|line| line.get(indent..).unwrap_or_default());
        let text: String = inside.flat_map(|line| [line, "\n"]).collect();
        blocks.push(Block {
            page: page.to_owned(),
            line: number + 1,
            info: info.to_owned(),
            text,
        });
    }
    blocks
}
