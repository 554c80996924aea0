//! The agent under test, as the lab knows it: how to ask for its plan, its configuration, its process.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File};
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use egress_lab::{Lab, Metadata};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::UpArguments;

/// What a cloud calls itself, and the host names of a pretended cluster in it.
pub(super) struct Cluster {
    pub(super) az_environment: &'static str,
    pub(super) location: &'static str,
    api_server_domain: &'static str,
    monitor_domain: &'static str,
}

impl Cluster {
    pub(super) fn of(cloud: &str) -> Result<Self> {
        let (az_environment, location, api_server_domain, monitor_domain) = match cloud {
            "public" => ("AzurePublicCloud", "eastus", "azmk8s.io", "azure.com"),
            "china" => (
                "AzureChinaCloud",
                "chinaeast2",
                "cx.prod.service.azk8s.cn",
                "azure.cn",
            ),
            "government" => (
                "AzureUSGovernmentCloud",
                "usgovvirginia",
                "cx.aks.containerservice.azure.us",
                "azure.us",
            ),
            _ => bail!("there is no cloud {cloud:?}; there are public, china and government"),
        };
        Ok(Self {
            az_environment,
            location,
            api_server_domain,
            monitor_domain,
        })
    }

    pub(super) fn metadata(&self) -> Metadata {
        Metadata {
            az_environment: Some(self.az_environment.to_owned()),
            location: Some(self.location.to_owned()),
        }
    }

    /// A value for every parameter of the catalogue, so that no row is left out.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let location = self.location;
        let monitor = format!("{location}-1.ingest.monitor.{}", self.monitor_domain);
        let metrics = format!(
            "{location}-1.metrics.ingest.monitor.{}",
            self.monitor_domain
        );
        vec![
            ("location", location.to_owned()),
            (
                "apiserver_fqdn",
                format!("aks-lab-12345678.hcp.{location}.{}", self.api_server_domain),
            ),
            ("apiserver_ip", "203.0.113.250".to_owned()),
            (
                "workspace_id",
                "00000000-1111-2222-3333-444444444444".to_owned(),
            ),
            ("key_vault", "labvault".to_owned()),
            ("dce_logs", format!("lab-a1b2.{monitor}")),
            ("dce_metrics", format!("lab-a1b2.{metrics}")),
            (
                "app_insights",
                format!("{location}-1.in.applicationinsights.azure.com"),
            ),
        ]
    }
}

/// The agent's own list of what it would probe. Asked in an empty network namespace, where nothing can be reached.
pub(super) fn plan(
    arguments: &UpArguments,
    cluster: &Cluster,
    nameserver: IpAddr,
) -> Result<String> {
    let mut command = Command::new("unshare");
    command.arg("--net").arg(&arguments.agent);
    command.args(["catalog", "list", "--format", "json", "--all-features"]);
    command.args(["--cloud", &arguments.cloud, "--edition", &arguments.edition]);
    for (name, value) in cluster.parameters() {
        command.arg("--set").arg(format!("{name}={value}"));
    }
    command.arg("--nameserver").arg(nameserver.to_string());
    let shown = arguments.agent.display();
    let output = command
        .output()
        .with_context(|| format!("running {shown}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{shown} catalog list` failed ({}): {}",
            output.status,
            said.trim()
        );
    }
    String::from_utf8(output.stdout).context("reading the agent's plan")
}

/// The configuration with which the agent finds this lab's servers, and nothing else.
pub(super) fn configuration(
    arguments: &UpArguments,
    cluster: &Cluster,
    nameserver: IpAddr,
    ca_file: &Path,
) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "cloud: {}", arguments.cloud)?;
    writeln!(text, "edition: \"{}\"", arguments.edition)?;
    writeln!(text, "all_features: true")?;
    writeln!(text, "parameters:")?;
    for (name, value) in cluster.parameters() {
        writeln!(text, "  {name}: \"{value}\"")?;
    }
    writeln!(text, "nameservers: [\"{nameserver}\"]")?;
    writeln!(text, "tls: {{roots: none}}")?;
    writeln!(text, "ca_files: [\"{}\"]", ca_file.display())?;
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
