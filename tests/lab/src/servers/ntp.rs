//! chronyd as an NTP server of stratum 2 that never touches the clock. It listens everywhere; the rules of
//! the internet close the port of hosts without NTP.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::process::Process;
use crate::directory::Directory;
use crate::namespace::Namespace;
use crate::spec::Service;

pub(super) fn start(
    internet: &Namespace,
    directory: &Directory,
    folder: &Path,
) -> Result<Option<Process>> {
    let servers = directory.with_service(|service| *service == Service::Ntp);
    if servers.is_empty() {
        return Ok(None);
    }
    let configuration = format!(
        "local stratum 2\n\
         allow all\n\
         cmdport 0\n\
         bindcmdaddress /\n\
         pidfile {0}/chronyd.pid\n\
         driftfile {0}/chronyd.drift\n",
        folder.display()
    );
    let file = folder.join("chronyd.conf");
    fs::write(&file, configuration)?;
    let file = file.display().to_string();
    let arguments = ["-x", "-d", "-u", "root", "-f", &file];
    Process::start(internet, "chronyd", &arguments, folder).map(Some)
}

/// Whether a client request is answered. Run inside the internet namespace.
pub(super) fn answers(server: IpAddr) -> bool {
    exchange(server).is_some_and(|length| length >= 48)
}

fn exchange(server: IpAddr) -> Option<usize> {
    let any: IpAddr = match server {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    let patience = Some(Duration::from_millis(100));
    socket.set_read_timeout(patience).ok()?;
    socket.connect((server, 123)).ok()?;
    let mut request = [0; 48];
    request[0] = 0x23; // version 4, mode 3: client
    socket.send(&request).ok()?;
    socket.recv(&mut [0; 128]).ok()
}
