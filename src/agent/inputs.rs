//! Everything that the agent and the one-shot commands start from: configuration, catalogue, trust, surroundings.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Files;
use super::resolvers::Resolvers;
use crate::catalog::Catalog;
use crate::config::Config;
use crate::discover::{self, Environment, Surroundings};
use crate::experiment::NetworkExperiment;
use crate::nameservers::{self, Listed};
use crate::plan::{Plan, Selection};
use crate::probe::{Prober, Resolver, TlsTrust, TrustConfig, registrable};
use crate::problem::Problems;
use crate::proxy::{DecidedProxy, ProxyPolicy};
use crate::target::{Host, Trust};
use crate::web_config::{self, Access};

/// What was written by people, read and checked.
#[derive(Debug)]
pub struct Inputs {
    /// Flags over the configuration file.
    pub config: Config,
    /// Built-in rows and the user's.
    pub catalog: Catalog,
    environment: Environment,
    tls: Arc<TlsTrust>,
    proxies: DecidedProxy,
    /// Who may read the pages.
    pub(super) access: Arc<Access>,
}

/// What was found around the agent at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Cloud, node, parameters.
    pub surroundings: Surroundings,
    /// The node's resolvers.
    pub resolvers: Resolvers,
}

impl Situation {
    /// What people should know of it.
    pub fn notices(&self) -> impl Iterator<Item = &String> {
        let Self {
            surroundings,
            resolvers,
        } = self;
        surroundings.notices.iter().chain(&resolvers.notices)
    }
}

impl Inputs {
    /// Reads the files that the configuration names, and notes in `files` what stood where.
    ///
    /// # Errors
    /// Everything that is wrong in any of them.
    pub(super) fn load(
        config: Config,
        environment: Environment,
        files: &mut Files,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let sources = config.catalog_sources();
        sources.files.iter().for_each(|file| files.look_at(file));
        let catalog = Catalog::load(&sources);
        if let Ok(catalog) = &catalog {
            problems.extend_from(config.check_parameters(&catalog.parameters()));
        }
        let entry_files = catalog.as_ref().map(entry_files).unwrap_or_default();
        let tls = load_trust(&config, entry_files, files);
        let proxies = config.proxy.decide(config.no_proxy.as_ref(), &environment);
        if config.nameservers.is_empty() && config.resolv_conf.required {
            problems.extend_from(check_resolv_conf(&config.resolv_conf.path, files));
        }
        let access = load_access(&config, files);
        match (catalog, tls, proxies, access) {
            (Ok(catalog), Ok(tls), Ok(proxies), Ok(access)) => {
                problems.into_result().map(|()| Self {
                    config,
                    catalog,
                    environment,
                    tls: Arc::new(tls),
                    proxies,
                    access: Arc::new(access),
                })
            }
            (catalog, tls, proxies, access) => {
                problems.extend_from(catalog.map(drop));
                problems.extend_from(tls.map(drop));
                problems.extend_from(proxies.map(drop));
                problems.extend_from(access.map(drop));
                problems.into_result().and(Err(Problems::default()))
            }
        }
    }

    /// Looks around: metadata service, environment, resolv.conf.
    pub async fn observe(&self) -> Situation {
        Situation {
            surroundings: self.surroundings(None).await,
            resolvers: Resolvers::at_start(self.nameservers()),
        }
    }

    /// Looks around with another configuration than before: what was found then and does not depend on it is kept.
    pub(super) async fn observe_after(&self, before: &Self, situation: &Situation) -> Situation {
        let same = |inputs: &Self| {
            let config = &inputs.config;
            (config.nameservers.clone(), config.resolv_conf.clone())
        };
        Situation {
            surroundings: self.surroundings(Some(&situation.surroundings)).await,
            resolvers: if same(self) == same(before) {
                situation.resolvers.clone()
            } else {
                Resolvers::at_start(self.nameservers())
            },
        }
    }

    /// Cloud, node and parameters as they can be had now. Who told something `before` is not asked again.
    pub(super) async fn surroundings(&self, before: Option<&Surroundings>) -> Surroundings {
        let mut surroundings = discover::discover(&self.config, &self.environment, before).await;
        let notices = &self.proxies.notices;
        surroundings.notices.extend_from_slice(notices);
        surroundings
    }

    /// The nameservers that are configured, or what the node's file says now.
    pub(super) fn nameservers(&self) -> Result<Listed, Problems> {
        if self.config.nameservers.is_empty() {
            return resolvers_of(&self.config.resolv_conf.path);
        }
        Ok(Listed {
            nameservers: self.config.nameservers.clone(),
            ignored: Vec::new(),
        })
    }

    /// What is to be probed here.
    pub fn plan(&self, situation: &Situation) -> Plan {
        let config = &self.config;
        let selection = Selection {
            cloud: situation.surroundings.cloud.0,
            edition: config.edition.clone(),
            features: config.features.clone(),
            all_features: config.all_features,
            conditions: config.conditions.clone(),
        };
        let parameters = situation.surroundings.parameters();
        Plan::new(
            &self.catalog,
            &selection,
            &parameters,
            &situation.resolvers.nameservers,
            self.proxies(),
        )
    }

    /// Which targets are reached through which proxy.
    pub fn proxies(&self) -> &ProxyPolicy {
        &self.proxies.policy
    }

    /// What probes it.
    pub fn prober(&self, situation: &Situation, plan: &Plan) -> Prober {
        Prober {
            resolver: Arc::new(Resolver::new(situation.resolvers.nameservers.clone())),
            tls: Arc::clone(&self.tls),
            limits: self.config.limits.clone(),
            named_domains: named_domains(plan),
            proxies: self.proxies().clone(),
        }
    }

    /// What looks into confirmed failures, unless it is switched off.
    pub fn experiment(&self) -> Option<NetworkExperiment> {
        let limits = self.config.limits.clone();
        self.config
            .experiments
            .then_some(NetworkExperiment { limits })
    }
}

fn load_access(config: &Config, files: &mut Files) -> Result<Access, Problems> {
    match &config.web.config_file {
        Some(file) => web_config::load(file, &mut |path| files.look_at(path)),
        None => Ok(Access::default()),
    }
}

fn load_trust(
    config: &Config,
    entry_files: Vec<Vec<PathBuf>>,
    files: &mut Files,
) -> Result<TlsTrust, Problems> {
    let cluster = &config.cluster_ca_file;
    let named = config.ca_files.iter().chain(entry_files.iter().flatten());
    named
        .chain([&cluster.path])
        .for_each(|file| files.look_at(file));
    let trust = TrustConfig {
        bundled: config.bundled_roots,
        ca_files: config.ca_files.clone(),
        cluster_ca_file: cluster.is_given().then(|| cluster.path.clone()),
        entry_files,
    };
    TlsTrust::load(&trust).map_err(|errors| {
        let mut problems = Problems::default();
        for error in errors {
            let line = error.line.and_then(|line| u64::try_from(line).ok());
            problems.add(&error.path, line, "", error.message);
        }
        problems
    })
}

/// A good one is followed on its own; a bad one keeps everything from use until it changes.
fn check_resolv_conf(file: &Path, files: &mut Files) -> Result<(), Problems> {
    let mut bad = Files::default();
    bad.look_at(file);
    let checked = resolvers_of(file).map(drop);
    checked.inspect_err(|_| files.add(bad))
}

fn resolvers_of(file: &Path) -> Result<Listed, Problems> {
    nameservers::load(file).map_err(|error| Problems::of_file(file, error.to_string()))
}

fn entry_files(catalog: &Catalog) -> Vec<Vec<PathBuf>> {
    let trusts = catalog
        .entries
        .iter()
        .filter_map(|entry| match &entry.trust {
            Trust::Files(files) => Some(files.clone()),
            Trust::Public | Trust::Cluster => None,
        });
    let distinct: HashSet<Vec<PathBuf>> = trusts.collect();
    distinct.into_iter().collect()
}

fn named_domains(plan: &Plan) -> HashSet<String> {
    let names = plan.targets.iter().filter_map(|target| match &target.host {
        Host::Name(name) => registrable(name),
        Host::Address(_) => None,
    });
    names.map(ToOwned::to_owned).collect()
}
