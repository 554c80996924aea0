//! A pretended cluster: what its cloud calls itself, and a value for every parameter of the catalogue.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::lab::{Lab, require_root};
use crate::spec::Metadata;

/// One cluster in one cloud.
#[derive(Clone, Copy, Debug)]
pub struct Cluster {
    /// As the agent's `--cloud` takes it.
    pub cloud: &'static str,
    pub az_environment: &'static str,
    pub location: &'static str,
    api_server_domain: &'static str,
    monitor_domain: &'static str,
}

impl Cluster {
    pub const PUBLIC: Self = Self {
        cloud: "public",
        az_environment: "AzurePublicCloud",
        location: "eastus",
        api_server_domain: "azmk8s.io",
        monitor_domain: "azure.com",
    };
    pub const CHINA: Self = Self {
        cloud: "china",
        az_environment: "AzureChinaCloud",
        location: "chinaeast2",
        api_server_domain: "cx.prod.service.azk8s.cn",
        monitor_domain: "azure.cn",
    };
    pub const GOVERNMENT: Self = Self {
        cloud: "government",
        az_environment: "AzureUSGovernmentCloud",
        location: "usgovvirginia",
        api_server_domain: "cx.aks.containerservice.azure.us",
        monitor_domain: "azure.us",
    };

    pub fn of(cloud: &str) -> Result<Self> {
        let all = [Self::PUBLIC, Self::CHINA, Self::GOVERNMENT];
        let Some(cluster) = all.into_iter().find(|cluster| cluster.cloud == cloud) else {
            bail!("there is no cloud {cloud:?}; there are public, china and government");
        };
        Ok(cluster)
    }

    pub fn metadata(&self) -> Metadata {
        Metadata {
            az_environment: Some(self.az_environment.to_owned()),
            location: Some(self.location.to_owned()),
        }
    }

    pub fn api_server(&self) -> String {
        let (location, domain) = (self.location, self.api_server_domain);
        format!("aks-lab-12345678.hcp.{location}.{domain}")
    }

    /// A value for every parameter of the catalogue, so that no row is left out.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let (location, domain) = (self.location, self.monitor_domain);
        let region = format!("{location}-1");
        let workspace = "00000000-1111-2222-3333-444444444444";
        vec![
            ("location", location.to_owned()),
            ("apiserver_fqdn", self.api_server()),
            ("apiserver_ip", "203.0.113.250".to_owned()),
            ("workspace_id", workspace.to_owned()),
            ("key_vault", "labvault".to_owned()),
            (
                "dce_logs",
                format!("lab-a1b2.{region}.ingest.monitor.{domain}"),
            ),
            (
                "dce_metrics",
                format!("lab-a1b2.{region}.metrics.ingest.monitor.{domain}"),
            ),
            (
                "app_insights",
                format!("{region}.in.applicationinsights.azure.com"),
            ),
        ]
    }

    /// The agent's own list of what it would probe with all features. Asked in an empty network namespace, where
    /// nothing can be reached.
    pub fn plan(&self, agent: &Path, edition: &str, more: &[&str]) -> Result<String> {
        require_root()?;
        let mut command = Command::new("unshare");
        command.arg("--net").arg(agent);
        command.args(["catalog", "list", "--format", "json", "--all-features"]);
        command.args(["--cloud", self.cloud, "--edition", edition]);
        for (name, value) in self.parameters() {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let nameserver = Lab::NAMESERVER.to_string();
        command.args(["--nameserver", &nameserver]).args(more);
        let shown = agent.display();
        let output = command
            .output()
            .with_context(|| format!("running {shown}"))?;
        if !output.status.success() {
            let (status, said) = (output.status, String::from_utf8_lossy(&output.stderr));
            bail!("`{shown} catalog list` failed ({status}): {}", said.trim());
        }
        String::from_utf8(output.stdout).context("reading the agent's plan")
    }
}
