//! Faults that come and go, chosen by a seed.

use anyhow::Result;
use egress_lab::{Cluster, Lab, LabSpec, NAMED, Named, On};
use fastrand::Rng;

/// Lays at random whatever has a name and shows on a host of the lab.
pub(super) struct Faults<'a> {
    lab: &'a Lab,
    hosts: Hosts,
    random: Rng,
}

/// Hosts by what they offer.
struct Hosts {
    https: Vec<String>,
    http: Vec<String>,
    ntp: Vec<String>,
}

impl Hosts {
    fn of(spec: &LabSpec) -> Self {
        let with = |wanted: fn(&egress_lab::Service) -> bool| {
            let named = spec
                .hosts
                .iter()
                .filter(|host| !host.name.ends_with(|c: char| c.is_ascii_digit()));
            let found = named.filter(|host| host.services.iter().any(wanted));
            found.map(|host| host.name.clone()).collect()
        };
        Self {
            https: with(|service| matches!(service, egress_lab::Service::Https { .. })),
            http: with(|service| matches!(service, egress_lab::Service::Http { .. })),
            ntp: with(|service| matches!(service, egress_lab::Service::Ntp)),
        }
    }
}

impl<'a> Faults<'a> {
    pub(super) fn new(lab: &'a Lab, spec: &LabSpec, seed: u64) -> Self {
        Self {
            lab,
            hosts: Hosts::of(spec),
            random: Rng::with_seed(seed),
        }
    }

    /// The lab of the whole built-in catalogue, with everything that faults need.
    pub(super) fn spec(program: &std::path::Path) -> Result<LabSpec> {
        let plan = Cluster::PUBLIC.plan(program, "latest", &[])?;
        Ok(LabSpec {
            middleboxes: true,
            ..LabSpec::from_plan_json(&plan)?
        })
    }

    /// One more fault. Now and then it is laid upon everything, or on the nameserver. Says which.
    pub(super) fn lay(&mut self) -> Result<String> {
        let named = self.choose();
        let host = match named.on {
            On::Https => self.of(|hosts| &hosts.https),
            On::Http => self.of(|hosts| &hosts.http),
            On::Ntp => self.of(|hosts| &hosts.ntp),
            On::Nameserver => "nameserver".to_owned(),
            On::Ssh | On::Proxy | On::Everything => egress_lab::ANYWHERE.to_owned(),
        };
        self.lab.block_port(&host, named.scope, named.fault)?;
        Ok(format!("{} on {host}", named.name))
    }

    /// The agent here has no proxy, and the latest catalogue no SSH.
    fn choose(&mut self) -> Named {
        loop {
            let named = NAMED[self.random.usize(..NAMED.len())];
            if !matches!(named.on, On::Ssh | On::Proxy) {
                return named;
            }
        }
    }

    fn of(&mut self, hosts: fn(&Hosts) -> &Vec<String>) -> String {
        let hosts = hosts(&self.hosts);
        hosts[self.random.usize(..hosts.len())].clone()
    }

    pub(super) fn heal(&self) -> Result<()> {
        self.lab.heal_all()
    }
}
