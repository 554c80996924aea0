//! How the rules are written: valid, named by one convention, and with words that lead somewhere.

use std::collections::BTreeSet;
use std::fs;

use crate::promql::Words;
use crate::promtool::promtool;
use crate::source::{self, Alert, Source};

#[test]
fn promtool_finds_nothing_to_complain_about() {
    let path = source::path();
    let path = path.to_str().expect("a path of plain letters");
    let (well, said) = promtool(&["check", "rules", "--lint=all", "--lint-fatal", path]);
    assert!(well, "{said}");
}

#[test]
fn every_metric_and_label_in_a_rule_is_exported_by_somebody() {
    let source = Source::read();
    let records = source.record_names();
    for rule in source.rules() {
        let unknown = Words::of(rule.expression()).unknown(&records);
        assert!(unknown.is_empty(), "{unknown:?} in {}", rule.expression());
    }
}

#[test]
fn every_record_is_used_by_a_rule_or_a_dashboard() {
    let source = Source::read();
    let rules = source.rules().map(|rule| rule.expression().to_owned());
    let files = ["fleet", "target"].map(|name| format!("dashboards/{name}.json"));
    let dashboards =
        files.map(|file| fs::read_to_string(source::root().join(file)).expect("a dashboard"));
    let text: String = rules.chain(dashboards).collect();
    for name in source.record_names() {
        assert!(text.contains(&name), "nobody uses {name}");
    }
}

#[test]
fn a_record_is_named_level_metric_operation() {
    for name in Source::read().record_names() {
        let parts: Vec<_> = name.split(':').collect();
        let [level, metric, operation] = parts[..] else {
            panic!("{name} has not three parts");
        };
        assert!(["node", "target", "fleet"].contains(&level), "{name}");
        assert!(metric.starts_with("egress_"), "{name}");
        assert!(!operation.is_empty(), "{name}");
    }
}

#[test]
fn no_rule_names_a_job_a_cluster_or_a_node() {
    for rule in Source::read().rules() {
        for (metric, labels) in Words::of(rule.expression()).metrics {
            let named = labels
                .iter()
                .find(|label| ["job", "cluster", "instance"].contains(&label.as_str()));
            assert_eq!(named, None, "of {metric}");
        }
    }
}

#[test]
fn an_alert_has_a_severity_and_sentences_that_name_only_what_it_carries() {
    for alert in Source::read().alerts() {
        let name = &alert.name;
        assert!(name.starts_with("Egress"), "{name}");
        assert!(
            ["critical", "warning"].contains(&alert.severity()),
            "{name}"
        );
        let words = &alert.annotations;
        assert!(
            !words.summary.contains("{{"),
            "{name}: the summary is the same for all"
        );
        assert!(
            words.summary.ends_with('.') && words.description.ends_with('.'),
            "{name}"
        );
        assert!(
            words.description.contains("{{ $value }}"),
            "{name}: how many, or how much"
        );
        for template in words.description.split("{{ ").skip(1) {
            let (template, _) = template.split_once(" }}").expect("a template ends");
            let label = template.strip_prefix("$labels.");
            let known = label.map_or(template == "$value", |label| !label.contains(' '));
            assert!(known, "{name}: {template} is more than Azure knows");
        }
    }
}

/// Experiments sharpen a cause while an alert fires. Another label would be another alert, and another page.
#[test]
fn no_alert_changes_with_the_cause() {
    for alert in Source::read().alerts() {
        assert!(!alert.expr.contains("diagnosis"), "{}", alert.name);
    }
}

/// The part of the address before the repository's own paths: it may be another in a fork, but it is one.
fn runbook(alert: &Alert) -> (&str, &str, &str) {
    let url = &alert.annotations.runbook_url;
    let (base, path) = url
        .split_once("docs/runbooks/")
        .unwrap_or_else(|| panic!("{url}"));
    let (page, anchor) = path.split_once('#').unwrap_or_else(|| panic!("{url}"));
    (base, page, anchor)
}

#[test]
fn every_alert_has_a_section_in_a_runbook() {
    let source = Source::read();
    let bases: BTreeSet<_> = source.alerts().map(|alert| runbook(alert).0).collect();
    assert_eq!(bases.len(), 1, "{bases:?}");
    for alert in source.alerts() {
        let (_, page, anchor) = runbook(alert);
        let path = source::root().join("docs/runbooks").join(page);
        let text =
            fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        let heading = format!("\n## {}\n", alert.name);
        assert!(
            text.contains(&heading),
            "{page} has no section {}",
            alert.name
        );
        assert_eq!(anchor, alert.name.to_lowercase());
    }
}

#[test]
fn every_alert_is_in_the_table_of_alerts() {
    let page =
        fs::read_to_string(source::root().join("docs/alerts.md")).expect("the page is there");
    for alert in Source::read().alerts() {
        let row = format!("| `{}` | {} |", alert.name, alert.severity());
        assert!(page.contains(&row), "docs/alerts.md lacks {row}");
    }
}
