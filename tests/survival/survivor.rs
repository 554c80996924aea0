//! An agent to which something will be done, and what it must be like afterwards.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Deref;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use egress_lab::{HostSpec, Lab, LabSpec, Namespace, Service};

use crate::support::report::Target;
use crate::support::running::{PORT, Running};
use crate::support::wait::until;
use crate::support::{agent_on, file, trusting};

/// One internet for all, and a node for each.
pub(crate) static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let hosts = [
        HostSpec::new("web.example").https().http(),
        HostSpec::new("shell.example").ssh().tcp(9000),
        HostSpec::new("more.example").https(),
        HostSpec::new("time.example").ntp(),
        HostSpec::new("odd.example"),
        many(),
    ];
    let spec = LabSpec {
        nodes: NODES,
        ipv6: false,
        ..LabSpec::of(hosts)
    };
    let lab = Lab::start(&spec).expect("the lab starts");
    file(&lab, "rows.yaml", ROWS);
    lab
});

/// One host with so many ports of three kinds.
pub(crate) const MANY: u16 = 166;

fn many() -> HostSpec {
    let ports = (0..MANY).map(|port| [10_000, 20_000, 30_000].map(|first| first + port));
    ports.fold(HostSpec::new("many.example"), |host, [https, http, tcp]| {
        let (port, alpn) = (https, Vec::new());
        host.with(Service::Https { port, alpn })
            .with(Service::Http { port: http })
            .tcp(tcp)
    })
}

const NODES: u8 = 13;

pub(crate) const ROWS: &str = "entries:
  - {name: web, hosts: [\"web.example\"], protocols: {https: {port: 443}, http: {port: 80}}}
  - {name: shell, hosts: [\"shell.example\"], protocols: {ssh: {port: 22}, tcp: {port: 9000}}}
";

/// A node that no other test has, with its address.
pub(crate) fn own_node() -> (&'static Namespace, Ipv4Addr) {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let free = LAB.nodes().nth(TAKEN.fetch_add(1, Ordering::Relaxed));
    free.expect("NODES is the number of tests that take one")
}

/// The agent on a node with the rows that are there, quick and without what a cloud would tell it.
pub(crate) fn quick<S: AsRef<OsStr>>(
    node: &Namespace,
    listen: SocketAddrV4,
    more: &[S],
) -> Command {
    let mut command = bare(node, listen);
    command.arg("--catalog").arg(LAB.folder().join("rows.yaml"));
    command.args(["--interval", "1s"]);
    command.args(trusting(&LAB)).args(more);
    command
}

/// The same without any row, at the usual pace.
pub(crate) fn bare(node: &Namespace, listen: SocketAddrV4) -> Command {
    let mut command = agent_on(node);
    command.args(["run", "--listen", &listen.to_string()]);
    command.args(["--no-builtin", "--metadata", "off"]);
    command
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    files: usize,
    threads: usize,
    /// Anonymous memory, in bytes.
    memory: u64,
}

impl Held {
    /// What may come and go: connections under way, pages of memory.
    const MORE_FILES: usize = 3;
    /// The second one that reads files stays once it was needed.
    const MORE_THREADS: usize = 1;
    const MORE_MEMORY: u64 = 4 << 20;

    pub(crate) fn by(pid: u32) -> Self {
        let read = |name: &str| {
            let file = fs::read_to_string(format!("/proc/{pid}/{name}"));
            file.expect("the agent lives")
        };
        let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("the agent lives");
        let threads = field(&read("status"), "Threads:");
        Self {
            files: files.count(),
            threads: usize::try_from(threads).expect("a small number"),
            memory: field(&read("smaps_rollup"), "Anonymous:") << 10,
        }
    }

    pub(crate) fn is_about(self, before: Self) -> bool {
        self.is_within(before, Self::MORE_MEMORY)
    }

    fn is_within(self, before: Self, more_memory: u64) -> bool {
        self.files <= before.files + Self::MORE_FILES
            && self.threads <= before.threads + Self::MORE_THREADS
            && self.memory <= before.memory + more_memory
    }
}

/// The first number after a word that begins a line.
pub(crate) fn field(text: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no {word} in:\n{text}"))
}

/// A running agent of which it is known what it was like while all was well.
pub(crate) struct Survivor {
    running: Running<'static>,
    targets: Vec<String>,
    held: Held,
    more_memory: u64,
}

impl Deref for Survivor {
    type Target = Running<'static>;

    fn deref(&self) -> &Running<'static> {
        &self.running
    }
}

impl Survivor {
    /// On this node. It is watched from the firewall, and so takes nothing of the node's.
    pub(crate) fn start((node, address): (&Namespace, Ipv4Addr), more: &[&str]) -> Self {
        let listen = SocketAddrV4::new(address, PORT);
        let command = quick(node, listen, more);
        Self::new(Running::of(&LAB, LAB.firewall(), listen, command))
    }

    /// When everything that it tests is well.
    pub(crate) fn new(running: Running<'static>) -> Self {
        let targets = await_all_well(&running);
        // Connections under way come and go: the least of some looks has few of them.
        let looks = (0..10).map(|_| {
            sleep(Duration::from_millis(20));
            Held::by(running.pid())
        });
        let held = looks.min_by_key(|held| (held.threads, held.files));
        Self {
            held: held.expect("ten looks"),
            targets,
            running,
            more_memory: Held::MORE_MEMORY,
        }
    }

    /// With so many bytes more than usual.
    pub(crate) fn allowing(self, more_memory: u64) -> Self {
        Self {
            more_memory,
            ..self
        }
    }

    /// The same process has all its targets, all are well, it holds no more than before, and of what it has said since
    /// its start these are the only reasons.
    pub(crate) fn assert_survived(&self, reasons: &[&str]) {
        assert_eq!(await_all_well(self), self.targets, "no target is lost");
        until("no more than it held before", || {
            let now = Held::by(self.pid());
            let is_about = now.is_within(self.held, self.more_memory);
            is_about.then_some(()).ok_or((now, self.held))
        });
        let said = self.reasons();
        let unexpected: Vec<_> = said
            .iter()
            .filter(|reason| !reasons.contains(&reason.as_str()))
            .collect();
        assert!(unexpected.is_empty(), "{unexpected:?}: {}", self.log());
        assert!(!self.log().contains("panicked"), "{}", self.log());
        assert_eq!(self.get("/healthz", &[]).0, 200);
    }

    /// What it tests.
    pub(crate) fn targets(&self) -> &[String] {
        &self.targets
    }

    /// Why attempts have failed since the start.
    pub(crate) fn reasons(&self) -> BTreeSet<String> {
        const FAMILY: &str = "egress_probe_failures_by_reason_total{";
        let metrics = self.metrics();
        let lines = metrics.lines().filter(|line| line.starts_with(FAMILY));
        let reasons = lines.filter_map(|line| line.split_once("reason=\"")?.1.split('"').next());
        reasons.map(str::to_owned).collect()
    }

    /// Waits until all targets say this.
    pub(crate) fn await_all(&self, verdicts: &[&str]) {
        until(&format!("{verdicts:?} everywhere"), || {
            let report = self.report();
            let other = report.targets.iter().find(|target| {
                let verdict = target.verdict();
                !verdicts.contains(&verdict.as_str())
            });
            other.map_or(Ok(()), |target| Err(target.line()))
        });
    }
}

/// Attempts of all targets since the start.
pub(crate) fn attempts(agent: &Running<'_>) -> f64 {
    attempts_in(&agent.metrics())
}

/// The same of an exposition.
pub(crate) fn attempts_in(metrics: &str) -> f64 {
    const FAMILY: &str = "egress_probe_attempts_total{";
    let lines = metrics.lines().filter(|line| line.starts_with(FAMILY));
    lines
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

/// Waits until every target is plainly reachable, and lists them.
fn await_all_well(running: &Running<'_>) -> Vec<String> {
    until("all targets well", || {
        let report = running.report();
        let troubled = report.troubled();
        let all = report.targets.iter().map(Target::line).collect();
        troubled.is_empty().then_some(all).ok_or(troubled)
    })
}
