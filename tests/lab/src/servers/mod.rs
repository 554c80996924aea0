//! The lab's internet: real servers, each started in the internet namespace and awaited until it answers.

pub(crate) mod dns;
pub(crate) mod haproxy;
pub(crate) mod nginx;
pub(crate) mod ntp;
pub(crate) mod pages;
pub(crate) mod process;
pub(crate) mod small;
pub(crate) mod squid;
pub(crate) mod ssh;

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::ca::Authority;
use crate::directory::{Directory, FIREWALL};
use crate::spec::{LabSpec, Service};
use crate::topology::Topology;

use self::process::Process;
use self::small::SmallServers;

/// Everything that was started, in the order in which it will be stopped.
pub(crate) struct Servers {
    pub processes: Vec<Process>,
    pub small: Vec<SmallServers>,
}

impl Servers {
    /// Starts all at once and then awaits each: the lab is up as soon as the slowest is.
    pub(crate) fn start(
        topology: &Topology,
        spec: &LabSpec,
        directory: &Directory,
        folder: &Path,
    ) -> Result<Self> {
        let (internet, firewall) = (&topology.internet, &topology.firewall);
        let certificates = folder.join("certificates");
        fs::create_dir_all(&certificates)?;
        let authority = Authority::create(&certificates)?;
        let mut processes = vec![dns::start(internet, spec, directory, folder)?];
        processes.extend(ssh::start(internet, directory, folder)?);
        processes.extend(ntp::start(internet, directory, folder)?);
        processes.push(nginx::start(internet, spec, directory, &authority, folder)?);
        if spec.middleboxes {
            processes.push(haproxy::start(firewall, &authority, folder)?);
            processes.push(squid::start(firewall, folder)?);
        }
        let small = vec![
            SmallServers::start(internet, small::of_internet(spec, directory))?,
            SmallServers::start(firewall, small::of_firewall())?,
        ];
        let mut servers = Self { processes, small };
        servers.wait_until_ready(topology, directory, folder)?;
        Ok(servers)
    }

    fn wait_until_ready(
        &mut self,
        topology: &Topology,
        directory: &Directory,
        folder: &Path,
    ) -> Result<()> {
        let internet = &topology.internet;
        let https = |service: &Service| matches!(service, Service::Https { .. });
        let http = |service: &Service| matches!(service, Service::Http { .. });
        for process in &mut self.processes {
            match process.name() {
                "dnsmasq" => process.wait(internet, dns::answers)?,
                "haproxy" => {
                    let folder = folder.to_owned();
                    process.wait(&topology.firewall, move || haproxy::answers(&folder))?;
                }
                "squid" => {
                    let proxy = SocketAddr::new(FIREWALL.into(), squid::PORT);
                    process.wait(&topology.firewall, move || accepts(proxy))?;
                }
                "chronyd" => {
                    let first = first_address(directory, |service| *service == Service::Ntp);
                    process.wait(internet, move || first.is_none_or(ntp::answers))?;
                }
                "sshd" => {
                    let ssh = |service: &Service| matches!(service, Service::Ssh { .. });
                    let first = first_listener(directory, ssh);
                    process.wait(internet, move || first.is_none_or(accepts))?;
                }
                _ => {
                    let first = first_listener(directory, |s| https(s) || http(s));
                    process.wait(internet, move || first.is_none_or(accepts))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn nameserver_process(&self) -> u32 {
        self.processes[0].id()
    }

    pub(crate) fn stop(&mut self) {
        for process in &mut self.processes {
            process.kill();
        }
        self.small.clear();
    }
}

fn first_address(directory: &Directory, wanted: impl Fn(&Service) -> bool) -> Option<IpAddr> {
    directory.with_service(wanted).into_iter().next()
}

fn first_listener(directory: &Directory, wanted: impl Fn(&Service) -> bool) -> Option<SocketAddr> {
    directory.sites.iter().find_map(|site| {
        let service = site.spec.services.iter().find(|service| wanted(service))?;
        let address = site.addresses().into_iter().next()?;
        Some(SocketAddr::new(address, service.port()))
    })
}

fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// Asks again every few milliseconds, for about ten seconds.
pub(crate) fn wait_until(what: &str, mut ready: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..1000 {
        if ready()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    bail!("{what} did not become ready within ten seconds")
}
