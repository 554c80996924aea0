//! What the page says is what the JSON says, target by target.

use egress_probe::server::Limits;
use serde_json::Value;

use crate::browser::{Look, browse};
use crate::served::{Running, app};
use crate::tab::Tab;

#[test]
fn every_target_says_on_its_page_what_its_json_says() {
    let server = Running::start(app(), Limits::default());
    let origin = format!("http://{}", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&format!("{origin}/status"), Look::DESK).await;
        let report: Value = tab
            .eval("fetch('/api/v1/status').then((r) => r.json())")
            .await;
        let targets = report["targets"].as_array().expect("a list");
        assert!(targets.len() > 20);
        for target in targets {
            assert_on_the_overview(&tab, target).await;
        }
        for target in targets {
            let (name, probe) = (text(target, "target"), text(target, "probe"));
            let path = format!(
                "/status/{}/{probe}",
                name.replace('[', "%5B").replace(']', "%5D")
            );
            tab.go(&format!("{origin}{path}")).await;
            tab.run("document.querySelectorAll('details').forEach((d) => (d.open = true))")
                .await;
            assert_on_its_page(&tab, target).await;
        }
        tab.assert_well_behaved(&origin);
    });
}

/// State by the section it stands in, failure by its cluster, and the cause in words.
async fn assert_on_the_overview(tab: &Tab, target: &Value) {
    let (name, probe) = (text(target, "target"), text(target, "probe"));
    let find = format!(
        "document.getElementById('t-{name}-{probe}') ?? document.getElementById('r-{name}-{probe}')"
    );
    let section: String = tab.eval(&format!("({find}).closest('section').id")).await;
    let state = text(target, "state");
    let expected = match (state, target["warnings"].as_array().map(Vec::len)) {
        ("unreachable", _) if text(target, "requirement") == "required" => "s-required",
        ("unreachable", _) => "s-optional",
        ("unproven", _) => "s-unproven",
        ("pending", _) => "s-pending",
        ("reachable", Some(0)) if !is_unconfirmed(target) => "s-reachable",
        _ => "s-warned",
    };
    assert_eq!(section, expected, "{name} {probe}");
    if let Some(failure) = target["failure"].as_object() {
        let cluster: String = tab
            .eval(&format!("({find}).closest('article').innerText"))
            .await;
        for key in ["phase", "reason"] {
            assert!(
                cluster.contains(failure[key].as_str().expect("text")),
                "{name}: {cluster}"
            );
        }
        let cause = &target["diagnosis"]["cause"];
        assert!(
            cause.as_str().is_none_or(|cause| cluster.contains(cause)),
            "{name}: {cluster}"
        );
    }
}

fn is_unconfirmed(target: &Value) -> bool {
    let last = target["history"].as_array().and_then(|all| all.last());
    last.is_some_and(|last| last["state"] != target["state"])
}

/// Everything in the JSON of one target that a person would look for.
async fn assert_on_its_page(tab: &Tab, target: &Value) {
    let page: String = tab.eval("document.body.innerText").await;
    let name = text(target, "target");
    let mut words: Vec<String> = vec![text(target, "state").to_uppercase()];
    for key in ["target", "probe", "host", "requirement", "purpose"] {
        words.push(text(target, key).to_owned());
    }
    leaves(&target["groups"], &mut words);
    leaves(&target["warnings"], &mut words);
    leaves(&target["diagnosis"]["evidence"], &mut words);
    leaves(&target["diagnosis"]["cause"], &mut words);
    leaves(&target["address"], &mut words);
    for address in list(&target["addresses"]) {
        leaves(&address["address"], &mut words);
        leaves(&address["failure"]["reason"], &mut words);
    }
    let facts = &target["facts"];
    for key in ["subject", "issuer", "names", "sha256"] {
        leaves(&facts["certificate"][key], &mut words);
    }
    for key in [
        "resolved",
        "nameserver",
        "aliases",
        "rcode",
        "tls",
        "banner",
    ] {
        leaves(&facts[key], &mut words);
    }
    leaves(&facts["http"]["status"], &mut words);
    for word in words {
        assert!(page.contains(&word), "{name} without {word:?}:\n{page}");
    }
    assert_one_for_each(tab, target).await;
}

/// Bars, columns, rows and entries.
async fn assert_one_for_each(tab: &Tab, target: &Value) {
    let name = text(target, "target");
    for (selector, counted) in [
        (".phases tbody tr", &target["phases"]),
        (".strip g", &target["history"]),
        ("#attempts tbody tr", &target["history"]),
        ("#history .timeline li", &target["changes"]),
        ("#addresses tbody tr", &target["addresses"]),
    ] {
        assert_eq!(
            tab.count(selector).await,
            list(counted).len(),
            "{name}: {selector}"
        );
    }
    let phases: Vec<String> = tab
        .eval("[...document.querySelectorAll('.phases th[scope=row]')].map((th) => th.innerText.split(' ')[0])")
        .await;
    let expected: Vec<_> = list(&target["phases"])
        .iter()
        .map(|phase| text(phase, "phase"))
        .collect();
    assert_eq!(phases, expected, "{name}");
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every word and number inside, as a page writes it.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, into)),
    }
}
