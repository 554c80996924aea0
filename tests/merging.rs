//! What holds of a plan whatever rows it is made of: each target once, with the most that any of its rows asks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use egress_probe::catalog::{Catalog, Cloud, Edition, Entry, Parameters};
use egress_probe::plan::{Plan, Selection};
use egress_probe::proxy::ProxyPolicy;
use egress_probe::target::{Group, Requirement};
use proptest::prelude::*;

/// What a row says, from few words, so that rows meet.
#[derive(Debug, Clone)]
struct Written {
    hosts: BTreeSet<&'static str>,
    protocols: BTreeSet<&'static str>,
    group: &'static str,
    requirement: Requirement,
}

const HOSTS: &[&str] = &[
    "a.example",
    "b.example",
    "{location}.example",
    "{key_vault}.example",
    "192.0.2.7",
];
const PROTOCOLS: &[&str] = &[
    "https: {port: 443}",
    "tcp: {port: 443}",
    "ssh: {}",
    "http: {port: [80, 8080]}",
    "ntp: {}",
];
const GROUPS: &[&str] = &["core", "optional", "custom", "gpu"];

fn written() -> impl Strategy<Value = Written> {
    let some = |words| prop::collection::btree_set(prop::sample::select(words), 1..3);
    let (hosts, protocols, group) = (some(HOSTS), some(PROTOCOLS), prop::sample::select(GROUPS));
    let row = (
        hosts,
        protocols,
        group,
        prop::sample::select(Requirement::ALL),
    );
    row.prop_map(|(hosts, protocols, group, requirement)| Written {
        hosts,
        protocols,
        group,
        requirement,
    })
}

/// A row as a file has it.
fn entry(number: usize, row: &Written) -> Entry {
    let list = |words: &BTreeSet<&str>, quote: &str| {
        let words: Vec<_> = words
            .iter()
            .map(|word| format!("{quote}{word}{quote}"))
            .collect();
        words.join(", ")
    };
    let text = format!(
        "entries:\n- name: row-{number}\n  hosts: [{}]\n  protocols: {{{}}}\n  group: {}\n  requirement: {}\n  purpose: of {number}\n",
        list(&row.hosts, "\""),
        list(&row.protocols, ""),
        row.group,
        row.requirement,
    );
    let catalog = Catalog::parse(Path::new("rows.yaml"), &text)
        .unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    catalog.entries.into_iter().next().unwrap()
}

fn planned(entries: Vec<Entry>) -> Plan {
    let catalog = Catalog {
        entries,
        sha256: String::new(),
    };
    let selection = Selection {
        cloud: Cloud::Public,
        edition: Edition::Latest,
        features: BTreeSet::new(),
        all_features: true,
        conditions: BTreeSet::new(),
    };
    let mut parameters = Parameters::default();
    parameters.set("location", vec!["eastus".to_owned(), "a".to_owned()]);
    Plan::new(
        &catalog,
        &selection,
        &parameters,
        &[],
        &ProxyPolicy::default(),
    )
}

/// What a plan asks of every target.
fn asked(plan: &Plan) -> BTreeMap<String, (Requirement, Vec<Group>)> {
    let asked = plan.targets.iter().map(|target| {
        (
            target.id.to_string(),
            (target.requirement, target.groups.clone()),
        )
    });
    asked.collect()
}

/// The same, one row at a time, put together here.
fn expected(entries: &[Entry]) -> BTreeMap<String, (Requirement, Vec<Group>)> {
    let mut whole: BTreeMap<String, (Requirement, Vec<Group>)> = BTreeMap::new();
    for entry in entries {
        for (id, (requirement, groups)) in asked(&planned(vec![entry.clone()])) {
            let known = whole.entry(id).or_insert((requirement, Vec::new()));
            known.0 = known.0.min(requirement);
            known.1.extend(groups);
            known.1.sort();
            known.1.dedup();
        }
    }
    whole
}

proptest! {
    #[test]
    fn a_target_stands_once_and_asks_the_most_that_any_row_asks(rows in prop::collection::vec(written(), 1..8)) {
        let entries: Vec<_> = rows.iter().enumerate().map(|(number, row)| entry(number, row)).collect();
        let plan = planned(entries.clone());
        prop_assert_eq!(asked(&plan).len(), plan.targets.len(), "a target stands twice");
        prop_assert_eq!(asked(&plan), expected(&entries));
        // The purpose is one of a row that asks as much.
        for target in &plan.targets {
            let number: usize = target.purpose.strip_prefix("of ").unwrap().parse().unwrap();
            let alone = asked(&planned(vec![entries[number].clone()]));
            prop_assert_eq!(alone[&target.id.to_string()].0, target.requirement);
        }
    }

    #[test]
    fn neither_order_nor_repetition_of_rows_changes_what_is_asked(
        rows in prop::collection::vec(written(), 1..6).prop_shuffle(),
    ) {
        let entries: Vec<_> = rows.iter().enumerate().map(|(number, row)| entry(number, row)).collect();
        let plan = asked(&planned(entries.clone()));
        let backwards = entries.iter().rev().cloned().collect();
        prop_assert_eq!(&asked(&planned(backwards)), &plan);
        let twice = entries.iter().chain(&entries).cloned().collect();
        prop_assert_eq!(&asked(&planned(twice)), &plan);
    }

    #[test]
    fn every_row_leads_to_a_target_or_is_untestable(rows in prop::collection::vec(written(), 1..6)) {
        let entries: Vec<_> = rows.iter().enumerate().map(|(number, row)| entry(number, row)).collect();
        let plan = planned(entries.clone());
        for host in entries.iter().flat_map(|entry| &entry.hosts) {
            let led = plan.origins.iter().any(|origin| origin.pattern == host.pattern);
            let told = plan.untestable.iter().any(|row| row.pattern == host.pattern);
            prop_assert!(led || told, "{} is gone", host.pattern);
        }
    }
}
