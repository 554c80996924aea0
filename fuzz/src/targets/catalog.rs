//! A catalogue file, and the plan that is made of it.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use egress_probe::catalog::template::Template;
use egress_probe::catalog::{Catalog, Cloud, Edition, Parameters};
use egress_probe::plan::{Plan, Selection};
use egress_probe::proxy::ProxyPolicy;

use super::configuration::told;

pub(crate) fn check(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    match Catalog::parse(Path::new("catalog.yaml"), text) {
        Ok(catalog) => planned(&catalog),
        Err(problems) => told(&problems, text),
    }
}

fn planned(catalog: &Catalog) {
    for template in catalog
        .entries
        .iter()
        .flat_map(|entry| &entry.hosts)
        .flat_map(|host| &host.probe)
    {
        let again: Template = template
            .to_string()
            .parse()
            .expect("what is printed is read");
        assert_eq!(again, *template);
    }
    let selection = Selection {
        cloud: Cloud::Public,
        edition: Edition::Latest,
        features: BTreeSet::new(),
        all_features: true,
        conditions: BTreeSet::new(),
    };
    let mut parameters = Parameters::default();
    parameters.set(
        "location",
        vec!["eastus".to_owned(), "westeurope".to_owned()],
    );
    let nameservers = [([192, 0, 2, 53], 53).into()];
    let plan = Plan::new(
        catalog,
        &selection,
        &parameters,
        &nameservers,
        &ProxyPolicy::default(),
    );
    let ids: HashSet<_> = plan.targets.iter().map(|target| &target.id).collect();
    assert_eq!(ids.len(), plan.targets.len(), "a target stands twice");
    for target in &plan.targets {
        let braces = target.id.target.contains(['{', '}', '*']);
        assert!(!braces, "{} is no concrete target", target.id);
    }
    super::pages::of_plan(&plan);
}
