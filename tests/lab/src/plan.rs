//! From the agent's plan (`egress-probe catalog list --format json`) to a lab with every host and service in it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::spec::{HostSpec, LabSpec, Service};

/// What the lab reads of a plan; anything else in it is the agent's business.
#[derive(Deserialize)]
struct Plan {
    targets: Vec<PlanTarget>,
}

#[derive(Deserialize)]
struct PlanTarget {
    host: String,
    probe: String,
    port: Option<u16>,
    #[serde(default)]
    alpn: Option<Vec<String>>,
    #[serde(default)]
    server_name: Option<String>,
}

impl LabSpec {
    /// A lab in which every target of the plan is reachable.
    pub fn from_plan_json(json: &str) -> Result<Self> {
        let plan: Plan = serde_json::from_str(json).context("reading the agent's plan")?;
        let mut hosts: BTreeMap<String, HostSpec> = BTreeMap::new();
        for target in plan.targets {
            // Nameservers are the lab's own affair, and not hosts of its internet.
            if matches!(target.probe.as_str(), "dns-udp" | "dns-tcp") {
                continue;
            }
            let name = target.host.trim_end_matches('.').to_owned();
            let mut host = match hosts.remove(&name) {
                Some(host) => host,
                None => HostSpec::new(&name),
            };
            if let Some(server_name) = target.server_name.clone()
                && !host.server_names.contains(&server_name)
                && server_name != name
            {
                host = host.server_name(server_name);
            }
            if let Some(service) = service(&target)? {
                host = add(host, service);
            }
            hosts.insert(name, host);
        }
        Ok(Self::of(hosts.into_values()))
    }
}

/// `None`: the target is a name, and a name needs no service.
fn service(target: &PlanTarget) -> Result<Option<Service>> {
    let port = |usual: u16| target.port.unwrap_or(usual);
    let service = match target.probe.as_str() {
        "dns" => return Ok(None),
        "https" => Service::Https {
            port: port(443),
            alpn: target
                .alpn
                .clone()
                .unwrap_or_else(|| usual_alpn(&target.host)),
        },
        "http" => Service::Http { port: port(80) },
        "ssh" => Service::Ssh { port: port(22) },
        "ntp" => Service::Ntp,
        "tcp" => Service::Tcp(port(443)),
        "udp" => Service::UdpSilent(port(53)),
        other => bail!("the plan asks for the probe {other:?}, which the lab does not know"),
    };
    Ok(Some(service))
}

/// A plan that does not tell ALPN leaves one guess: API servers speak konnectivity's.
fn usual_alpn(host: &str) -> Vec<String> {
    host.contains(".hcp.")
        .then(|| "konnectivity".to_owned())
        .into_iter()
        .collect()
}

/// A port can have one listener only, and one that speaks a protocol accepts connections as well.
fn add(mut host: HostSpec, service: Service) -> HostSpec {
    let same_socket =
        |other: &&mut Service| other.port() == service.port() && other.is_udp() == service.is_udp();
    match (host.services.iter_mut().find(same_socket), service) {
        (None, service) => host = host.with(service),
        (Some(_), Service::Tcp(_) | Service::UdpSilent(_)) => {}
        (Some(Service::Https { alpn, .. }), Service::Https { alpn: more, .. }) => {
            alpn.extend(more);
            alpn.dedup();
        }
        (Some(other), service) => *other = service,
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_becomes_hosts_with_one_listener_per_port() {
        let json = r#"{"untestable": [], "targets": [
            {"pattern": "*.hcp.{location}.azmk8s.io", "host": "a.hcp.eastus.azmk8s.io", "port": 443, "probe": "tcp", "target": "x"},
            {"pattern": "*.hcp.{location}.azmk8s.io", "host": "a.hcp.eastus.azmk8s.io", "port": 443, "probe": "https"},
            {"pattern": "*.hcp.{location}.azmk8s.io", "host": "a.hcp.eastus.azmk8s.io", "port": null, "probe": "dns"},
            {"pattern": "x", "host": "198.18.1.2", "port": 53, "probe": "dns-tcp"},
            {"pattern": "ntp.ubuntu.com", "host": "ntp.ubuntu.com", "port": 123, "probe": "ntp"}]}"#;
        let spec = LabSpec::from_plan_json(json).unwrap();
        let [api, ntp] = &spec.hosts[..] else {
            panic!("two hosts expected: {:?}", spec.hosts);
        };
        assert_eq!(api.services, [Service::https_alpn(&["konnectivity"])]);
        assert_eq!(ntp.services, [Service::Ntp]);
    }

    #[test]
    fn an_unknown_probe_is_an_error() {
        let json = r#"{"targets": [{"host": "a", "probe": "quic", "port": 443}]}"#;
        assert!(LabSpec::from_plan_json(json).is_err());
    }
}
