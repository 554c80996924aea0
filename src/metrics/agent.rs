//! What the agent measures of itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::status::Environment;

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
    /// SHA-256 of the text of its files, lower-case hex.
    pub sha256: String,
}

impl CatalogInfo {
    /// The catalogue of this digest as it applies in `environment`.
    pub fn of(environment: &Environment, sha256: &str) -> Self {
        Self {
            edition: environment.edition.clone(),
            cloud: environment.cloud.clone().unwrap_or_default(),
            location: environment.location.clone().unwrap_or_default(),
            sha256: sha256.to_owned(),
        }
    }
}
