//! A terminal in which commands of the documentation run: a folder that looks like the repository, and a path on which
//! stand-ins come before the programs that cannot be had.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::block::{Block, root};
use crate::kustomize::tool;
use crate::session::{Step, matches, steps};
use crate::support::agent;

/// Far more than a busy machine needs.
const LIMIT: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(300);

/// How much of what came instead is shown.
const LINES: usize = 50;

/// What builds the laboratory, and goes on until it is ended.
pub(crate) const LAB: &str = "make -s lab";

/// Where packets of a command go.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    /// Nowhere but to itself.
    None,
    /// Where those of this test go.
    Own,
    /// Those of this network namespace.
    Of(String),
}

pub(crate) struct Terminal {
    folder: TempDir,
    variables: Vec<(String, String)>,
    pub(crate) network: Network,
    /// What goes on until the end of a block.
    running: Vec<Child>,
    lab: Option<Child>,
}

impl Terminal {
    /// The folder holds the repository both as itself and as `egress-probe`, beside a user's own files.
    pub(crate) fn open(network: Network) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("egress-probe");
        fs::create_dir(&copy).expect("a folder");
        for part in [
            "manifests",
            "dashboards",
            "Makefile",
            "Dockerfile",
            "Cargo.toml",
        ] {
            for to in [folder.path(), &copy] {
                let mut cp = Command::new("cp");
                cp.arg("-r").arg(root().join(part)).arg(to);
                assert!(cp.status().expect("cp starts").success());
            }
        }
        for empty in ["completions", "man", "zsh"] {
            fs::create_dir(folder.path().join(empty)).expect("a folder");
        }
        Self {
            folder,
            variables: Vec::new(),
            network,
            running: Vec::new(),
            lab: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, below the folder whatever its path.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("the folder takes files");
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// What the stand-ins were asked.
    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.folder().join("calls")).unwrap_or_default()
    }

    fn path() -> String {
        let stand_ins = root().join("tests/documentation/stand_ins");
        let programs = agent().parent().expect("a folder");
        let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        format!("{}:{}:{system}", stand_ins.display(), programs.display())
    }

    fn bash(&self, network: &Network, script: &str) -> Command {
        let mut command = match network {
            Network::None => {
                let mut command = Command::new("unshare");
                command.args([
                    "--net",
                    "sh",
                    "-c",
                    "ip link set lo up && exec bash \"$@\"",
                    "-",
                ]);
                command
            }
            Network::Own => Command::new("bash"),
            Network::Of(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name, "bash"]);
                command
            }
        };
        command.env_clear().env("PATH", Self::path());
        let folder = self.folder();
        command.env("SITE", folder).env("HOME", folder);
        command.env("CALLS", folder.join("calls"));
        command.env("TOOLS", tool("kubectl").parent().expect("a folder"));
        command.env("MAKEFLAGS", format!("AGENT={}", agent().display()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(folder).stdin(Stdio::null());
        command.args(["-o", "pipefail", "-c", script]);
        command
    }

    /// Runs commands that must end well. What they said is the error.
    pub(crate) fn run(&self, script: &str) -> Result<(), String> {
        let script = format!("exec 2>&1; fpath=(- \"$SITE/zsh\")\nset -e\n{script}");
        let mut bash = self.bash(&self.network, &script);
        let output = bash.output().expect("bash starts");
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stdout);
        Err(format!("{}\n{said}", output.status))
    }

    /// Goes through a session. Commands that end in `&` go on until its end, the laboratory until that of all, and what
    /// they say meanwhile comes behind what the others say.
    pub(crate) fn play(
        &mut self,
        block: &Block,
        edit: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        for step in steps(&block.text) {
            let start = self.background().len();
            let command = edit(&step.command);
            let goes_on = command.ends_with(" &") || command == LAB;
            if command == LAB {
                self.start_lab();
            } else if goes_on {
                let child = self.begin(command.trim_end_matches(" &"), self.log());
                self.running.push(child);
            }
            let run = || {
                if goes_on {
                    Ok(String::new())
                } else {
                    self.said_by(&command)
                }
            };
            let seen = || Ok(run()? + &self.background()[start..]);
            await_shown(&step, seen).map_err(|seen| {
                let seen: String = seen
                    .lines()
                    .take(LINES)
                    .flat_map(|line| [line, "\n"])
                    .collect();
                let shown = format!("$ {command}\n{}", step.shown);
                format!(
                    "{}: shown is\n{shown}\nand what came is\n{seen}",
                    block.place()
                )
            })?;
        }
        self.running.drain(..).for_each(end);
        Ok(())
    }

    /// Builds the laboratory, which stays.
    pub(crate) fn start_lab(&mut self) {
        self.lab = Some(self.begin(LAB, self.log()));
    }

    fn log(&self) -> File {
        let options = File::options()
            .create(true)
            .append(true)
            .open(self.log_path());
        options.expect("the folder takes files")
    }

    fn log_path(&self) -> PathBuf {
        self.folder().join("background.log")
    }

    fn background(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Everything that a command says; an error if it fails.
    fn said_by(&self, command: &str) -> Result<String, String> {
        let path = self.folder().join("foreground.log");
        let log = File::create(&path).expect("the folder takes files");
        let mut child = self.begin(command, log);
        let status = child.wait().expect("a child of ours");
        let said = fs::read(&path).expect("it was written");
        let said = String::from_utf8_lossy(&said).into_owned();
        if status.success() {
            Ok(said)
        } else {
            Err(format!("{said}{status}"))
        }
    }

    /// `make` and what names its namespace are of the machine; all else is of the node.
    fn begin(&self, command: &str, log: File) -> Child {
        let of_machine = command.starts_with("make ") || command.starts_with("ip netns ");
        let network = if of_machine && !matches!(self.network, Network::None) {
            &Network::Own
        } else {
            &self.network
        };
        let mut bash = self.bash(network, command);
        bash.stdout(log.try_clone().expect("another handle"))
            .stderr(log);
        bash.spawn().expect("bash starts")
    }
}

/// The state of a network comes when it comes: a command is tried until it says what is shown. An error is what came.
fn await_shown(step: &Step, seen: impl Fn() -> Result<String, String>) -> Result<(), String> {
    let end = Instant::now() + LIMIT;
    loop {
        let last = match seen() {
            Ok(seen) if step.shown.is_empty() || matches(&step.shown, &seen) => return Ok(()),
            Ok(last) | Err(last) => last,
        };
        if Instant::now() > end {
            return Err(last);
        }
        sleep(PAUSE);
    }
}

fn end(mut child: Child) {
    // The laboratory takes itself down, and `make` hands this signal on to it. What has ended needs nothing more.
    let pid = Pid::from_raw(child.id().try_into().expect("a process id"));
    let _ = kill(pid, Signal::SIGTERM);
    let _ = child.wait();
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.running.drain(..).chain(self.lab.take()).for_each(end);
    }
}
