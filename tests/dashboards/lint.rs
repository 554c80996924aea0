//! The rules of grafana/dashboard-linter, which has no package here, and the words of the queries.
//! What is left out of them stands in `dashboards/.lint`, with reasons.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::promql::Words;
use crate::rules::Source;
use crate::shipped::all;

/// A panel that asks for something.
pub(crate) struct Asked<'a> {
    pub(crate) board: &'a str,
    pub(crate) title: &'a str,
    pub(crate) panel: &'a Value,
}

impl<'a> Asked<'a> {
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        list(&self.panel["targets"])
            .iter()
            .map(|target| text(&target["expr"]))
    }
}

pub(crate) fn panels<'a>(board: &'a str, dashboard: &'a Value) -> Vec<Asked<'a>> {
    let panels = list(&dashboard["panels"]).iter();
    let asking = panels.filter(|panel| panel["type"] != "row");
    let asked = |panel: &'a Value| Asked {
        board,
        title: text(&panel["title"]),
        panel,
    };
    asking.map(asked).collect()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn variable<'a>(dashboard: &'a Value, name: &str) -> &'a Value {
    let mut variables = list(&dashboard["templating"]["list"]).iter();
    variables
        .find(|variable| variable["name"] == name)
        .unwrap_or(&Value::Null)
}

#[test]
fn a_dashboard_is_found_again_and_nobody_edits_it_in_place() {
    let mut uids = BTreeSet::new();
    for (path, dashboard) in all() {
        assert!(
            uids.insert(text(&dashboard["uid"]).to_owned()),
            "{path}: its uid is another's"
        );
        assert!(
            dashboard.get("id").is_none() && dashboard.get("__inputs").is_none(),
            "{path}"
        );
        assert_eq!(dashboard["editable"], false, "{path}");
        assert!(
            !text(&dashboard["title"]).is_empty() && !text(&dashboard["description"]).is_empty()
        );
        let ids: BTreeSet<_> = list(&dashboard["panels"])
            .iter()
            .map(|panel| panel["id"].as_u64())
            .collect();
        assert_eq!(
            ids.len(),
            list(&dashboard["panels"]).len(),
            "{path}: panels share an id"
        );
    }
}

#[test]
fn dashboards_lead_to_each_other() {
    for (path, dashboard) in all() {
        let mut links = list(&dashboard["links"]).iter();
        let tags = |link: &Value| {
            list(&link["tags"])
                .iter()
                .all(|tag| list(&dashboard["tags"]).contains(tag))
        };
        assert!(
            links.any(|link| link["type"] == "dashboards" && tags(link)),
            "{path}"
        );
        let targets = dashboard.to_string().matches("/d/egress-target?").count();
        assert!(targets > 0, "{path}: nothing in a table leads on");
    }
}

#[test]
fn data_source_cluster_job_node_group_and_target_are_variables() {
    for (path, dashboard) in all() {
        let source = variable(&dashboard, "datasource");
        assert_eq!(
            (&source["type"], &source["query"]),
            (&"datasource".into(), &"prometheus".into()),
            "{path}"
        );
        assert_eq!(source["label"], "Data source", "{path}");
        for name in ["cluster", "job", "node", "group", "target"] {
            let variable = variable(&dashboard, name);
            assert_eq!(variable["type"], "query", "{path}: {name}");
            assert_eq!(
                variable["datasource"]["uid"], "${datasource}",
                "{path}: {name}"
            );
            assert_eq!(variable["refresh"], 2, "{path}: {name} follows the time");
        }
        let job = variable(&dashboard, "job");
        assert_eq!(
            (&job["multi"], &job["includeAll"]),
            (&true.into(), &true.into())
        );
        assert_eq!(job["allValue"], ".+");
        // These labels may be absent.
        for name in ["cluster", "node"] {
            assert_eq!(
                variable(&dashboard, name)["allValue"],
                ".*",
                "{path}: {name}"
            );
        }
    }
}

#[test]
fn a_panel_says_what_it_shows_in_which_unit_and_asks_the_chosen_source() {
    for (path, dashboard) in all() {
        for asked in panels(path, &dashboard) {
            let (title, panel) = (asked.title, asked.panel);
            assert!(
                !title.is_empty() && !text(&panel["description"]).is_empty(),
                "{path}: {title}"
            );
            assert!(
                text(&panel["description"]).ends_with('.'),
                "{path}: {title}"
            );
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{path}: {title}"
            );
            assert!(
                !text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(),
                "{path}: {title}"
            );
            let targets = list(&panel["targets"]);
            assert!(!targets.is_empty(), "{path}: {title} asks nothing");
            let letters: BTreeSet<_> = targets
                .iter()
                .map(|target| text(&target["refId"]))
                .collect();
            assert_eq!(letters.len(), targets.len(), "{path}: {title}");
            for target in targets {
                assert_eq!(
                    target["datasource"]["uid"], "${datasource}",
                    "{path}: {title}"
                );
            }
        }
    }
}

#[test]
fn panels_do_not_overlap() {
    for (path, dashboard) in all() {
        let mut taken = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            let place = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
            assert!(place("x") + place("w") <= 24, "{path}: {}", panel["title"]);
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(
                        taken.insert((x, y)),
                        "{path}: {} lies upon another",
                        panel["title"]
                    );
                }
            }
        }
    }
}

#[test]
fn rates_are_over_grafanas_interval_and_counters_are_aggregated() {
    for (path, dashboard) in all() {
        for asked in panels(path, &dashboard) {
            for expression in asked.expressions() {
                for function in ["rate(", "increase("] {
                    let uses = expression.matches(function).count();
                    let over = expression.matches("[$__rate_interval]").count();
                    assert!(uses <= over, "{path}: {}", asked.title);
                }
                if expression.contains("_total") {
                    assert!(expression.contains("sum by"), "{path}: {}", asked.title);
                }
            }
        }
    }
}

#[test]
fn every_selector_has_the_chosen_cluster_and_job() {
    for (path, dashboard) in all() {
        for asked in panels(path, &dashboard) {
            for expression in asked.expressions() {
                for (metric, labels) in Words::of(expression).metrics {
                    let chosen = ["cluster", "job"]
                        .iter()
                        .all(|label| labels.iter().any(|own| own == label));
                    assert!(chosen, "{path}: {}: {metric}", asked.title);
                }
                for (at, _) in expression.match_indices("job") {
                    let hard = expression[at..].starts_with("job=\"")
                        || expression[at..].starts_with("job=~\"e");
                    assert!(!hard, "{path}: {} names a job", asked.title);
                }
            }
        }
    }
}

#[test]
fn every_metric_and_label_in_a_dashboard_is_exported_by_somebody() {
    let records = Source::read().record_names();
    for (path, dashboard) in all() {
        let panels = panels(path, &dashboard);
        let variables = list(&dashboard["templating"]["list"]).iter();
        let definitions = variables.map(|variable| text(&variable["definition"]));
        let marks = list(&dashboard["annotations"]["list"])
            .iter()
            .map(|mark| text(&mark["expr"]));
        let asked = panels.iter().flat_map(Asked::expressions);
        for expression in asked.chain(definitions.map(asked_values)).chain(marks) {
            let unknown = Words::of(expression).unknown(&records);
            assert!(unknown.is_empty(), "{path}: {unknown:?} in {expression}");
        }
    }
}

/// The selector in `label_values(SELECTOR, label)`.
pub(crate) fn asked_values(definition: &str) -> &str {
    let inside = definition.strip_prefix("label_values(").unwrap_or_default();
    inside
        .rsplit_once(", ")
        .map_or("", |(selector, _)| selector)
}
