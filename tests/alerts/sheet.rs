//! The series of one node, in promtool's notation: one sample a minute.

use std::fmt::Write;

use serde_json::{Value, json};

/// `input_series` that have labels in common.
pub(crate) struct Sheet {
    labels: String,
    minutes: usize,
    pub(crate) series: Vec<Value>,
}

impl Sheet {
    pub(crate) fn new(labels: String, minutes: usize) -> Self {
        Self {
            labels,
            minutes,
            series: Vec::new(),
        }
    }

    /// A metric, with labels of its own or without, and its value in each minute.
    pub(crate) fn add(&mut self, metric: &str, value: impl Fn(usize) -> Option<f64>) {
        let (name, own) = metric.split_once('{').unwrap_or((metric, "}"));
        let series = format!("{name}{{{},{own}", self.labels);
        let values = notation((0..self.minutes).map(value));
        self.series
            .push(json!({"series": series, "values": values}));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a test has few minutes")]
pub(crate) fn seconds(minute: usize) -> f64 {
    (minute * 60) as f64
}

/// Not a number stands for the time of the sample. What ends is marked stale, as Prometheus does.
fn notation(samples: impl Iterator<Item = Option<f64>>) -> String {
    let mut samples = samples.enumerate().peekable();
    let mut text = String::new();
    while let Some((at, sample)) = samples.next() {
        let alike = |other: Option<f64>| match (sample, other) {
            (Some(one), Some(other)) => one.to_bits() == other.to_bits(),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut more = 0;
        while samples.next_if(|(_, next)| alike(*next)).is_some() {
            more += 1;
        }
        match sample {
            Some(value) if value.is_nan() => write!(text, "{}+60x{more} ", seconds(at)),
            Some(value) => write!(text, "{value}+0x{more} "),
            None if at == 0 => write!(text, "_x{} ", more + 1),
            None if more == 0 => write!(text, "stale "),
            None => write!(text, "stale _x{more} "),
        }
        .expect("a String takes text");
    }
    text
}

#[test]
fn values_are_written_in_runs() {
    let samples = [
        None,
        None,
        Some(1.0),
        Some(1.0),
        None,
        None,
        Some(f64::NAN),
        Some(f64::NAN),
    ];
    assert_eq!(
        notation(samples.into_iter()),
        "_x2 1+0x1 stale _x1 360+60x1 "
    );
}
