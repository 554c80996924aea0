//! An agent on the lab's node, and its port as curl sees it from anywhere in the lab.

use std::fs::{self, File};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use egress_lab::Namespace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::LAB;
use crate::support::cgroup::Cgroup;
use crate::support::wait::until;
use crate::support::{agent_in, trusting};

/// What every configuration here begins with.
const CONFIG: &str = "builtin: false\ncatalogs: rows.yaml\nmetadata: off\nexperiments: false\n";

/// Dropping it kills it.
pub(crate) struct Agent {
    pub(crate) folder: PathBuf,
    child: Child,
    pub(crate) address: SocketAddrV4,
    log: PathBuf,
    cgroup: Option<Cgroup>,
}

/// An answer, or none: curl's exit code says why.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A folder for what an agent is configured with.
pub(crate) fn folder(port: u16, ports: usize, config: &str) -> PathBuf {
    let folder = LAB.folder().join(format!("endpoint-{port}"));
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("rows.yaml"), crate::catalog(ports)).expect("a new file");
    fs::write(folder.join("config.yaml"), format!("{CONFIG}{config}")).expect("a new file");
    folder
}

impl Agent {
    /// With the configuration in this folder.
    pub(crate) fn start(
        port: u16,
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = command(port, folder, arguments);
        command.envs(variables.iter().copied());
        Self::of(port, folder, command, None)
    }

    /// The same in so little memory.
    pub(crate) fn start_within(
        cgroup: Cgroup,
        port: u16,
        folder: &Path,
        arguments: &[&str],
    ) -> Self {
        let command = cgroup.around(&command(port, folder, arguments));
        Self::of(port, folder, command, Some(cgroup))
    }

    fn of(port: u16, folder: &Path, mut command: Command, cgroup: Option<Cgroup>) -> Self {
        let log = folder.join("log");
        let output = File::create(&log).expect("the folder takes files");
        command.stdout(output.try_clone().expect("another handle"));
        let child = command.stderr(output).spawn().expect("the agent starts");
        let mut agent = Self {
            folder: folder.to_owned(),
            child,
            address: SocketAddrV4::new(LAB.node_address(), port),
            log,
            cgroup,
        };
        until("the port", || {
            agent.assert_alive();
            let plain = agent.curl(LAB.node(), "http", &["--max-time", "1"], "/healthz");
            // Over TLS too there is an answer in plain words.
            (plain.status != 0).then_some(()).ok_or_else(|| agent.log())
        });
        agent
    }

    /// Panics when it has ended.
    pub(crate) fn assert_alive(&mut self) {
        let ended = self.child.try_wait().expect("a child of ours");
        assert!(
            ended.is_none(),
            "the agent has ended ({ended:?}): {}",
            self.log()
        );
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn cgroup(&self) -> &Cgroup {
        self.cgroup.as_ref().expect("it was started with one")
    }

    pub(crate) fn hang_up(&self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGHUP).expect("a child of ours");
    }

    /// Asks from this namespace.
    pub(crate) fn curl(
        &self,
        from: &Namespace,
        scheme: &str,
        arguments: &[&str],
        path: &str,
    ) -> Answer {
        let mut curl = from.command("curl");
        curl.args(["-sS", "-i", "--max-time", "10"]).args(arguments);
        let url = format!("{scheme}://{}{path}", self.address);
        let output = curl.arg(url).output().expect("ip netns exec starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let said = String::from_utf8_lossy(&output.stderr);
        Answer {
            exit: output.status.code().expect("no signal ended it"),
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: if status.is_some() {
                body.to_owned()
            } else {
                said.into_owned()
            },
        }
    }

    /// Replaces a file as editors do.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let next = self.folder.join("next");
        fs::write(&next, text).expect("a new file");
        fs::rename(next, self.folder.join(name)).expect("in the same folder");
    }
}

fn command(port: u16, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = agent_in(&LAB);
    command.args([
        "run",
        "--interval",
        "1s",
        "--listen",
        &format!("0.0.0.0:{port}"),
    ]);
    command.arg("--config").arg(folder.join("config.yaml"));
    command.args(trusting(&LAB)).args(arguments);
    command
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
