//! The dashboards: written here, shipped as `dashboards/*.json` (`make dashboards`), held against the rules of
//! grafana/dashboard-linter, and tried on a real Prometheus that scrapes agents in the laboratory.

mod board;
mod fleet;
mod lint;
mod live;
mod panel;
#[path = "../support/prometheus.rs"]
mod prometheus;
#[path = "../support/promql.rs"]
mod promql;
#[path = "../support/rules.rs"]
mod rules;
mod shipped;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod target;
