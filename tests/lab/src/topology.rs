//! The wires: nodes -- router -- firewall -- router -- internet, namespaces with the addresses of the directory.
//! Everything that nobody owns, 192.0.2.0/24 first, ends in silence in the internet.

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::directory::{
    Directory, FAR, FAR_OUTSIDE, FAR_OUTSIDE_V6, FAR_V6, FIREWALL, FIREWALL_OUTSIDE,
    FIREWALL_OUTSIDE_V6, FIREWALL_V6, INTERNET_V6, METADATA, NAMESERVER, NEAR_OUTSIDE,
    NEAR_OUTSIDE_V6, ODDITIES, ODDITIES_V6, SECOND_NAMESERVER,
};
use crate::namespace::{Namespace, feed};
use crate::spec::LabSpec;
use crate::wire::Wire;

/// The interface of a router that looks towards the nodes.
pub(crate) const INSIDE: &str = "inside";

/// The namespaces. A TTL of 1 ends at `near`, of 2 at `firewall`, of 3 at `far`; hosts answer from 4 on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Topology {
    /// At least one.
    pub nodes: Vec<Namespace>,
    pub near: Namespace,
    pub firewall: Namespace,
    pub far: Namespace,
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
            near: namespace("near"),
            firewall: namespace("fw"),
            far: namespace("far"),
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
        topology.near.ip_batch(&topology.near_lines(spec)?)?;
        topology
            .firewall
            .ip_batch(&topology.firewall_lines(spec)?)?;
        topology.far.ip_batch(&topology.far_lines(spec)?)?;
        let internet_lines = internet_lines(spec, directory)?;
        topology.internet.ip_batch(&internet_lines)?;
        Ok(topology)
    }

    /// The first node.
    pub fn node(&self) -> &Namespace {
        &self.nodes[0]
    }

    fn all(&self) -> impl Iterator<Item = &Namespace> {
        let others = [&self.near, &self.firewall, &self.far, &self.internet];
        self.nodes.iter().chain(others)
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
        for router in [&self.near, &self.firewall, &self.far] {
            router.sysctl(&ROUTER)?;
        }
        if !spec.ipv6 {
            for node in &self.nodes {
                node.sysctl(&NO_IPV6)?;
            }
        }
        Ok(())
    }

    fn node_lines(&self, spec: &LabSpec, wire: Wire) -> Result<String> {
        let (near, inside) = (self.near.name(), wire.interface());
        let (address, gateway) = (wire.node(), wire.router());
        let mut lines = format!(
            "link set lo up\n\
             link add eth0 type veth peer name {inside} netns {near}\n\
             addr add {address}/31 dev eth0\n\
             link set eth0 up\n\
             route add default via {gateway}\n"
        );
        if spec.ipv6 {
            let (address, gateway) = (wire.node_v6(), wire.router_v6());
            write!(
                lines,
                "addr add {address}/127 dev eth0 nodad\n\
                 route add default via {gateway}\n"
            )?;
        }
        Ok(lines)
    }

    fn near_lines(&self, spec: &LabSpec) -> Result<String> {
        let mut lines = router(&self.firewall, INSIDE)
            + &format!(
                "addr add {NEAR_OUTSIDE}/31 dev outside\n\
                 route add default via {FIREWALL}\n"
            );
        if spec.ipv6 {
            write!(
                lines,
                "addr add {NEAR_OUTSIDE_V6}/127 dev outside nodad\n\
                 route add default via {FIREWALL_V6}\n"
            )?;
        }
        for wire in Wire::all(spec.nodes) {
            let (inside, address) = (wire.interface(), wire.router());
            write!(
                lines,
                "addr add {address}/31 dev {inside}\nlink set {inside} up\n"
            )?;
            if spec.ipv6 {
                let address = wire.router_v6();
                writeln!(lines, "addr add {address}/127 dev {inside} nodad")?;
            }
        }
        Ok(lines)
    }

    fn firewall_lines(&self, spec: &LabSpec) -> Result<String> {
        let mut lines = router(&self.far, INSIDE)
            + &format!(
                "addr add {FIREWALL}/31 dev {INSIDE}\n\
                 addr add {FIREWALL_OUTSIDE}/30 dev outside\n\
                 route add default via {FAR}\n"
            );
        if spec.ipv6 {
            write!(
                lines,
                "addr add {FIREWALL_V6}/127 dev {INSIDE} nodad\n\
                 addr add {FIREWALL_OUTSIDE_V6}/64 dev outside nodad\n\
                 route add default via {FAR_V6}\n"
            )?;
        }
        lines += &routes_to_nodes(spec, (NEAR_OUTSIDE, NEAR_OUTSIDE_V6));
        Ok(lines)
    }

    fn far_lines(&self, spec: &LabSpec) -> Result<String> {
        let mut lines = router(&self.internet, "eth0")
            + &format!(
                "addr add {FAR}/30 dev {INSIDE}\n\
                 addr add {FAR_OUTSIDE}/24 dev outside\n\
                 route add default via {NAMESERVER}\n"
            );
        if spec.ipv6 {
            write!(
                lines,
                "addr add {FAR_V6}/64 dev {INSIDE} nodad\n\
                 addr add {FAR_OUTSIDE_V6}/64 dev outside nodad\n\
                 route add default via {INTERNET_V6}\n"
            )?;
        }
        lines += &routes_to_nodes(spec, (FIREWALL_OUTSIDE, FIREWALL_OUTSIDE_V6));
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

/// The way back to every node.
fn routes_to_nodes(spec: &LabSpec, (v4, v6): (Ipv4Addr, Ipv6Addr)) -> String {
    let routes = Wire::all(spec.nodes).map(|wire| {
        let (node, node_v6) = (wire.node(), wire.node_v6());
        let v6 = format!("route add {node_v6}/128 via {v6}\n");
        format!("route add {node}/32 via {v4}\n") + if spec.ipv6 { &v6 } else { "" }
    });
    routes.collect()
}

/// A router whose interface `outside` leads to the next namespace; that of its inside is there already.
fn router(next: &Namespace, their_interface: &str) -> String {
    let next = next.name();
    format!(
        "link set lo up\n\
         link add outside type veth peer name {their_interface} netns {next}\n\
         link set {INSIDE} up\n\
         link set outside up\n"
    )
}

fn internet_lines(spec: &LabSpec, directory: &Directory) -> Result<String> {
    let mut lines = format!(
        "link set lo up\n\
         addr add {NAMESERVER}/24 dev eth0\n\
         addr add {SECOND_NAMESERVER}/24 dev eth0\n\
         addr add {ODDITIES}/24 dev eth0\n\
         link set eth0 up\n\
         route add {FIREWALL_OUTSIDE}/32 via {FAR_OUTSIDE}\n"
    );
    if spec.metadata.is_some() {
        writeln!(lines, "addr add {METADATA}/32 dev lo")?;
    }
    if spec.ipv6 {
        write!(
            lines,
            "addr add {INTERNET_V6}/64 dev eth0 nodad\n\
             addr add {ODDITIES_V6}/64 dev eth0 nodad\n\
             route add {FIREWALL_OUTSIDE_V6}/128 via {FAR_OUTSIDE_V6}\n"
        )?;
    }
    lines += &routes_to_nodes(spec, (FAR_OUTSIDE, FAR_OUTSIDE_V6));
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
