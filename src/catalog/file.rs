//! The form of a catalogue file: from the tree to entries, every mistake on the way reported.

use std::path::PathBuf;

use jiff::civil::Date;

use super::entry::{Cloud, Condition, Entry, HostPattern, Source};
use super::hosts::host_pattern;
use super::services::services;
use crate::target::{Group, Requirement, Trust};
use crate::yaml::{Cursor, Fields, Reader};

/// What one item of `entries` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// A row.
    Entry(Box<Entry>),
    /// The row of this name is to be left out.
    Disabled {
        /// Which.
        name: String,
        /// Where it is said.
        line: u64,
    },
}

/// Reads a whole file.
pub(super) fn items(root: &Cursor<'_>, reader: &mut Reader) -> Vec<Item> {
    let Some(mut fields) = root.fields(reader) else {
        return Vec::new();
    };
    let entries = fields
        .require("entries", reader)
        .and_then(|list| list.items(reader));
    fields.finish(reader);
    let mut seen: Vec<String> = Vec::new();
    let mut items = Vec::new();
    for at in entries.unwrap_or_default() {
        let Some((name, item)) = item(&at, reader) else {
            continue;
        };
        if seen.contains(&name) {
            reader.wrong(&at, format!("the name `{name}` is used twice in this file"));
        }
        seen.push(name);
        items.extend(item);
    }
    items
}

/// The name, and the item unless something in it is wrong.
fn item(at: &Cursor<'_>, reader: &mut Reader) -> Option<(String, Option<Item>)> {
    let mut fields = at.fields(reader)?;
    let name = fields
        .require("name", reader)
        .and_then(|name| entry_name(&name, reader));
    let disabled = fields
        .get("disabled")
        .and_then(|flag| flag.flag(reader))
        .unwrap_or(false);
    let line = at.line();
    let item = if disabled {
        name.clone().map(|name| Item::Disabled { name, line })
    } else {
        entry(&mut fields, name.clone(), line, reader).map(|entry| Item::Entry(Box::new(entry)))
    };
    if !disabled {
        fields.finish(reader);
    }
    Some((name?, item))
}

fn entry(
    fields: &mut Fields<'_>,
    name: Option<String>,
    line: u64,
    reader: &mut Reader,
) -> Option<Entry> {
    let hosts = fields
        .require("hosts", reader)
        .and_then(|list| hosts(&list, reader));
    let services = fields
        .require("protocols", reader)
        .and_then(|map| services(&map, reader));
    let group = fields
        .get("group")
        .and_then(|at| at.parsed::<Group>(reader));
    let clouds = fields.get("clouds").and_then(|at| clouds(&at, reader));
    let purpose = fields.get("purpose").and_then(|at| at.text(reader));
    let since = fields.get("since").and_then(|at| day(&at, reader));
    let until_at = fields.get("until");
    let until = until_at.as_ref().and_then(|at| day(at, reader));
    if let (Some(since), Some(until), Some(at)) = (since, until, &until_at)
        && until <= since
    {
        reader.wrong(at, format!("{until} is not after `since`, {since}"));
    }
    let condition = fields
        .get("condition")
        .and_then(|at| at.parsed::<Condition>(reader));
    let requirement = fields
        .get("requirement")
        .and_then(|at| at.parsed::<Requirement>(reader));
    let trust = trust(fields, reader);
    let sources = fields
        .get("source")
        .map_or_else(Vec::new, |at| sources(&at, reader));
    Some(Entry {
        name: name?,
        hosts: hosts?,
        services: services?,
        group: group.unwrap_or(Group::Custom),
        clouds: clouds.unwrap_or_else(|| Cloud::ALL.to_vec()),
        purpose: purpose.unwrap_or_default(),
        since,
        until,
        condition,
        requirement: requirement.unwrap_or(Requirement::Required),
        trust,
        sources,
        file: reader.file().to_owned(),
        line,
    })
}

fn entry_name(at: &Cursor<'_>, reader: &mut Reader) -> Option<String> {
    let name = at.text(reader)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if !name.chars().all(plain) {
        reader.wrong(
            at,
            format!("`{name}` may only have lower-case letters, digits, `-`, `.` and `_`"),
        );
        return None;
    }
    Some(name)
}

fn hosts(list: &Cursor<'_>, reader: &mut Reader) -> Option<Vec<HostPattern>> {
    let items = list.items(reader)?;
    if items.is_empty() {
        reader.wrong(list, "needs at least one host");
    }
    Some(
        items
            .iter()
            .filter_map(|at| host_pattern(at, reader))
            .collect(),
    )
}

fn clouds(at: &Cursor<'_>, reader: &mut Reader) -> Option<Vec<Cloud>> {
    let items = at.one_or_many(reader)?;
    if items.is_empty() {
        reader.wrong(
            at,
            "needs at least one cloud; leave the key out for all of them",
        );
    }
    Some(items.iter().filter_map(|at| at.parsed(reader)).collect())
}

fn day(at: &Cursor<'_>, reader: &mut Reader) -> Option<Date> {
    let text = at.text(reader)?;
    let day = text.parse().ok();
    if day.is_none() {
        reader.wrong(at, format!("`{text}` is not a day, such as 2020-03-08"));
    }
    day
}

fn trust(fields: &mut Fields<'_>, reader: &mut Reader) -> Trust {
    let cluster = fields.get("trust").is_some_and(|at| {
        let text = at.text(reader);
        if text.as_deref().is_some_and(|text| text != "cluster") {
            reader.wrong(&at, "can only be `cluster`: signed by the cluster's own CA");
        }
        text.is_some()
    });
    let files = fields.get("ca_files").map_or_else(Vec::new, |at| {
        if cluster {
            reader.wrong(&at, "cannot stand beside `trust: cluster`; choose one");
        }
        texts(&at, reader)
    });
    match (cluster, files.is_empty()) {
        (true, _) => Trust::Cluster,
        (false, true) => Trust::Public,
        (false, false) => Trust::Files(files.iter().map(|file| beside(reader, file)).collect()),
    }
}

/// Relative paths are meant from the file they stand in.
fn beside(reader: &Reader, path: &str) -> PathBuf {
    reader
        .file()
        .parent()
        .map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}

fn sources(at: &Cursor<'_>, reader: &mut Reader) -> Vec<Source> {
    let items = at.one_or_many(reader).unwrap_or_default();
    items.iter().filter_map(|at| source(at, reader)).collect()
}

fn source(at: &Cursor<'_>, reader: &mut Reader) -> Option<Source> {
    let mut fields = at.fields(reader)?;
    let document = fields
        .require("document", reader)
        .and_then(|at| at.text(reader));
    let rows = fields
        .get("row")
        .map_or_else(Vec::new, |at| texts(&at, reader));
    fields.finish(reader);
    Some(Source {
        document: document?,
        rows,
    })
}

pub(super) fn texts(at: &Cursor<'_>, reader: &mut Reader) -> Vec<String> {
    let items = at.one_or_many(reader).unwrap_or_default();
    items.iter().filter_map(|at| at.text(reader)).collect()
}
