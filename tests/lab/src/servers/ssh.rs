//! One sshd for all hosts with SSH. It listens everywhere; the rules of the internet close the port of hosts
//! without, because sshd takes 16 addresses at most.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::process::{Process, find};
use crate::directory::Directory;
use crate::namespace::{Namespace, feed};
use crate::spec::Service;

pub(crate) fn ports(directory: &Directory) -> BTreeSet<u16> {
    let services = directory.sites.iter().flat_map(|site| &site.spec.services);
    let ssh = services.filter(|service| matches!(service, Service::Ssh { .. }));
    ssh.map(Service::port).collect()
}

pub(super) fn start(
    internet: &Namespace,
    directory: &Directory,
    folder: &Path,
) -> Result<Option<Process>> {
    let ports = ports(directory);
    if ports.is_empty() {
        return Ok(None);
    }
    // sshd's separated half lives in this folder, which Debian makes only when the service starts.
    fs::create_dir_all("/run/sshd").context("making /run/sshd, which sshd needs")?;
    let key = folder.join("ssh_host_key");
    let mut keygen = Command::new(find("ssh-keygen")?);
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "egress-lab", "-f"]);
    feed(keygen.arg(&key), "")?;

    let mut configuration = format!(
        "HostKey {}\n\
         PidFile none\n\
         UsePAM no\n\
         UseDNS no\n\
         PasswordAuthentication no\n\
         AuthorizedKeysFile none\n\
         LoginGraceTime 20\n\
         MaxStartups 1000\n",
        key.display()
    );
    for port in ports {
        // Writing to a String cannot fail.
        let _ = writeln!(configuration, "Port {port}");
    }
    let file = folder.join("sshd.conf");
    // OpenSSH 9.8 learned to punish peers that leave before they log in, as a probe does; older ones refuse the option.
    let lenient = format!("{configuration}PerSourcePenalties no\n");
    fs::write(&file, lenient)?;
    if feed(
        Command::new(find("sshd")?).arg("-t").arg("-f").arg(&file),
        "",
    )
    .is_err()
    {
        fs::write(&file, configuration)?;
    }
    let arguments = ["-D", "-e", "-f", &file.display().to_string()];
    Process::start(internet, "sshd", &arguments, folder).map(Some)
}
