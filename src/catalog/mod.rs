//! What a cluster must reach, as written by people: the built-in catalogue and the user's files. Knows nothing of probing.

mod builtin;
pub mod diff;
mod edition;
mod entry;
mod file;
pub(crate) mod hosts;
mod services;
pub mod template;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use edition::{Edition, EditionError};
pub use entry::{Cloud, Condition, Confidence, Entry, HostPattern, Protocol, Service, Source};
pub use template::{KNOWN_PARAMETERS, Parameters};

use crate::problem::{Problems, unknown_word};
use crate::yaml::{self, Cursor, Reader};
use file::Item;

/// JSON Schema of a catalogue file.
pub const SCHEMA: &str = include_str!("schema.json");

/// The rows of all files, later files having had the last word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// In the order of the files.
    pub entries: Vec<Entry>,
    /// SHA-256 of all texts it was made of, lower-case hex.
    pub sha256: String,
}

/// What a catalogue is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogSources {
    /// Whether the built-in catalogue is part of it.
    pub builtin: bool,
    /// The user's files, later ones overriding earlier ones by name.
    pub files: Vec<PathBuf>,
    /// Parameters that the user sets beyond the known ones.
    pub parameters: BTreeSet<String>,
}

impl Catalog {
    /// Reads and merges all sources: a same name overrides, a new name adds, `disabled: true` removes.
    ///
    /// # Errors
    /// Everything that is wrong in any file.
    pub fn load(sources: &CatalogSources) -> Result<Self, Problems> {
        let mut merge = Merge::new(&sources.parameters);
        if sources.builtin {
            for (name, text) in builtin::FILES {
                merge.add_text(Path::new(name), text);
            }
        }
        for file in &sources.files {
            match yaml::read(file) {
                Ok(text) => merge.add_text(file, &text),
                Err(problems) => merge.problems.extend(problems),
            }
        }
        merge.finish()
    }

    /// The rows of one file with this text, alone.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Problems> {
        let parameters = BTreeSet::new();
        let mut merge = Merge::new(&parameters);
        merge.add_text(file, text);
        merge.finish()
    }

    /// The parameters that any row uses.
    pub fn parameters(&self) -> BTreeSet<&str> {
        let hosts = self.entries.iter().flat_map(|entry| &entry.hosts);
        hosts
            .flat_map(|host| &host.probe)
            .flat_map(template::Template::parameters)
            .collect()
    }
}

struct Merge<'a> {
    entries: Vec<Entry>,
    digest: Sha256,
    problems: Problems,
    parameters: &'a BTreeSet<String>,
}

impl<'a> Merge<'a> {
    fn new(parameters: &'a BTreeSet<String>) -> Self {
        Self {
            entries: Vec::new(),
            digest: Sha256::new(),
            problems: Problems::default(),
            parameters,
        }
    }

    fn add_text(&mut self, file: &Path, text: &str) {
        self.digest.update(text);
        let root = match yaml::parse(file, text) {
            Ok(root) => root,
            Err(problems) => return self.problems.extend(problems),
        };
        let mut reader = Reader::new(file);
        let items = file::items(&Cursor::root(&root), &mut reader);
        self.problems.extend(reader.into_problems());
        for item in items {
            self.apply(file, item);
        }
    }

    fn apply(&mut self, file: &Path, item: Item) {
        match item {
            Item::Entry(entry) => {
                self.check_parameters(&entry);
                match self
                    .entries
                    .iter_mut()
                    .find(|known| known.name == entry.name)
                {
                    Some(known) => *known = *entry,
                    None => self.entries.push(*entry),
                }
            }
            Item::Disabled { name, line } => {
                if !self.entries.iter().any(|entry| entry.name == name) {
                    let names: Vec<&str> = self.entries.iter().map(|e| e.name.as_str()).collect();
                    let hint = crate::problem::nearest(&name, names)
                        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    let message = format!("there is no entry `{name}` to disable{hint}");
                    self.problems.add(file, Some(line), "", message);
                }
                self.entries.retain(|entry| entry.name != name);
            }
        }
    }

    fn check_parameters(&mut self, entry: &Entry) {
        let mut known: Vec<&str> = KNOWN_PARAMETERS.iter().map(|p| p.name).collect();
        known.extend(self.parameters.iter().map(String::as_str));
        let hosts = entry.hosts.iter();
        let templates = hosts.flat_map(|host| host.probe.iter().chain(&host.service_tag));
        for name in templates.flat_map(template::Template::parameters) {
            if !known.contains(&name) {
                let message = format!("the parameter {}", unknown_word(name, &known));
                self.problems
                    .add(&entry.file, Some(entry.line), &entry.name, message);
            }
        }
    }

    fn finish(self) -> Result<Catalog, Problems> {
        self.problems.into_result()?;
        let sha256 = format!("{:x}", self.digest.finalize());
        Ok(Catalog {
            entries: self.entries,
            sha256,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_catalogue_has_nothing_wrong() {
        let sources = CatalogSources {
            builtin: true,
            files: Vec::new(),
            parameters: BTreeSet::new(),
        };
        let catalog = Catalog::load(&sources).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(catalog.entries.len() > 100);
    }

    #[test]
    fn every_mistake_is_reported_with_its_line() {
        let problems = Catalog::parse(
            Path::new("user.yaml"),
            "entries:\n\
             - name: A Name\n  hosts: ['*.example.com']\n  protocols: {tcp: {}}\n\
             - name: b\n  hosts: ['https://b.example/']\n  protocols: {htps: {port: 443}}\n  grup: core\n\
             - name: c\n  protocols: {https: {port: 0}}\n  since: soon\n",
        )
        .unwrap_err();
        let lines: Vec<Option<u64>> = problems.iter().map(|problem| problem.line).collect();
        let expected = [2, 3, 4, 6, 7, 8, 9, 10, 11].map(Some);
        assert_eq!(lines, expected, "{problems}");
        assert!(problems.to_string().contains("did you mean `group`?"));
    }
}
