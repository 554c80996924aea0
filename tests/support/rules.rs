//! The one source of rules, read.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    Alert(Alert),
    Record(Record),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    #[serde(rename = "record")]
    pub(crate) name: String,
    pub(crate) expr: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    #[serde(rename = "alert")]
    pub(crate) name: String,
    pub(crate) expr: String,
    #[serde(rename = "for")]
    pub(crate) lasting: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: Annotations,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Annotations {
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) runbook_url: String,
}

impl Rule {
    pub(crate) fn expression(&self) -> &str {
        match self {
            Self::Alert(rule) => &rule.expr,
            Self::Record(rule) => &rule.expr,
        }
    }
}

impl Alert {
    pub(crate) fn severity(&self) -> &str {
        &self.labels["severity"]
    }
}

impl Source {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(path()).expect("the source of the rules is there");
        serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path().display()))
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.rules().filter_map(|rule| match rule {
            Rule::Alert(alert) => Some(alert),
            Rule::Record(_) => None,
        })
    }

    /// # Panics
    /// If there is no such alert: a mistake in the test.
    pub(crate) fn alert(&self, name: &str) -> &Alert {
        let found = self.alerts().find(|alert| alert.name == name);
        found.unwrap_or_else(|| panic!("there is no alert {name}"))
    }

    pub(crate) fn record_names(&self) -> BTreeSet<String> {
        let names = self.rules().filter_map(|rule| match rule {
            Rule::Record(rule) => Some(rule.name.clone()),
            Rule::Alert(_) => None,
        });
        names.collect()
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn path() -> PathBuf {
    root().join("manifests/rules/egress-probe.rules.yaml")
}
