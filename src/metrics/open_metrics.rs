//! `OpenMetrics` 1.0 text, which the `prometheus` crate does not write: counters are named without `_total`,
//! quotes in help are escaped, and the exposition ends with a mark.

use std::fmt::Write;

use prometheus::proto::{LabelPair, MetricFamily, MetricType};

/// The mark behind the last family.
pub(super) const END: &str = "# EOF\n";

/// Writes counters and gauges; the agent has no other kinds.
pub(super) fn write_family(out: &mut String, family: &MetricFamily) {
    let counter = family.get_field_type() == MetricType::COUNTER;
    let (kind, name, suffix) = if counter {
        let name = family.name();
        (
            "counter",
            name.strip_suffix("_total").unwrap_or(name),
            "_total",
        )
    } else {
        ("gauge", family.name(), "")
    };
    line(out, format_args!("# TYPE {name} {kind}"));
    line(
        out,
        format_args!("# HELP {name} {}", escaped(family.help())),
    );
    for metric in family.get_metric() {
        let value = if counter {
            metric.get_counter().get_value()
        } else {
            metric.get_gauge().get_value()
        };
        let labels = labels(metric.get_label());
        line(out, format_args!("{name}{suffix}{labels} {value}"));
    }
}

fn labels(pairs: &[LabelPair]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let pair = |pair: &LabelPair| format!("{}=\"{}\"", pair.name(), escaped(pair.value()));
    let pairs: Vec<_> = pairs.iter().map(pair).collect();
    format!("{{{}}}", pairs.join(","))
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('\n', r"\n")
        .replace('"', "\\\"")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
