//! A program of the machine as a child: found, started in a namespace with a log of its own, awaited, ended.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use super::wait_until;
use crate::namespace::Namespace;

/// Programs that the lab runs, and the Debian package of each.
const PACKAGES: [(&str, &str); 11] = [
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("iptables-restore", "iptables"),
    ("ip6tables-restore", "iptables"),
    ("dnsmasq", "dnsmasq-base"),
    ("nginx", "nginx-light libnginx-mod-stream"),
    ("sshd", "openssh-server"),
    ("ssh-keygen", "openssh-client"),
    ("chronyd", "chrony"),
    ("haproxy", "haproxy"),
    ("squid", "squid"),
];

/// One sentence that names everything that is missing.
pub(crate) fn require_programs() -> Result<()> {
    let missing = PACKAGES
        .iter()
        .filter(|(program, _)| find(program).is_err());
    let (programs, packages): (Vec<&str>, Vec<&str>) = missing.copied().unzip();
    if !programs.is_empty() {
        let (programs, packages) = (programs.join(", "), packages.join(" "));
        bail!("the lab needs {programs}; on Debian: apt-get install {packages}");
    }
    Ok(())
}

/// The path of a program: as root without a login shell, /usr/sbin may be missing from PATH.
pub(crate) fn find(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut candidates = folders.map(|folder| folder.join(program));
    candidates
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("the program {program} is not installed"))
}

/// A running child. It is killed when dropped.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(
        namespace: &Namespace,
        name: &'static str,
        arguments: &[&str],
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        let mut command = namespace.command(find(name)?);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(output.try_clone()?).stderr(output);
        // Ctrl-C in a terminal is for the lab, which then ends its children in order.
        command.process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { name, child, log })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready`, asked from inside the namespace, says yes; a program that ended is an error.
    pub(crate) fn wait(
        &mut self,
        namespace: &Namespace,
        ready: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<()> {
        let name = self.name;
        let waited = wait_until(name, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} ended at once ({status})");
            }
            let ready = ready.clone();
            namespace.enter(move || Ok(ready()))
        });
        waited.with_context(|| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            format!("{} says:\n{}", self.log.display(), log.trim())
        })
    }

    pub(crate) fn kill(&mut self) {
        // Nothing is left to do if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
