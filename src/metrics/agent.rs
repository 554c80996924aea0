//! What the agent measures of itself.

use std::time::Duration;

use jiff::Timestamp;

/// State of the agent at the moment of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentGauges {
    /// How late the latest attempt started.
    pub scheduler_lag: Duration,
    /// Whether the configuration on disk is the one in use.
    pub last_reload_successful: bool,
    /// When the configuration in use was loaded.
    pub last_reload_success: Timestamp,
    /// The catalogue in use.
    pub catalog: CatalogInfo,
}

/// Which catalogue is in use; empty where not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogInfo {
    /// The edition.
    pub edition: String,
    /// The cloud.
    pub cloud: String,
    /// The Azure region.
    pub location: String,
    /// SHA-256 of its rows, lower-case hex.
    pub sha256: String,
}
