//! Proves, endpoint by endpoint, that a node can reach what it must reach, and says why when it cannot.
//!
//! ```text
//! catalog (rows) --+-- parameters of config and discover, nameservers, proxy
//!                  v
//!                plan ------------ untestable rows ------+
//!                  | targets                             |
//!                  v                                     |
//!               schedule <-> probe <-> network           |
//!                  | outcomes                            |
//!                  v                                     |
//!                store                                   |
//!                  | records                             |
//!              diagnosis                                 |
//!                  | causes                              |
//!            +-----+------+                              |
//!            v            v                              |
//!         metrics      status <--------------------------+
//!            +-----+------+
//!                  v
//!               server, on a thread of its own
//! ```
//!
//! `agent` joins the parts for `run`; `command` does what the other subcommands do with the same parts. Who may
//! use whom stands in `tests/architecture.rs`.

pub mod agent;
pub mod budget;
pub mod catalog;
pub mod cli;
pub mod client;
pub mod command;
pub mod config;
pub mod diagnosis;
pub mod discover;
pub mod experiment;
pub mod file;
pub mod fleet;
pub mod heartbeat;
pub(crate) mod labels;
pub mod logging;
pub mod metrics;
pub mod nameservers;
pub mod outcome;
pub mod plan;
pub mod probe;
pub mod problem;
pub mod proxy;
pub mod reload;
pub mod rules;
pub mod schedule;
pub mod server;
pub mod shutdown;
pub mod status;
pub mod store;
pub mod table;
pub mod target;
pub(crate) mod text;
pub mod version;
pub mod web_config;
pub mod yaml;
