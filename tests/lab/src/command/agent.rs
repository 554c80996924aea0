//! The agent under test, as the lab knows it: its configuration, its process.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use egress_lab::{Cluster, Lab};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::UpArguments;

/// The configuration with which the agent finds this lab's servers, and nothing else.
pub(super) fn configuration(
    arguments: &UpArguments,
    cluster: &Cluster,
    lab: &Lab,
) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "cloud: {}", arguments.cloud)?;
    writeln!(text, "edition: \"{}\"", arguments.edition)?;
    writeln!(text, "all_features: true")?;
    writeln!(text, "parameters:")?;
    for (name, value) in cluster.parameters() {
        writeln!(text, "  {name}: \"{value}\"")?;
    }
    writeln!(text, "nameservers: [\"{}\"]", lab.nameserver())?;
    writeln!(text, "tls: {{roots: none}}")?;
    writeln!(text, "ca_files: [\"{}\"]", lab.ca_file().display())?;
    if arguments.proxy {
        writeln!(text, "proxy: {{url: \"{}\"}}", lab.proxy_url())?;
    }
    writeln!(text, "probe: {{interval: 5s}}")?;
    writeln!(text, "web: {{listen: \"0.0.0.0:9100\"}}")?;
    Ok(text)
}

/// The agent at work on the lab's node. Dropping it kills it.
pub(super) struct Agent {
    child: Child,
    pub(super) log: PathBuf,
}

impl Agent {
    pub(super) fn start(lab: &Lab, program: &Path, configuration: &str) -> Result<Self> {
        let file = lab.folder().join("config.yaml");
        fs::write(&file, configuration)?;
        let log = lab.folder().join("agent.log");
        let output = File::create(&log)?;
        let program = program
            .canonicalize()
            .unwrap_or_else(|_| program.to_owned());
        let mut command = lab.node().command(program);
        command.args([OsStr::new("run"), OsStr::new("--config"), file.as_os_str()]);
        command.stdout(output.try_clone()?).stderr(output);
        // Ctrl-C is for the lab, which ends the agent in order.
        let child = command
            .process_group(0)
            .spawn()
            .context("starting the agent")?;
        Ok(Self { child, log })
    }

    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends it as a kubelet does: a request, some time, and no mercy after that.
    pub(super) fn stop(&mut self) -> Result<()> {
        kill(Pid::from_raw(self.child.id().try_into()?), Signal::SIGTERM)?;
        for _ in 0..100 {
            if self.ended()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.child.kill()?;
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
