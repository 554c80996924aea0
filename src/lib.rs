//! Proves, endpoint by endpoint, that a node can reach what it must reach.

pub mod heartbeat;
pub(crate) mod labels;
pub mod metrics;
pub mod outcome;
pub mod probe;
pub mod server;
pub mod status;
pub mod store;
pub mod target;
pub mod version;
