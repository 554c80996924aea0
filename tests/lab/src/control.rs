//! Laying faults and healing them. The faults that stand lie in a file of the lab's folder under a lock, so that
//! the process that started the lab and the commands of another terminal see, and change, the same.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::fault::{Fault, Place, Scope, Standing};
use crate::rules::{self, Laid};
use crate::servers::{dns, haproxy, wait_until};
use crate::topology::Topology;

/// A handle on a running lab: enough to change its faults, and to run programs in its namespaces.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Control {
    pub(crate) folder: PathBuf,
    pub(crate) ca_file: PathBuf,
    pub(crate) topology: Topology,
    pub(crate) directory: Directory,
    pub(crate) middleboxes: bool,
    pub(crate) dnsmasq: u32,
}

/// What can change while a lab runs.
#[derive(Default, Deserialize, Serialize)]
struct State {
    faults: Vec<Standing>,
    /// Names that were pointed elsewhere.
    pointed: dns::Overrides,
    /// Counts the hosts files, so that one can wait for the newest to be in force.
    serial: u16,
}

impl State {
    /// What the nameserver has to say differently.
    fn names(&self) -> dns::Overrides {
        let mut names = self.pointed.clone();
        for standing in &self.faults {
            if let Some(addresses) = answer_instead(standing.fault) {
                names.insert(standing.host.clone(), addresses);
            }
        }
        names
    }
}

/// What the nameserver itself answers under a fault; none: what it always does.
fn answer_instead(fault: Fault) -> Option<Vec<IpAddr>> {
    match fault {
        Fault::Nxdomain => Some(Vec::new()),
        Fault::SinkholeUnspecified => Some(vec![Ipv4Addr::UNSPECIFIED.into()]),
        Fault::SinkholeLoopback => Some(vec![Ipv4Addr::LOCALHOST.into()]),
        Fault::SinkholePrivate => Some(vec![Ipv4Addr::new(10, 255, 255, 1).into()]),
        _ => None,
    }
}

impl Control {
    /// The lab that lives in this folder.
    pub fn attach(folder: &Path) -> Result<Self> {
        let file = folder.join("control.json");
        let text =
            fs::read_to_string(&file).with_context(|| format!("no lab in {}", folder.display()))?;
        serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))
    }

    pub(crate) fn save(&self) -> Result<()> {
        fs::write(
            self.folder.join("state.json"),
            serde_json::to_string(&State::default())?,
        )?;
        fs::write(
            self.folder.join("control.json"),
            serde_json::to_string(self)?,
        )?;
        // The rules that belong to a lab without faults.
        self.change(|_| Ok(()))
    }

    /// Where logs and configurations of the servers lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The certificate of the private authority, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Lays a fault upon a host, idempotently.
    pub fn block(&self, host: &str, scope: Scope, fault: Fault) -> Result<()> {
        let host = host.to_owned();
        let standing = Standing { host, scope, fault };
        standing.check(&self.directory, self.middleboxes)?;
        self.change(move |state| {
            state.faults.retain(|other| *other != standing);
            state.faults.push(standing);
            Ok(())
        })
    }

    /// Takes every fault from a host, and points its name back to it. A host that is well stays well.
    pub fn heal(&self, host: &str) -> Result<()> {
        self.directory.target(host)?;
        self.change(|state| {
            state.faults.retain(|standing| standing.host != host);
            state.pointed.remove(host);
            Ok(())
        })
    }

    pub fn heal_all(&self) -> Result<()> {
        self.change(|state| {
            state.faults.clear();
            state.pointed.clear();
            Ok(())
        })
    }

    /// Makes the nameserver answer these addresses for a name, of a host or new; none: the name has gone.
    pub fn point(&self, name: &str, addresses: &[IpAddr]) -> Result<()> {
        self.change(|state| {
            state.pointed.insert(name.to_owned(), addresses.to_vec());
            Ok(())
        })
    }

    pub fn faults(&self) -> Result<Vec<Standing>> {
        let (_, state) = self.lock()?;
        Ok(state.faults)
    }

    /// Changes the state and makes the network follow. If it does not, the state stays as it was.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
        let (mut file, mut state) = self.lock()?;
        let before = state.names();
        change(&mut state)?;
        self.apply_rules(&state)?;
        if state.names() != before {
            state.serial += 1;
            self.apply_names(&state)?;
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(&state)?)?;
        Ok(())
    }

    fn lock(&self) -> Result<(File, State)> {
        let path = self.folder.join("state.json");
        let mut options = File::options();
        let mut file = options
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("opening {}: is the lab still up?", path.display()))?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok((file, serde_json::from_str(&text)?))
    }

    fn apply_rules(&self, state: &State) -> Result<()> {
        let laid = state.faults.iter().map(|standing| {
            let target = self.directory.target(&standing.host)?;
            Ok(Laid { standing, target })
        });
        let laid = laid.collect::<Result<Vec<_>>>()?;
        let (firewall, internet) = (&self.topology.firewall, &self.topology.internet);
        let nft = ["-f", "-"];
        firewall.feed("nft", &nft, &rules::firewall(&laid)?)?;
        internet.feed("nft", &nft, &rules::internet(&self.directory, &laid)?)?;
        firewall.feed("iptables-restore", &[], &rules::inspection(&laid, false)?)?;
        for node in &self.topology.nodes {
            node.ip_batch(&rules::node(&laid, false)?)?;
        }
        if self.middleboxes {
            haproxy::deny(&self.folder, &denied(&laid))?;
        }
        if self.directory.has_ipv6() {
            for node in &self.topology.nodes {
                node.ip6_batch(&rules::node(&laid, true)?)?;
            }
            firewall.feed("ip6tables-restore", &[], &rules::inspection(&laid, true)?)?;
        }
        Ok(())
    }

    fn apply_names(&self, state: &State) -> Result<()> {
        let serial = state.serial;
        let hosts = dns::hosts(&self.directory, &state.names(), serial);
        fs::write(self.folder.join("hosts"), hosts)?;
        let pid = Pid::from_raw(self.dnsmasq.try_into()?);
        kill(pid, Signal::SIGHUP).context("telling dnsmasq to read its names again")?;
        let internet = &self.topology.internet;
        wait_until("the new names", || {
            internet.enter(move || Ok(dns::serial() == Some(serial)))
        })
    }
}

/// Every name of a host that a middlebox denies by name.
fn denied<'a>(laid: &[Laid<'a>]) -> Vec<(Fault, &'a str)> {
    let names = |laid: &Laid<'a>| {
        let fault = laid.standing.fault;
        let by_name = fault.place() == Place::Middlebox && fault.is_by_name();
        let site = laid.target.site.filter(|_| by_name);
        let names = site.into_iter().flat_map(|site| site.spec.names());
        names.map(move |name| (fault, name.as_str()))
    };
    laid.iter().flat_map(names).collect()
}
