//! Collects samples into families, in the model of the `prometheus` crate.

use std::collections::BTreeMap;

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::families::{Family, Kind};

/// Samples by family and label values. One label set has one value, as an exposition must.
#[derive(Debug, Default)]
pub(super) struct Samples {
    values: BTreeMap<&'static str, (&'static Family, BTreeMap<Vec<String>, f64>)>,
}

impl Samples {
    /// Sets a value. What is not a number is left out: it would poison sums and averages.
    pub(super) fn set(&mut self, family: &'static Family, labels: &[&str], value: f64) {
        debug_assert_eq!(family.labels.len(), labels.len(), "{}", family.name);
        if value.is_finite() {
            let labels = labels.iter().map(|&label| label.to_owned()).collect();
            let (_, values) = self
                .values
                .entry(family.name)
                .or_insert_with(|| (family, BTreeMap::new()));
            values.insert(labels, value);
        }
    }

    /// Sets a value where none stands: several probes of one target share the families without a `probe` label.
    pub(super) fn set_first(&mut self, family: &'static Family, labels: &[&str], value: f64) {
        let key: Vec<_> = labels.iter().map(|&label| label.to_owned()).collect();
        let taken = self
            .values
            .get(family.name)
            .is_some_and(|(_, values)| values.contains_key(&key));
        if !taken {
            self.set(family, labels, value);
        }
    }

    /// The families that have samples, by name. Each is made when it is its turn, and what it is made of goes then: in the
    /// crate's model a sample takes ten times the memory of its line.
    pub(super) fn into_families(self) -> impl Iterator<Item = MetricFamily> {
        let families = self.values.into_values();
        families.map(|(family, values)| metric_family(family, values))
    }
}

fn metric_family(family: &Family, values: BTreeMap<Vec<String>, f64>) -> MetricFamily {
    let mut result = MetricFamily::default();
    result.set_name(family.name.to_owned());
    result.set_help(family.help.to_owned());
    result.set_field_type(match family.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
    });
    let metrics = values
        .into_iter()
        .map(|(labels, value)| metric(family, labels, value));
    result.set_metric(metrics.collect());
    result
}

fn metric(family: &Family, labels: Vec<String>, value: f64) -> Metric {
    let pairs = family.labels.iter().zip(labels).map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value);
        pair
    });
    let mut metric = Metric::from_label(pairs.collect());
    match family.kind {
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
    metric
}
