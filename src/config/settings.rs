//! One layer of settings, as the user wrote it: everything may be left out.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::Origin;
use crate::catalog::{Cloud, Condition, Edition};
use crate::labels::closed_set;
use crate::proxy::{Bypass, ProxyChoice};
use crate::target::Group;
use crate::text::printable;

closed_set! {
    /// The least important events that are logged.
    pub enum LogLevel {
        /// Only what stops the agent.
        Error = "error",
        /// And targets that became unreachable.
        Warn = "warn",
        /// And targets that recovered, start, reload and stop.
        Info = "info",
        /// And every attempt.
        Debug = "debug",
        /// And what libraries do.
        Trace = "trace",
    }
}

closed_set! {
    /// How events are written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

/// A value and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// At least one.
    pub values: Vec<String>,
    /// Who.
    pub origin: Origin,
}

/// Where cloud and location are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataService {
    /// Nowhere.
    Off,
    /// At this address and port, over plain HTTP.
    At(SocketAddr),
}

impl Default for MetadataService {
    /// The link-local address of the Azure instance metadata service.
    fn default() -> Self {
        Self::At(SocketAddr::from(([169, 254, 169, 254], 80)))
    }
}

impl FromStr for MetadataService {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text
            .strip_prefix("http://")
            .unwrap_or(text)
            .trim_end_matches('/');
        let with_port = address.parse::<SocketAddr>().ok();
        let on_port_80 = || {
            address
                .parse::<IpAddr>()
                .ok()
                .map(|ip| SocketAddr::new(ip, 80))
        };
        with_port.or_else(on_port_80).map(Self::At).ok_or_else(|| {
            format!("`{text}` is neither `off` nor an address such as http://169.254.169.254")
        })
    }
}

/// Where pages are served: `ADDR:PORT`, or `:PORT` on every address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let everywhere = text.strip_prefix(':').and_then(|port| port.parse().ok());
        let everywhere = everywhere.map(|port: u16| SocketAddr::from(([0, 0, 0, 0], port)));
        everywhere
            .or_else(|| text.parse().ok())
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not ADDR:PORT, such as 0.0.0.0:9100 or [::]:9100"))
    }
}

/// An address where no server can be, for the control dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlAddress(pub IpAddr);

impl FromStr for ControlAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse().map(Self);
        address.map_err(|_| format!("`{text}` is not an address, such as 192.0.2.1"))
    }
}

/// Settings of attempts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProbeSettings {
    /// Time between two attempts at a target.
    pub interval: Option<Duration>,
    /// One deadline over an attempt.
    pub timeout: Option<Duration>,
    /// Attempts in flight.
    pub concurrency: Option<usize>,
    /// Where no server can be.
    pub control_address: Option<IpAddr>,
    /// A clock further off is a warning.
    pub clock_offset: Option<Duration>,
    /// A longer attempt is a warning.
    pub slow: Option<Duration>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields of Config say what they are")]
pub struct Settings {
    pub cloud: Option<(Cloud, Origin)>,
    pub edition: Option<Edition>,
    pub features: Option<Vec<Group>>,
    pub all_features: Option<bool>,
    pub conditions: Option<Vec<Condition>>,
    pub parameters: BTreeMap<String, Given>,
    pub builtin: Option<bool>,
    pub catalogs: Option<Vec<PathBuf>>,
    pub resolv_conf: Option<PathBuf>,
    pub nameservers: Option<Vec<SocketAddr>>,
    pub ca_files: Option<Vec<PathBuf>>,
    pub cluster_ca_file: Option<PathBuf>,
    pub bundled_roots: Option<bool>,
    pub metadata: Option<MetadataService>,
    pub probe: ProbeSettings,
    pub proxy: Option<ProxyChoice>,
    pub no_proxy: Option<Bypass>,
    pub experiments: Option<bool>,
    pub listen: Option<SocketAddr>,
    pub reload: Option<bool>,
    pub web_config: Option<PathBuf>,
    pub log_level: Option<LogLevel>,
    pub log_format: Option<LogFormat>,
}

impl Settings {
    /// This layer over `below`. Lists replace lists; parameters are merged by name.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mut parameters = below.parameters;
        parameters.extend(self.parameters);
        Self {
            cloud: self.cloud.or(below.cloud),
            edition: self.edition.or(below.edition),
            features: self.features.or(below.features),
            all_features: self.all_features.or(below.all_features),
            conditions: self.conditions.or(below.conditions),
            parameters,
            builtin: self.builtin.or(below.builtin),
            catalogs: self.catalogs.or(below.catalogs),
            resolv_conf: self.resolv_conf.or(below.resolv_conf),
            nameservers: self.nameservers.or(below.nameservers),
            ca_files: self.ca_files.or(below.ca_files),
            cluster_ca_file: self.cluster_ca_file.or(below.cluster_ca_file),
            bundled_roots: self.bundled_roots.or(below.bundled_roots),
            metadata: self.metadata.or(below.metadata),
            probe: self.probe.over(&below.probe),
            proxy: self.proxy.or(below.proxy),
            no_proxy: self.no_proxy.or(below.no_proxy),
            experiments: self.experiments.or(below.experiments),
            listen: self.listen.or(below.listen),
            reload: self.reload.or(below.reload),
            web_config: self.web_config.or(below.web_config),
            log_level: self.log_level.or(below.log_level),
            log_format: self.log_format.or(below.log_format),
        }
    }
}

impl ProbeSettings {
    fn over(self, below: &Self) -> Self {
        Self {
            interval: self.interval.or(below.interval),
            timeout: self.timeout.or(below.timeout),
            concurrency: self.concurrency.or(below.concurrency),
            control_address: self.control_address.or(below.control_address),
            clock_offset: self.clock_offset.or(below.clock_offset),
            slow: self.slow.or(below.slow),
        }
    }
}

/// A duration such as `500ms`, `30s` or `5m`, within bounds.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse_duration(text: &str, (least, most): (Duration, Duration)) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let duration = parsed
        .ok()
        .and_then(|signed| Duration::try_from(signed).ok());
    match duration {
        Some(duration) if (least..=most).contains(&duration) => Ok(duration),
        Some(_) => Err(format!("must be from {least:?} to {most:?}, but is {text}")),
        None => Err(format!(
            "`{text}` is not a duration, such as 500ms, 30s or 5m"
        )),
    }
}

/// Whether a parameter's value can stand in a host name.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn check_value(value: &str) -> Result<(), String> {
    const LONGEST: usize = 64;
    let shown = || printable(value.as_bytes(), LONGEST);
    crate::catalog::hosts::check_host(value).map_err(|why| format!("the value `{}` {why}", shown()))
}

/// The limits of what can be set, in one place for file and flags.
pub mod bounds {
    use std::time::Duration;

    /// Of `probe.interval`: below a second a node would hammer its endpoints.
    pub const INTERVAL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(24));
    /// Of `probe.timeout`.
    pub const TIMEOUT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_mins(1));
    /// Of `probe.clock_offset` and `probe.slow`.
    pub const LIMIT: (Duration, Duration) = (Duration::from_millis(1), Duration::from_hours(24));
    /// Of `probe.concurrency`.
    pub const CONCURRENCY: (i64, i64) = (1, 1024);
}
