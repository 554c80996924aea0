//! What a plan costs on the network and in a time series database, on paper: schedule times measured units. Pure.
//!
//! Everything works in it: a failure adds a confirming attempt, the other addresses of a name, and a sweep.

mod cost;
mod fleet;
pub mod unit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use cost::Cost;
pub use fleet::{Busiest, Fleet};

use crate::proxy::ProxyPolicy;
use crate::schedule;
use crate::target::{Host, Probe, ProbeKind, Target};

/// What one node does with a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// Between two attempts at a target.
    pub interval_seconds: f64,
    /// By kind of probe, those that the plan has.
    pub probes: Vec<OfProbe>,
    /// Time series of a node.
    pub series: usize,
    /// Flows to each destination outside, in a second.
    #[serde(skip)]
    flows: BTreeMap<String, f64>,
}

/// What one kind of probe does on one node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfProbe {
    /// Which kind.
    pub probe: ProbeKind,
    /// How many targets.
    pub targets: usize,
    /// Attempts in a minute.
    pub attempts_per_minute: f64,
    /// Of all of them in a minute.
    pub per_minute: Cost,
}

impl Budget {
    /// The budget of a plan with so many untestable rows.
    pub fn new(
        targets: &[Arc<Target>],
        untestable: usize,
        interval: Duration,
        proxies: &ProxyPolicy,
    ) -> Self {
        let mut budget = Self {
            interval_seconds: interval.as_secs_f64(),
            probes: Vec::new(),
            series: unit::SERIES_OF_AGENT + untestable,
            flows: BTreeMap::new(),
        };
        for kind in ProbeKind::ALL {
            let of_kind = targets.iter().filter(|target| target.id.probe == *kind);
            let per_minute = 60.0 / schedule::period(*kind, interval).as_secs_f64();
            budget.add(*kind, per_minute, of_kind, proxies);
        }
        budget
    }

    fn add<'a>(
        &mut self,
        probe: ProbeKind,
        per_minute: f64,
        targets: impl Iterator<Item = &'a Arc<Target>>,
        proxies: &ProxyPolicy,
    ) {
        let mut of_probe = OfProbe {
            probe,
            targets: 0,
            attempts_per_minute: 0.0,
            per_minute: Cost::default(),
        };
        for target in targets {
            let proxy = proxies.for_target(target);
            let cost = of_attempt(target, proxy.map(|proxy| &proxy.address.host));
            of_probe.targets += 1;
            of_probe.attempts_per_minute += per_minute;
            of_probe.per_minute = of_probe.per_minute + cost * per_minute;
            self.series += unit::series(target, proxy.is_some());
            let destination = proxy.map_or_else(
                || target.id.target.to_string(),
                |proxy| proxy.address.authority(),
            );
            let flows = flows(target, cost) * per_minute / 60.0;
            if flows > 0.0 {
                *self.flows.entry(destination).or_default() += flows;
            }
        }
        if of_probe.targets > 0 {
            self.probes.push(of_probe);
        }
    }

    /// All kinds of probes together, in a minute.
    pub fn per_minute(&self) -> Cost {
        let costs = self.probes.iter().map(|probe| probe.per_minute);
        costs.fold(Cost::default(), |sum, cost| sum + cost)
    }

    /// Attempts of a node in a minute.
    pub fn attempts_per_minute(&self) -> f64 {
        let attempts = self.probes.iter().map(|probe| probe.attempts_per_minute);
        attempts.sum()
    }

    /// What so many nodes add up to.
    pub fn of_nodes(&self, nodes: u32) -> Fleet {
        Fleet::new(self, nodes, &self.flows)
    }
}

/// One attempt that succeeds at the first address.
fn of_attempt(target: &Target, proxy: Option<&Host>) -> Cost {
    let exchange = match &target.probe {
        Probe::Dns => return unit::RESOLUTION,
        Probe::DnsUdp { .. } => unit::DNS_UDP,
        Probe::DnsTcp { .. } => unit::DNS_TCP,
        Probe::Https(https) if https.alpn.is_empty() => unit::HTTPS + unit::PUBLIC_CHAIN,
        Probe::Https(_) => unit::HTTPS + unit::HANDSHAKE + unit::PUBLIC_CHAIN * 2.0,
        Probe::Tcp => unit::TCP,
        Probe::Ssh => unit::SSH,
        Probe::Http => unit::HTTP,
        Probe::Ntp => unit::NTP,
        Probe::Udp => unit::UDP,
    };
    let resolution = match proxy.unwrap_or(&target.host) {
        Host::Name(_) => unit::RESOLUTION,
        Host::Address(_) => Cost::default(),
    };
    let tunnels = match &target.probe {
        Probe::Http => 0.0,
        _ => exchange.connections,
    };
    match proxy {
        Some(_) => exchange + resolution + unit::TUNNEL * tunnels,
        None => exchange + resolution,
    }
}

/// Flows that one attempt starts to its destination. Nameservers are the node's own, and no address is translated
/// on the way to them.
fn flows(target: &Target, cost: Cost) -> f64 {
    match target.probe {
        Probe::Dns | Probe::DnsUdp { .. } | Probe::DnsTcp { .. } => 0.0,
        // The other connect of `tcp` goes to the control address.
        Probe::Ntp | Probe::Udp | Probe::Tcp => 1.0,
        _ => cost.connections,
    }
}

#[cfg(test)]
mod tests;
