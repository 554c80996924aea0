//! The wires: nodes -- firewall -- internet, namespaces with the addresses of the directory.
//! Everything that nobody owns, 192.0.2.0/24 first, ends in silence in the internet.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::directory::{
    Directory, FIREWALL_OUTSIDE, FIREWALL_OUTSIDE_V6, INTERNET_V6, METADATA, NAMESERVER, ODDITIES,
    ODDITIES_V6, SECOND_NAMESERVER,
};
use crate::namespace::{Namespace, feed};
use crate::spec::LabSpec;
use crate::wire::Wire;

/// The namespaces.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Topology {
    /// At least one.
    pub nodes: Vec<Namespace>,
    pub firewall: Namespace,
    pub internet: Namespace,
}

impl Topology {
    pub fn create(id: &str, spec: &LabSpec, directory: &Directory) -> Result<Self> {
        ensure!(spec.nodes > 0, "a lab has at least one node");
        let namespace = |part: &str| Namespace::new(format!("egl-{id}-{part}"));
        let topology = Self {
            nodes: Wire::all(spec.nodes)
                .map(|wire| namespace(&wire.part()))
                .collect(),
            firewall: namespace("fw"),
            internet: namespace("net"),
        };
        let names = topology
            .all()
            .map(|namespace| format!("netns add {}\n", namespace.name()));
        feed(
            Command::new("ip").args(["-batch", "-"]),
            &names.collect::<String>(),
        )
        .context("making network namespaces")?;
        topology.set_kernel_parameters(spec)?;
        for (node, wire) in topology.nodes.iter().zip(Wire::all(spec.nodes)) {
            node.ip_batch(&topology.node_lines(spec, wire)?)?;
            write_resolv_conf(node, spec)?;
        }
        let firewall_lines = topology.firewall_lines(spec)?;
        topology.firewall.ip_batch(&firewall_lines)?;
        let internet_lines = internet_lines(spec, directory)?;
        topology.internet.ip_batch(&internet_lines)?;
        Ok(topology)
    }

    /// The first node.
    pub fn node(&self) -> &Namespace {
        &self.nodes[0]
    }

    fn all(&self) -> impl Iterator<Item = &Namespace> {
        self.nodes.iter().chain([&self.firewall, &self.internet])
    }

    fn set_kernel_parameters(&self, spec: &LabSpec) -> Result<()> {
        const QUICK_IPV6: (&str, &str) = ("net/ipv6/conf/default/accept_dad", "0");
        // The limits on ICMP errors would make faults look like silence under load.
        const UNLIMITED: [(&str, &str); 4] = [
            ("net/ipv4/icmp_ratelimit", "0"),
            ("net/ipv4/icmp_msgs_per_sec", "100000"),
            ("net/ipv4/icmp_msgs_burst", "10000"),
            ("net/ipv6/icmp/ratelimit", "0"),
        ];
        const ROUTER: [(&str, &str); 3] = [
            ("net/ipv4/ip_forward", "1"),
            ("net/ipv6/conf/all/forwarding", "1"),
            // So that rules can tell the packets of a handshake from those after it.
            ("net/netfilter/nf_conntrack_acct", "1"),
        ];
        const NO_IPV6: [(&str, &str); 2] = [
            ("net/ipv6/conf/default/disable_ipv6", "1"),
            ("net/ipv6/conf/all/disable_ipv6", "1"),
        ];
        for namespace in self.all() {
            namespace.sysctl(&[QUICK_IPV6])?;
            namespace.sysctl(&UNLIMITED)?;
        }
        self.firewall.sysctl(&ROUTER)?;
        if !spec.ipv6 {
            for node in &self.nodes {
                node.sysctl(&NO_IPV6)?;
            }
        }
        Ok(())
    }

    fn node_lines(&self, spec: &LabSpec, wire: Wire) -> Result<String> {
        let (firewall, inside) = (self.firewall.name(), wire.interface());
        let (address, gateway) = (wire.node(), wire.firewall());
        let mut lines = format!(
            "link set lo up\n\
             link add eth0 type veth peer name {inside} netns {firewall}\n\
             addr add {address}/24 dev eth0\n\
             link set eth0 up\n\
             route add default via {gateway}\n"
        );
        if spec.ipv6 {
            let (address, gateway) = (wire.node_v6(), wire.firewall_v6());
            write!(
                lines,
                "addr add {address}/64 dev eth0 nodad\n\
                 route add default via {gateway}\n"
            )?;
        }
        Ok(lines)
    }

    fn firewall_lines(&self, spec: &LabSpec) -> Result<String> {
        let internet = self.internet.name();
        let mut lines = format!(
            "link set lo up\n\
             link add outside type veth peer name eth0 netns {internet}\n\
             addr add {FIREWALL_OUTSIDE}/24 dev outside\n\
             link set outside up\n\
             route add default via {NAMESERVER}\n"
        );
        if spec.ipv6 {
            write!(
                lines,
                "addr add {FIREWALL_OUTSIDE_V6}/64 dev outside nodad\n\
                 route add default via {INTERNET_V6}\n"
            )?;
        }
        for wire in Wire::all(spec.nodes) {
            let (inside, address) = (wire.interface(), wire.firewall());
            write!(
                lines,
                "addr add {address}/24 dev {inside}\nlink set {inside} up\n"
            )?;
            if spec.ipv6 {
                let address = wire.firewall_v6();
                writeln!(lines, "addr add {address}/64 dev {inside} nodad")?;
            }
        }
        Ok(lines)
    }
}

/// `ip netns exec` mounts it over /etc/resolv.conf, so that any program in the node asks the lab.
fn write_resolv_conf(node: &Namespace, spec: &LabSpec) -> Result<()> {
    let folder = format!("/etc/netns/{}", node.name());
    fs::create_dir_all(&folder).with_context(|| format!("making {folder}"))?;
    fs::write(format!("{folder}/resolv.conf"), resolv_conf(spec)?)?;
    Ok(())
}

fn internet_lines(spec: &LabSpec, directory: &Directory) -> Result<String> {
    let mut lines = format!(
        "link set lo up\n\
         addr add {NAMESERVER}/24 dev eth0\n\
         addr add {SECOND_NAMESERVER}/24 dev eth0\n\
         addr add {ODDITIES}/24 dev eth0\n\
         link set eth0 up\n"
    );
    for wire in Wire::all(spec.nodes) {
        writeln!(lines, "route add {}/32 via {FIREWALL_OUTSIDE}", wire.node())?;
    }
    if spec.metadata.is_some() {
        writeln!(lines, "addr add {METADATA}/32 dev lo")?;
    }
    if spec.ipv6 {
        write!(
            lines,
            "addr add {INTERNET_V6}/64 dev eth0 nodad\n\
             addr add {ODDITIES_V6}/64 dev eth0 nodad\n"
        )?;
        for wire in Wire::all(spec.nodes) {
            writeln!(
                lines,
                "route add {}/128 via {FIREWALL_OUTSIDE_V6}",
                wire.node_v6()
            )?;
        }
    }
    for address in directory.sites.iter().flat_map(|site| &site.v4) {
        writeln!(lines, "addr add {address}/32 dev lo")?;
    }
    for address in directory.sites.iter().flat_map(|site| &site.v6) {
        writeln!(lines, "addr add {address}/128 dev lo nodad")?;
    }
    Ok(lines)
}

/// What a stub resolver on the node reads.
pub(crate) fn resolv_conf(spec: &LabSpec) -> Result<String> {
    let mut text = format!("nameserver {NAMESERVER}\n");
    if spec.second_nameserver {
        writeln!(text, "nameserver {SECOND_NAMESERVER}")?;
    }
    Ok(text)
}
