//! The agent on a node of a laboratory.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use egress_lab::{Lab, Namespace};

use crate::http::{Answer, get};
use crate::measured::Measured;

/// Dropping it kills it.
pub(crate) struct LabAgent<'a> {
    pub(crate) node: &'a Namespace,
    pub(crate) address: SocketAddr,
    pub(crate) process: Measured,
}

impl<'a> LabAgent<'a> {
    /// With the lab's nameserver and authority. `name` tells it from others: it decides the agent's place in time.
    pub(crate) fn start(
        program: &Path,
        lab: &Lab,
        node: &'a Namespace,
        (name, port): (&str, u16),
        arguments: &[String],
    ) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = node.command(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("NODE_NAME", name);
        command.args([
            "run",
            "--metadata",
            "off",
            "--tls-roots",
            "none",
            "--ca-file",
        ]);
        command.arg(lab.ca_file());
        command.args(["--nameserver", &lab.nameserver().to_string()]);
        command
            .args(["--listen", &address.to_string()])
            .args(arguments);
        let log = lab.folder().join(format!("agent-{name}-{port}.log"));
        Ok(Self {
            node,
            address,
            process: Measured::start("the agent", &mut command, log)?,
        })
    }

    /// Waits until its first round is over.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let (node, address) = (self.node, self.address);
        let ready = || node.enter(move || get(address, "/readyz")).is_ok();
        self.process.wait(ready)
    }

    pub(crate) fn get(&self, path: &'static str) -> Result<Answer> {
        let address = self.address;
        self.node.enter(move || get(address, path))
    }
}
