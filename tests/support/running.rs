//! The agent at work on a node of the lab, and its pages as curl sees them.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use egress_lab::{Lab, Namespace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::Instant;

use super::report::{Report, Target};
use super::wait::until;
use super::{agent_on, trusting};

/// Where an agent listens that others reach at its node's address.
pub(crate) const PORT: u16 = 9100;

/// Dropping it kills it.
pub(crate) struct Running<'a> {
    node: &'a Namespace,
    child: Child,
    address: SocketAddrV4,
    log: PathBuf,
}

impl<'a> Running<'a> {
    /// On the first node. Returns when the first round is over. Every agent in one lab has a port of its own.
    pub(crate) fn start<S: AsRef<OsStr>>(
        lab: &'a Lab,
        port: u16,
        arguments: &[S],
        variables: &[(&str, &str)],
    ) -> Self {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        Self::start_on(lab, lab.node(), address, arguments, variables)
    }

    /// The same on any node, at an address of it.
    pub(crate) fn start_on<S: AsRef<OsStr>>(
        lab: &'a Lab,
        node: &'a Namespace,
        address: SocketAddrV4,
        arguments: &[S],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = agent_on(node);
        command.args(["run", "--listen", &address.to_string()]);
        command.args(trusting(lab)).args(arguments);
        command.envs(variables.iter().copied());
        Self::of(lab, node, address, command)
    }

    /// One on each node, at its address and `PORT`. All of them start before the first is awaited.
    pub(crate) fn start_everywhere(lab: &'a Lab, arguments: &[&str]) -> Vec<Self> {
        thread::scope(|scope| {
            let start = |(node, address)| {
                let address = SocketAddrV4::new(address, PORT);
                scope.spawn(move || Self::start_on(lab, node, address, arguments, &[]))
            };
            let starting: Vec<_> = lab.nodes().map(start).collect();
            let started = starting.into_iter().map(thread::ScopedJoinHandle::join);
            started
                .map(|agent| agent.expect("an agent starts"))
                .collect()
        })
    }

    /// The same for a command that runs the agent on this node, at this address.
    pub(crate) fn of(
        lab: &'a Lab,
        node: &'a Namespace,
        address: SocketAddrV4,
        mut command: Command,
    ) -> Self {
        let log = lab.folder().join(format!("agent-{address}.log"));
        let output = File::create(&log).expect("the lab's folder takes files");
        command.stdout(output.try_clone().expect("another handle"));
        let child = command.stderr(output).spawn().expect("the agent starts");
        let mut running = Self {
            node,
            child,
            address,
            log,
        };
        running.become_ready();
        running
    }

    fn become_ready(&mut self) {
        until("the first round", || {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                panic!("the agent has ended ({status}): {}", self.log());
            }
            match self.get("/readyz", &[]) {
                (200, _) => Ok(()),
                other => Err((other, self.log())),
            }
        });
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Status and body; 0 without an answer.
    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> (u16, String) {
        let headers: Vec<&str> = headers.iter().flat_map(|header| ["-H", *header]).collect();
        self.curl(path, &headers)
    }

    /// The same without a body.
    pub(crate) fn post(&self, path: &str) -> (u16, String) {
        self.curl(path, &["-X", "POST"])
    }

    fn curl(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let mut curl = self.node.command("curl");
        curl.args(["-sS", "--max-time", "10", "-w", "\n%{http_code}"]);
        let output = curl
            .args(arguments)
            .arg(format!("http://{}{path}", self.address))
            .output()
            .expect("curl starts");
        let text = String::from_utf8(output.stdout).expect("the agent writes text");
        let (body, status) = text.rsplit_once('\n').expect("curl writes the status");
        (status.parse().expect("a number"), body.to_owned())
    }

    /// The body of a page that is there.
    pub(crate) fn page(&self, path: &str, headers: &[&str]) -> String {
        let (status, body) = self.get(path, headers);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn report(&self) -> Report {
        Report::read(&self.page("/api/v1/status", &[]))
    }

    pub(crate) fn metrics(&self) -> String {
        self.page("/metrics", &[])
    }

    /// Waits until a target's verdict (see `Target::verdict`) is this one.
    pub(crate) fn await_verdict(&self, target: &str, probe: &str, verdict: &str) -> Target {
        until(&format!("{target} {probe} {verdict}"), || {
            let seen = self.report().find(target, probe).cloned();
            match seen {
                Some(target) if target.verdict() == verdict => Ok(target),
                other => Err(other.map(|target| target.line())),
            }
        })
    }

    /// Of the agent itself.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("a child of ours");
    }

    /// Asks the agent to end as a kubelet does, and waits until it has.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = until("the agent's end", || {
            let ended = self.child.try_wait().expect("a child of ours");
            ended.ok_or_else(|| self.log())
        });
        (status, asked.elapsed())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
