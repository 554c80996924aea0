//! Holds the built-in catalogue against tables of what the documentation listed, both ways.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use egress_probe::catalog::{Catalog, CatalogSources, Cloud, Edition};

/// Cloud, group, host as documented, protocol, port.
type Rule = (&'static str, String, String, String, u16);

const CLOUDS: [(&str, Cloud); 3] = [
    ("public", Cloud::Public),
    ("china", Cloud::China),
    ("government", Cloud::Government),
];

struct Fact {
    row: String,
    cloud: String,
    group: String,
    host: String,
    protocol: String,
    port: u16,
}

fn builtin() -> Catalog {
    let sources = CatalogSources {
        builtin: true,
        files: Vec::new(),
        parameters: BTreeSet::new(),
    };
    Catalog::load(&sources).unwrap()
}

fn facts(table: &str) -> Vec<Fact> {
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [row, _line, cloud, group, host, protocol, port] = columns[..] else {
            panic!("seven columns: {line}");
        };
        Fact {
            row: row.to_owned(),
            cloud: cloud.to_owned(),
            group: group.to_owned(),
            host: host.to_owned(),
            protocol: protocol.to_owned(),
            port: port.parse().unwrap(),
        }
    });
    rows.collect()
}

fn documented(facts: &[Fact]) -> BTreeSet<Rule> {
    let in_clouds = facts.iter().flat_map(|fact| {
        let meant = CLOUDS
            .iter()
            .filter(|(name, _)| fact.cloud == *name || fact.cloud == "all");
        meant.map(|(name, _)| {
            let Fact {
                group,
                host,
                protocol,
                port,
                ..
            } = fact;
            (*name, group.clone(), host.clone(), protocol.clone(), *port)
        })
    });
    in_clouds.collect()
}

fn catalogued(catalog: &Catalog, edition: &Edition) -> BTreeSet<Rule> {
    let mut rules = BTreeSet::new();
    for (name, cloud) in CLOUDS {
        for entry in catalog
            .entries
            .iter()
            .filter(|entry| entry.applies(cloud, edition))
        {
            for host in &entry.hosts {
                for service in &entry.services {
                    let group = entry.group.to_string();
                    let protocol = service.protocol.to_string();
                    rules.insert((name, group, host.pattern.clone(), protocol, service.port));
                }
            }
        }
    }
    rules
}

fn compare(edition: &str, table: &str) {
    let (facts, edition) = (facts(table), edition.parse().unwrap());
    let (documented, catalogued) = (documented(&facts), catalogued(&builtin(), &edition));
    let missing: Vec<_> = documented.difference(&catalogued).collect();
    let added: Vec<_> = catalogued.difference(&documented).collect();
    assert!(
        missing.is_empty(),
        "documented on {edition}, not in the catalogue: {missing:#?}"
    );
    assert!(
        added.is_empty(),
        "in the catalogue on {edition}, not documented: {added:#?}"
    );
}

/// Every row of the table is named as the source of some entry, and no entry names another.
fn compare_rows(document: &str, table: &str) {
    let rows: BTreeSet<String> = facts(table).into_iter().map(|fact| fact.row).collect();
    let catalog = builtin();
    let sources = catalog.entries.iter().flat_map(|entry| &entry.sources);
    let named = sources
        .filter(|source| source.document == document)
        .flat_map(|s| &s.rows);
    assert_eq!(rows, named.cloned().collect::<BTreeSet<_>>());
}

const TABLE_2020: &str = include_str!("facts/edition-2020-01.tsv");
const TABLE_2026: &str = include_str!("facts/edition-2026-06.tsv");

#[test]
fn edition_2020_01_is_the_original_document() {
    compare("2020-01", TABLE_2020);
    compare_rows("aks-egress-2020-01", TABLE_2020);
}

#[test]
fn edition_2026_06_is_the_page_of_that_day() {
    compare("2026-06", TABLE_2026);
    compare_rows("aks-outbound-rules", TABLE_2026);
}

#[test]
fn the_original_document_has_47_rows_54_hosts_and_66_pairs() {
    let facts = facts(TABLE_2020);
    let of_tables: Vec<&Fact> = facts
        .iter()
        .filter(|fact| fact.row.starts_with('s'))
        .collect();
    let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in &of_tables {
        hosts.entry(&fact.row).or_default().insert(&fact.host);
    }
    assert_eq!(hosts.len(), 47);
    assert_eq!(hosts.values().map(BTreeSet::len).sum::<usize>(), 54);
    assert_eq!(of_tables.len(), 66);
}

#[test]
fn every_wildcard_says_how_sure_its_names_are() {
    for entry in builtin().entries {
        for host in entry.hosts.iter().filter(|host| host.pattern.contains('*')) {
            assert!(
                host.confidence.is_some(),
                "{}: {}",
                entry.name,
                host.pattern
            );
        }
    }
}
