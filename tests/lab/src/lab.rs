//! A running laboratory: started from a specification, gone when dropped.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::unistd::geteuid;

use crate::ca::{CA, INSPECTION_CA};
use crate::control::Control;
use crate::directory::{Directory, FIREWALL, METADATA, NAMESERVER, NODE, SECOND_NAMESERVER};
use crate::fault::{Fault, Scope, Standing};
use crate::guard::{Guard, remove_leftovers};
use crate::namespace::Namespace;
use crate::servers::process::require_programs;
use crate::servers::{Servers, squid};
use crate::spec::LabSpec;
use crate::topology::{Topology, resolv_conf};
use crate::wire::Wire;

/// Node, firewall and internet with their servers. Several labs live side by side.
pub struct Lab {
    control: Control,
    resolv_conf: PathBuf,
    servers: Servers,
    /// Last: the servers are stopped before their namespaces are removed.
    guard: Guard,
}

impl Lab {
    /// Where every lab has its nameserver, known before it is started.
    pub const NAMESERVER: IpAddr = IpAddr::V4(NAMESERVER);

    /// Returns when every server answers.
    pub fn start(spec: &LabSpec) -> Result<Self> {
        require_root()?;
        require_programs()?;
        remove_leftovers()?;
        let directory = Directory::new(spec)?;
        let guard = Guard::start()?;
        let folder = guard.folder.clone();
        let topology = Topology::create(&guard.id, spec, &directory).context("wiring the lab")?;
        let servers = Servers::start(&topology, spec, &directory, &folder)?;
        let resolv_conf_file = folder.join("resolv.conf");
        fs::write(&resolv_conf_file, resolv_conf(spec)?)?;
        let control = Control {
            ca_file: folder.join("certificates").join(CA),
            middleboxes: spec.middleboxes,
            folder,
            topology,
            directory,
            dnsmasq: servers.nameserver_process(),
        };
        control.save()?;
        Ok(Self {
            control,
            resolv_conf: resolv_conf_file,
            servers,
            guard,
        })
    }

    /// What commands of another process need to change this lab.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Where logs and configurations of the servers lie.
    pub fn folder(&self) -> &Path {
        &self.guard.folder
    }

    /// The first node.
    pub fn node(&self) -> &Namespace {
        self.control.topology.node()
    }

    /// Every node with its address.
    pub fn nodes(&self) -> impl Iterator<Item = (&Namespace, Ipv4Addr)> {
        let nodes = &self.control.topology.nodes;
        let wires = Wire::all(u8::MAX);
        nodes.iter().zip(wires.map(Wire::node))
    }

    pub fn firewall(&self) -> &Namespace {
        &self.control.topology.firewall
    }

    pub fn internet(&self) -> &Namespace {
        &self.control.topology.internet
    }

    /// The certificate of the private authority, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.control.ca_file
    }

    /// The certificate of the authority that signs anew what `Fault::TlsInspected` opens, PEM.
    pub fn inspection_ca_file(&self) -> PathBuf {
        self.guard.folder.join("certificates").join(INSPECTION_CA)
    }

    pub fn resolv_conf(&self) -> &Path {
        &self.resolv_conf
    }

    /// That of the first node.
    pub fn node_address(&self) -> Ipv4Addr {
        NODE
    }

    pub fn nameserver(&self) -> IpAddr {
        Self::NAMESERVER
    }

    /// An address of the internet whose port 53 is closed, unless the specification asked for a second nameserver.
    pub fn second_nameserver(&self) -> IpAddr {
        SECOND_NAMESERVER.into()
    }

    /// The explicit proxy, if the specification asked for middleboxes.
    pub fn proxy_url(&self) -> String {
        format!("http://{FIREWALL}:{}", squid::PORT)
    }

    /// Where the node finds the instance metadata service, if the specification asked for one.
    pub fn metadata_url(&self) -> String {
        format!("http://{METADATA}")
    }

    /// The (first) IPv4 address of a host.
    ///
    /// # Panics
    /// If the lab has no such host: a mistake in the test.
    pub fn address_of(&self, host: &str) -> Ipv4Addr {
        self.addresses_of(host)[0]
    }

    /// # Panics
    /// If the lab has no such host: a mistake in the test.
    pub fn addresses_of(&self, host: &str) -> &[Ipv4Addr] {
        let Some(site) = self.control.directory.site(host) else {
            panic!("the lab has no host {host:?}");
        };
        &site.v4
    }

    /// The IPv6 address of a host whose specification asked for one.
    pub fn ipv6_address_of(&self, host: &str) -> Option<Ipv6Addr> {
        let site = self.control.directory.site(host)?;
        site.v6.first().copied()
    }

    /// Lays a fault upon all ports of a host (see `Standing::host` for what may stand for one).
    pub fn block(&self, host: &str, fault: Fault) -> Result<()> {
        self.control.block(host, Scope::Everything, fault)
    }

    /// Lays a fault upon one port: `443`, or `Scope::Udp(53)`.
    pub fn block_port(&self, host: &str, port: impl Into<Scope>, fault: Fault) -> Result<()> {
        self.control.block(host, port.into(), fault)
    }

    /// Makes the nameserver answer these addresses for a name; none: the name does not exist. `heal` undoes it.
    pub fn point(&self, name: &str, addresses: &[IpAddr]) -> Result<()> {
        self.control.point(name, addresses)
    }

    pub fn heal(&self, host: &str) -> Result<()> {
        self.control.heal(host)
    }

    pub fn heal_all(&self) -> Result<()> {
        self.control.heal_all()
    }

    pub fn faults(&self) -> Result<Vec<Standing>> {
        self.control.faults()
    }
}

pub(crate) fn require_root() -> Result<()> {
    ensure!(
        geteuid().is_root(),
        "the lab needs root: it makes network namespaces"
    );
    Ok(())
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.servers.stop();
    }
}
