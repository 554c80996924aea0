//! What the tests in the laboratory share: the agent as a program, its reports, and programs that are not the agent.

#![expect(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod cgroup;
pub(crate) mod check;
pub(crate) mod clients;
pub(crate) mod report;
pub(crate) mod running;
pub(crate) mod samples;
pub(crate) mod wait;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use egress_lab::{Lab, Namespace};

/// The program under test.
pub(crate) fn agent() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_egress-probe"))
}

/// The agent on the lab's (first) node.
pub(crate) fn agent_in(lab: &Lab) -> Command {
    agent_on(lab.node())
}

/// The agent on a node, with nothing of this process's environment but the path.
pub(crate) fn agent_on(node: &Namespace) -> Command {
    let mut command = node.command(agent());
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Trust in the lab's authority alone.
pub(crate) fn trusting(lab: &Lab) -> [&OsStr; 4] {
    let [roots, none, file] = ["--tls-roots", "none", "--ca-file"].map(OsStr::new);
    [roots, none, file, lab.ca_file().as_os_str()]
}

/// Writes a file into the lab's folder, which goes with the lab.
pub(crate) fn file(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let path = lab.folder().join(name);
    std::fs::write(&path, text).expect("the lab's folder takes files");
    path
}
