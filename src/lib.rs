//! Proves, endpoint by endpoint, that a node can reach what it must reach.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod discover;
pub(crate) mod labels;
pub mod logging;
pub mod nameservers;
pub mod outcome;
pub mod plan;
pub mod probe;
pub mod problem;
pub mod schedule;
pub mod shutdown;
pub mod store;
pub mod table;
pub mod target;
pub mod yaml;
