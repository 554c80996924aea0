//! The words of a query: which metrics and labels an expression names, and whether anybody exports them.
//! Whether it is valid is for Prometheus to say.

use std::collections::BTreeSet;

use egress_probe::metrics::FAMILIES;

/// Labels that a scrape configuration gives to every series.
const GIVEN: [&str; 4] = ["cluster", "job", "node", "instance"];

/// Metrics of others, with the labels of theirs that are used here.
const OF_OTHERS: [(&str, &[&str]); 5] = [
    ("up", &[]),
    ("kube_node_info", &[]),
    (
        "ALERTS",
        &[
            "alertname",
            "alertstate",
            "severity",
            "target",
            "probe",
            "phase",
            "reason",
        ],
    ),
    ("process_start_time_seconds", &[]),
    ("process_resident_memory_bytes", &[]),
];

const BEFORE_LABELS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

const KEYWORDS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

const FUNCTIONS: [&str; 33] = [
    "abs",
    "count_values",
    "avg",
    "avg_over_time",
    "bottomk",
    "changes",
    "clamp_max",
    "clamp_min",
    "count",
    "count_over_time",
    "floor",
    "group",
    "increase",
    "label_replace",
    "last_over_time",
    "max",
    "max_over_time",
    "min",
    "min_over_time",
    "quantile",
    "quantile_over_time",
    "rate",
    "round",
    "scalar",
    "sort",
    "sort_desc",
    "sum",
    "sum_over_time",
    "time",
    "timestamp",
    "topk",
    "vector",
    "label_join",
];

/// What an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Each metric with the labels that it is selected by.
    pub(crate) metrics: Vec<(String, Vec<String>)>,
    /// Labels of `by`, `on` and the like.
    pub(crate) grouping: BTreeSet<String>,
}

impl Words {
    pub(crate) fn of(expression: &str) -> Self {
        let mut words = Self::default();
        let mut rest = expression;
        while let Some(first) = rest.chars().next() {
            if first == '"' {
                rest = after_string(rest);
            } else if first == '{' {
                let (labels, after) = matchers(rest);
                if let Some((_, selected)) = words.metrics.last_mut() {
                    selected.extend(labels);
                }
                rest = after;
            } else if first == '[' {
                // A range: a duration, or a variable of Grafana.
                rest = split_after(rest, ']').1;
            } else if first.is_ascii_digit() {
                // A number or a duration.
                rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
            } else if is_of_name(first) {
                let name = rest.split(|c| !is_of_name(c)).next().unwrap_or_default();
                rest = words.take(name, &rest[name.len()..]);
            } else {
                rest = &rest[first.len_utf8()..];
            }
        }
        words
    }

    fn take<'a>(&mut self, name: &str, after: &'a str) -> &'a str {
        if BEFORE_LABELS.contains(&name) {
            let (inside, after) = split_after(after, ')');
            let labels = inside
                .split(',')
                .map(|label| label.trim_matches([' ', '(', ')', '\n']));
            self.grouping
                .extend(labels.filter(|label| !label.is_empty()).map(str::to_owned));
            return after;
        }
        if !KEYWORDS.contains(&name) && !FUNCTIONS.contains(&name) {
            self.metrics.push((name.to_owned(), Vec::new()));
        }
        after
    }

    /// What nobody exports: neither the agent, nor a record of these names, nor Prometheus itself.
    pub(crate) fn unknown(&self, records: &BTreeSet<String>) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut possible: BTreeSet<&str> = GIVEN.into();
        for (metric, selected) in &self.metrics {
            let Some(own) = labels_of(metric, records) else {
                unknown.push(metric.clone());
                continue;
            };
            let missing = |label: &&String| {
                !own.contains(&label.as_str()) && !GIVEN.contains(&label.as_str())
            };
            unknown.extend(
                selected
                    .iter()
                    .filter(missing)
                    .map(|label| format!("{metric}{{{label}}}")),
            );
            possible.extend(own);
        }
        let grouping = self
            .grouping
            .iter()
            .filter(|label| !possible.contains(label.as_str()));
        unknown.extend(grouping.cloned());
        unknown
    }
}

/// The labels that a metric brings itself, if anybody exports it.
fn labels_of(metric: &str, records: &BTreeSet<String>) -> Option<Vec<&'static str>> {
    if let Some(family) = FAMILIES.iter().find(|family| family.name == metric) {
        return Some(family.labels.to_vec());
    }
    if records.contains(metric) {
        return Some(match metric.split_once(':')? {
            ("target", rest) if rest.contains("failure_info") => {
                vec!["target", "probe", "phase", "reason"]
            }
            ("target", rest) if rest.contains("diagnosis_info") => vec!["target", "probe", "cause"],
            ("target", rest) if rest.contains("phase_duration") => vec!["target", "probe", "phase"],
            ("target", _) => vec!["target", "probe"],
            _ => Vec::new(),
        });
    }
    let other = OF_OTHERS.iter().find(|(name, _)| *name == metric);
    other.map(|(_, labels)| labels.to_vec())
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// What stands before the first `end`, and what follows it.
fn split_after(text: &str, end: char) -> (&str, &str) {
    text.split_once(end).unwrap_or((text, ""))
}

fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return &text[at + 1..],
            _ => escaped = false,
        }
    }
    ""
}

/// The labels in `{a="b", c=~"d"}`, and what follows it.
fn matchers(mut text: &str) -> (Vec<String>, &str) {
    let mut labels = Vec::new();
    while let Some(first) = text.chars().next() {
        if first == '}' {
            return (labels, &text[1..]);
        }
        if first == '"' {
            text = after_string(text);
        } else if is_of_name(first) {
            let name = text.split(|c| !is_of_name(c)).next().unwrap_or_default();
            labels.push(name.to_owned());
            text = &text[name.len()..];
        } else {
            text = &text[first.len_utf8()..];
        }
    }
    (labels, text)
}

#[test]
fn the_words_of_an_expression_are_its_metrics_and_labels() {
    let words = Words::of(
        "topk by (target) (1, sum_over_time(a:b:c{phase=\"by {x}\",reason!~\"\\\"\"}[5m])) > bool 0\n\
         * on (cluster, job) group_right (host) up offset 2m",
    );
    let selected = vec!["phase".to_owned(), "reason".to_owned()];
    assert_eq!(
        words.metrics,
        [("a:b:c".to_owned(), selected), ("up".to_owned(), vec![])]
    );
    let grouping = ["cluster", "host", "job", "target"].map(str::to_owned);
    assert_eq!(words.grouping, grouping.into());
}

#[test]
fn what_nobody_exports_is_found() {
    let words = Words::of("sum by (zone) (egress_probe_success{phase=\"tls\"}) / egress_success");
    let unknown = words.unknown(&BTreeSet::new());
    assert_eq!(
        unknown,
        ["egress_probe_success{phase}", "egress_success", "zone"]
    );
}
