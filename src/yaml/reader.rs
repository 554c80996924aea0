//! Walks a tree, turns nodes into values, and collects what is wrong on the way.

use std::path::{Path, PathBuf};

use super::node::{Content, Key, Node};
use crate::problem::{Problems, unknown_word};

/// The problems of one file, as they are found.
#[derive(Debug)]
pub struct Reader {
    file: PathBuf,
    problems: Problems,
}

/// A node and the keys that lead to it.
#[derive(Debug, Clone)]
pub struct Cursor<'n> {
    node: &'n Node,
    path: String,
}

/// The keys of a map. Every key must be asked for; [`Fields::finish`] reports the others.
#[derive(Debug)]
pub struct Fields<'n> {
    at: Cursor<'n>,
    entries: &'n [(Key, Node)],
    known: Vec<&'static str>,
}

impl Reader {
    /// A reader of `file`, nothing wrong yet.
    pub fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            problems: Problems::default(),
        }
    }

    /// The file that is read.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Notes a problem with what stands at `at`.
    pub fn wrong(&mut self, at: &Cursor<'_>, message: impl Into<String>) {
        self.problems
            .add(&self.file, Some(at.line()), &at.path, message);
    }

    /// What was wrong.
    pub fn into_problems(self) -> Problems {
        self.problems
    }
}

impl<'n> Cursor<'n> {
    /// At the top of the file.
    pub fn root(node: &'n Node) -> Self {
        Self {
            node,
            path: String::new(),
        }
    }

    /// Where it stands.
    pub fn line(&self) -> u64 {
        self.node.line
    }

    /// The keys that lead to it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands there.
    pub fn content(&self) -> &'n Content {
        &self.node.content
    }

    /// The keys of a map; an empty document counts as an empty map.
    pub fn fields(&self, reader: &mut Reader) -> Option<Fields<'n>> {
        let entries = match self.content() {
            Content::Map(entries) => entries.as_slice(),
            Content::Null => &[],
            other => {
                reader.wrong(
                    self,
                    format!("must be a map of keys, but is {}", other.kind()),
                );
                return None;
            }
        };
        Some(Fields {
            at: self.clone(),
            entries,
            known: Vec::new(),
        })
    }

    /// The items of a list, each with its index in its path.
    pub fn items(&self, reader: &mut Reader) -> Option<Vec<Cursor<'n>>> {
        let Content::List(nodes) = self.content() else {
            reader.wrong(
                self,
                format!("must be a list, but is {}", self.content().kind()),
            );
            return None;
        };
        let item = |(index, node)| Cursor {
            node,
            path: format!("{}[{index}]", self.path),
        };
        Some(nodes.iter().enumerate().map(item).collect())
    }

    /// The items of a list, or the one thing that stands in its place.
    pub fn one_or_many(&self, reader: &mut Reader) -> Option<Vec<Cursor<'n>>> {
        match self.content() {
            Content::List(_) => self.items(reader),
            _ => Some(vec![self.clone()]),
        }
    }

    /// The entries of a map whose keys the user chooses.
    pub fn pairs(&self, reader: &mut Reader) -> Option<Vec<(&'n str, Cursor<'n>)>> {
        let fields = self.fields(reader)?;
        let pair = |(key, node): &'n (Key, Node)| (key.text.as_str(), fields.at.child(key, node));
        Some(fields.entries.iter().map(pair).collect())
    }

    /// Text that is not empty. Numbers and flags are taken as they are spelled most simply.
    pub fn text(&self, reader: &mut Reader) -> Option<String> {
        let text = match self.content() {
            Content::Text(text) => text.trim().to_owned(),
            Content::Number(number) => number.to_string(),
            Content::Flag(flag) => flag.to_string(),
            other => {
                reader.wrong(self, format!("must be text, but is {}", other.kind()));
                return None;
            }
        };
        if text.is_empty() {
            reader.wrong(self, "must not be empty");
            return None;
        }
        Some(text)
    }

    /// A path; a relative one is meant from the folder that the file stands in.
    pub fn path_in(&self, reader: &mut Reader) -> Option<PathBuf> {
        let text = self.text(reader)?;
        let folder = reader.file().parent();
        Some(folder.map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text)))
    }

    /// `true` or `false`.
    pub fn flag(&self, reader: &mut Reader) -> Option<bool> {
        if let Content::Flag(flag) = self.content() {
            return Some(*flag);
        }
        let kind = self.content().kind();
        reader.wrong(self, format!("must be true or false, but is {kind}"));
        None
    }

    /// A whole number from `least` to `most`.
    pub fn number(&self, least: i64, most: i64, reader: &mut Reader) -> Option<i64> {
        match self.content() {
            Content::Number(number) if (least..=most).contains(number) => Some(*number),
            Content::Number(number) => {
                reader.wrong(
                    self,
                    format!("must be from {least} to {most}, but is {number}"),
                );
                None
            }
            other => {
                let kind = other.kind();
                reader.wrong(
                    self,
                    format!("must be a whole number from {least} to {most}, but is {kind}"),
                );
                None
            }
        }
    }

    /// Text that `T` can be parsed from; the parser's error is the problem's sentence.
    pub fn parsed<T>(&self, reader: &mut Reader) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text = self.text(reader)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                reader.wrong(self, error.to_string());
                None
            }
        }
    }

    fn child(&self, key: &Key, node: &'n Node) -> Self {
        let path = if self.path.is_empty() {
            key.text.clone()
        } else {
            format!("{}.{}", self.path, key.text)
        };
        Cursor { node, path }
    }
}

impl<'n> Fields<'n> {
    /// The value of `key`, when it is there and not null.
    pub fn get(&mut self, key: &'static str) -> Option<Cursor<'n>> {
        self.known.push(key);
        let (found, node) = self
            .entries
            .iter()
            .find(|(candidate, _)| candidate.text == key)?;
        (node.content != Content::Null).then(|| self.at.child(found, node))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `key` stands there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(found, _)| found.text == key)
    }

    /// The value of `key`; its absence is a problem.
    pub fn require(&mut self, key: &'static str, reader: &mut Reader) -> Option<Cursor<'n>> {
        let found = self.get(key);
        if found.is_none() {
            reader.wrong(&self.at, format!("`{key}` is missing"));
        }
        found
    }

    /// Reports every key that was not asked for.
    pub fn finish(self, reader: &mut Reader) {
        for (key, node) in self.entries {
            if !self.known.contains(&key.text.as_str()) {
                let at = Cursor {
                    // The key's own line: its value may start lines below.
                    node: &Node {
                        line: key.line,
                        content: Content::Null,
                    },
                    path: self.at.child(key, node).path,
                };
                reader.wrong(&at, unknown_word(&key.text, &self.known));
            }
        }
    }
}
