//! From a change of the network to a notification, with nothing pretended: agents on the nodes of the laboratory,
//! Prometheus with the shipped rules, Alertmanager with the shipped example. Time runs faster, see `faster`.

mod alertmanager;
mod faster;
mod notified;
mod pipeline;
#[path = "../support/prometheus.rs"]
mod prometheus;
#[path = "../support/rules.rs"]
mod rules;
mod stories;
#[path = "../support/mod.rs"]
mod support;
