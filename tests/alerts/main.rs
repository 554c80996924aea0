//! The rules and alerts in `manifests/`: what they are made of, when they fire, and that every shipped form says the same.

mod alertmanager;
mod alerts;
mod fleet;
#[path = "../support/promql.rs"]
mod promql;
mod promtool;
mod sheet;
mod shipped;
#[path = "../support/rules.rs"]
mod source;
mod world;
mod written;
