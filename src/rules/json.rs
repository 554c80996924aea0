//! The rules for programs; docs/rules.schema.json describes them.

use serde::Serialize;

use super::rule::{Evidence, Rule};
use super::{RuleSet, words};

#[derive(Serialize)]
struct Document<'a> {
    cloud: Option<&'a str>,
    location: Option<&'a str>,
    edition: &'a str,
    node_subnets: Vec<String>,
    rules: &'a [Rule],
    unruled: &'a [Evidence],
}

pub(super) fn write(set: &RuleSet) -> serde_json::Result<String> {
    let document = Document {
        cloud: set.cloud.as_deref(),
        location: set.location.as_deref(),
        edition: &set.edition,
        node_subnets: words::node_subnets(set),
        rules: &set.rules,
        unruled: &set.unruled,
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}
