//! Proves, endpoint by endpoint, that a node can reach what it must reach.

pub(crate) mod labels;
pub mod nameservers;
pub mod outcome;
pub mod probe;
pub mod target;
