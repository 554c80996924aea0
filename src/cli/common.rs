//! The flags that every command takes, and the layer of settings that they make.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::{assignment, concurrency, limit, timeout, unrepeated, value, words};
use crate::catalog::{Cloud, Condition, Edition};
use crate::config::{
    ControlAddress, Given, LogFormat, LogLevel, MetadataService, Origin, ProbeSettings, Settings,
};
use crate::nameservers::Nameserver;
use crate::proxy::{Bypass, ProxyChoice};
use crate::target::Group;

/// Flags that every command takes. Each has a key in the configuration file.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Configuration file; `run` follows it [default: /etc/egress-probe/config.yaml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "EGRESS_PROBE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Azure cloud [default: asked of the instance metadata service, else public]
    #[arg(long, global = true, value_name = "CLOUD", value_parser = words::<Cloud>())]
    pub cloud: Option<Cloud>,
    /// Azure region, such as westeurope [default: asked of the instance metadata service]
    #[arg(long, global = true, value_name = "REGION", value_parser = value)]
    pub location: Option<String>,
    /// Day of the list: latest, 2020-01, 2026-06, or a day such as 2024-05-31 [default: latest]
    #[arg(long, global = true, value_name = "EDITION")]
    pub edition: Option<Edition>,
    /// Feature whose rows are required (repeatable)
    #[arg(long = "feature", global = true, value_name = "GROUP", value_parser = words::<Group>())]
    pub features: Vec<Group>,
    /// Every feature
    #[arg(long, global = true)]
    pub all_features: bool,
    /// Something that holds for this cluster and makes rows required (repeatable)
    #[arg(long = "condition", global = true, value_name = "CONDITION", value_parser = words::<Condition>())]
    pub conditions: Vec<Condition>,
    /// Parameter of the catalogue, such as `apiserver_fqdn` (repeatable)
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = assignment)]
    pub parameters: Vec<(String, String)>,
    /// Catalogue of your own, over the built-in one (repeatable)
    #[arg(long = "catalog", global = true, value_name = "FILE")]
    pub catalogs: Vec<PathBuf>,
    /// Leave the built-in catalogue out
    #[arg(long, global = true)]
    pub no_builtin: bool,
    /// File that names the node's resolvers [default: /etc/resolv.conf]
    #[arg(long, global = true, value_name = "FILE")]
    pub resolv_conf: Option<PathBuf>,
    /// Resolver to use in place of the node's (repeatable)
    #[arg(long = "nameserver", global = true, value_name = "ADDR[:PORT]")]
    pub nameservers: Vec<Nameserver>,
    /// CA that may vouch for servers besides public roots (repeatable)
    #[arg(long = "ca-file", global = true, value_name = "FILE")]
    pub ca_files: Vec<PathBuf>,
    /// CA of the cluster, for the API server [default: the one of the pod's service account, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub cluster_ca_file: Option<PathBuf>,
    /// Whether public roots may vouch for servers
    #[arg(long, global = true, value_name = "ROOTS")]
    pub tls_roots: Option<TlsRoots>,
    /// Instance metadata service: an address, or `off` [default: 169.254.169.254]
    #[arg(long, global = true, value_name = "ADDR")]
    pub metadata: Option<MetadataService>,
    /// Proxy to test through: none, environment, or http://HOST:PORT [default: none, the node's direct path]
    #[arg(long, global = true, value_name = "PROXY", value_parser = unrepeated::<ProxyChoice>())]
    pub proxy: Option<ProxyChoice>,
    /// What is reached without the proxy: names, addresses, networks (repeatable, or with commas)
    #[arg(long, global = true, value_name = "LIST")]
    pub no_proxy: Vec<Bypass>,
    /// Deadline of one attempt, such as 5s [default: 10s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = timeout)]
    pub timeout: Option<Duration>,
    /// Attempts in flight at most [default: 32; for check one per target, 64 to 256]
    #[arg(long, global = true, value_name = "N", value_parser = concurrency)]
    pub concurrency: Option<usize>,
    /// Address where no server can be; a connect to it that succeeds shows an interceptor [default: 192.0.2.1]
    #[arg(long, global = true, value_name = "ADDR")]
    pub control_address: Option<ControlAddress>,
    /// Warn when the clock is further off than this [default: 1s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = limit)]
    pub clock_offset: Option<Duration>,
    /// Warn when an attempt takes longer than this [default: never]
    #[arg(long, global = true, value_name = "DURATION", value_parser = limit)]
    pub slow: Option<Duration>,
    /// Do not look into confirmed failures with experiments
    #[arg(long, global = true)]
    pub no_experiments: bool,
    /// Least important events to log [default: info]
    #[arg(long, global = true, value_name = "LEVEL", value_parser = words::<LogLevel>())]
    pub log_level: Option<LogLevel>,
    /// Form of the log [default: text]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = words::<LogFormat>())]
    pub log_format: Option<LogFormat>,
}

/// Whether public roots are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsRoots {
    /// Mozilla's roots, as built in
    Bundled,
    /// Only given CA files
    None,
}

impl Common {
    /// The flags as a layer of settings.
    pub fn settings(&self) -> Settings {
        let flagged = |flag: bool| flag.then_some(true);
        let mut settings = Settings {
            cloud: self.cloud.map(|cloud| (cloud, Origin::Flag("--cloud"))),
            edition: self.edition.clone(),
            features: given(&self.features),
            all_features: flagged(self.all_features),
            conditions: given(&self.conditions),
            builtin: self.no_builtin.then_some(false),
            catalogs: given(&self.catalogs),
            resolv_conf: self.resolv_conf.clone(),
            nameservers: given(&self.nameservers.iter().map(|n| n.0).collect::<Vec<_>>()),
            ca_files: given(&self.ca_files),
            cluster_ca_file: self.cluster_ca_file.clone(),
            bundled_roots: self.tls_roots.map(|roots| roots == TlsRoots::Bundled),
            metadata: self.metadata.clone(),
            proxy: self.proxy.clone(),
            no_proxy: given(&self.no_proxy).map(|lists| lists.into_iter().collect()),
            experiments: self.no_experiments.then_some(false),
            log_level: self.log_level,
            log_format: self.log_format,
            ..Settings::default()
        };
        settings.probe = ProbeSettings {
            timeout: self.timeout,
            concurrency: self.concurrency,
            control_address: self.control_address.map(|control| control.0),
            clock_offset: self.clock_offset,
            slow: self.slow,
            interval: None,
        };
        for (name, value) in &self.parameters {
            set(&mut settings, name, value, Origin::Flag("--set"));
        }
        if let Some(location) = &self.location {
            set(
                &mut settings,
                "location",
                location,
                Origin::Flag("--location"),
            );
        }
        settings
    }
}

/// A parameter that is set twice has two values.
fn set(settings: &mut Settings, name: &str, value: &str, origin: Origin) {
    let given = settings
        .parameters
        .entry(name.to_owned())
        .or_insert_with(|| Given {
            values: Vec::new(),
            origin,
        });
    given.values.push(value.to_owned());
}

fn given<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}
