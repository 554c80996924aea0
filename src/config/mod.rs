//! The agent's settings: flags over the configuration file over defaults.
//!
//! [`Settings`] is one layer as the user wrote it; [`Config`] is what the program uses.

mod file;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use settings::{
    ControlAddress, Given, Listen, LogFormat, LogLevel, MetadataService, ProbeSettings, Settings,
    bounds, check_value, parse_duration,
};

use crate::catalog::{CatalogSources, Cloud, Condition, Edition, KNOWN_PARAMETERS};
use crate::probe::Limits;
use crate::problem::{Problems, unknown_word};
use crate::proxy::{Bypass, ProxyChoice};
use crate::target::Group;

/// Where the configuration is looked for when no flag names it; it need not be there.
pub const DEFAULT_PATH: &str = "/etc/egress-probe/config.yaml";

/// Where something that is known came from; the first that answers wins, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(&'static str),
    /// The configuration file.
    File {
        /// The file as the user named it.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
    },
    /// A variable of the environment.
    Variable(String),
    /// The instance metadata service.
    Metadata,
    /// The host name of the machine.
    Hostname,
    /// Made from another parameter.
    Derived(&'static str),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Metadata => f.write_str("instance metadata service"),
            Self::Hostname => f.write_str("host name"),
            Self::Derived(from) => write!(f, "made from {from}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A file that has a usual place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenFile {
    /// Which.
    pub path: PathBuf,
    /// Asked for, and so its absence is a mistake.
    pub required: bool,
}

/// Whether a file is there; one that may not be looked at counts, so that reading it says what is wrong.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

impl ChosenFile {
    /// Whether it is to be read.
    pub fn is_given(&self) -> bool {
        self.required || is_there(&self.path)
    }

    /// The file that was asked for, or the usual one.
    pub fn new(asked_for: Option<PathBuf>, usual: &str) -> Self {
        Self {
            required: asked_for.is_some(),
            path: asked_for.unwrap_or_else(|| PathBuf::from(usual)),
        }
    }
}

/// How pages and metrics are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Where.
    pub listen: SocketAddr,
    /// Whether `POST /-/reload` is obeyed.
    pub reload: bool,
    /// Says over what and to whom; without it, over plain HTTP to all.
    pub config_file: Option<PathBuf>,
}

/// Everything that was decided before the program starts to work.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct Config {
    /// The cluster's cloud, unless discovery is to find it.
    pub cloud: Option<(Cloud, Origin)>,
    /// The day of the list.
    pub edition: Edition,
    /// Features that are switched on.
    pub features: BTreeSet<Group>,
    /// All of them.
    pub all_features: bool,
    /// What the user declares of the cluster.
    pub conditions: BTreeSet<Condition>,
    /// Parameters that the user gave.
    pub parameters: BTreeMap<String, Given>,
    /// Whether the built-in catalogue is used.
    pub builtin: bool,
    /// The user's catalogues.
    pub catalogs: Vec<PathBuf>,
    /// The file that names the node's resolvers; without the usual one, 127.0.0.1 is asked.
    pub resolv_conf: ChosenFile,
    /// Resolvers that are used in its place.
    pub nameservers: Vec<SocketAddr>,
    /// CAs that may vouch for any server.
    pub ca_files: Vec<PathBuf>,
    /// The CA of the cluster; the usual one need not be there.
    pub cluster_ca_file: ChosenFile,
    /// Whether public roots may vouch.
    pub bundled_roots: bool,
    /// Where to ask for cloud and location.
    pub metadata: MetadataService,
    /// Time between two attempts at a target.
    pub interval: Duration,
    /// Attempts in flight; absent: the command's own default.
    pub concurrency: Option<usize>,
    /// What every attempt obeys.
    pub limits: Limits,
    /// Whether targets are reached through a proxy.
    pub proxy: ProxyChoice,
    /// Which are not; absent: as the environment says, where it names the proxy.
    pub no_proxy: Option<Bypass>,
    /// Whether confirmed failures are looked into.
    pub experiments: bool,
    /// Pages and metrics.
    pub web: Web,
    /// What is logged.
    pub log_level: LogLevel,
    /// And how.
    pub log_format: LogFormat,
}

impl Config {
    /// Lays `flags` over the configuration file and fills in the defaults.
    /// Without `file` the default path is tried, and its absence is fine.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn load(file: Option<&Path>, flags: Settings) -> Result<Self, Problems> {
        let default = Path::new(DEFAULT_PATH);
        let written = match file {
            Some(path) => file::load(path)?,
            None if is_there(default) => file::load(default)?,
            None => Settings::default(),
        };
        Ok(Self::from(flags.over(written)))
    }

    /// What the catalogue is to be made of.
    pub fn catalog_sources(&self) -> CatalogSources {
        CatalogSources {
            builtin: self.builtin,
            files: self.catalogs.clone(),
            parameters: self.parameters.keys().cloned().collect(),
        }
    }

    /// Parameters that no row uses and the agent does not know: most likely misspelt.
    ///
    /// # Errors
    /// One problem for each.
    pub fn check_parameters(&self, used: &BTreeSet<&str>) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut known: Vec<&str> = KNOWN_PARAMETERS.iter().map(|p| p.name).collect();
        known.extend(used);
        for (name, given) in &self.parameters {
            if known.contains(&name.as_str()) {
                continue;
            }
            let message = format!("the parameter {}", unknown_word(name, &known));
            match &given.origin {
                Origin::File { path, line } => {
                    let key = format!("parameters.{name}");
                    problems.add(path, Some(*line), &key, message);
                }
                other => problems.add(Path::new(&other.to_string()), None, "", message),
            }
        }
        problems.into_result()
    }
}

impl From<Settings> for Config {
    fn from(settings: Settings) -> Self {
        /// Where a pod finds the CA of its cluster.
        const CLUSTER_CA: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
        const RESOLV_CONF: &str = "/etc/resolv.conf";
        const EVERYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9100);
        let defaults = Limits::default();
        let probe = settings.probe;
        Self {
            cloud: settings.cloud,
            edition: settings.edition.unwrap_or_default(),
            features: settings.features.unwrap_or_default().into_iter().collect(),
            all_features: settings.all_features.unwrap_or(false),
            conditions: settings
                .conditions
                .unwrap_or_default()
                .into_iter()
                .collect(),
            parameters: settings.parameters,
            builtin: settings.builtin.unwrap_or(true),
            catalogs: settings.catalogs.unwrap_or_default(),
            resolv_conf: ChosenFile::new(settings.resolv_conf, RESOLV_CONF),
            nameservers: settings.nameservers.unwrap_or_default(),
            ca_files: settings.ca_files.unwrap_or_default(),
            cluster_ca_file: ChosenFile::new(settings.cluster_ca_file, CLUSTER_CA),
            bundled_roots: settings.bundled_roots.unwrap_or(true),
            metadata: settings.metadata.unwrap_or_default(),
            interval: probe.interval.unwrap_or(Duration::from_mins(1)),
            concurrency: probe.concurrency,
            limits: Limits {
                timeout: probe.timeout.unwrap_or(defaults.timeout),
                control_address: probe.control_address.unwrap_or(defaults.control_address),
                clock_offset: probe.clock_offset.unwrap_or(defaults.clock_offset),
                slow: probe.slow,
            },
            proxy: settings.proxy.unwrap_or_default(),
            no_proxy: settings.no_proxy,
            experiments: settings.experiments.unwrap_or(true),
            web: Web {
                listen: settings.listen.unwrap_or(EVERYWHERE),
                reload: settings.reload.unwrap_or(false),
                config_file: settings.web_config,
            },
            log_level: settings.log_level.unwrap_or(LogLevel::Info),
            log_format: settings.log_format.unwrap_or(LogFormat::Text),
        }
    }
}
