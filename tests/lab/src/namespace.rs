//! A network namespace by name: commands that run inside, and closures on a thread that has entered it.
//! The calling thread never changes its own namespace.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};
use nix::sched::{CloneFlags, setns};
use serde::{Deserialize, Serialize};

/// A namespace that exists as `/run/netns/NAME`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    pub(crate) fn new(name: String) -> Self {
        Self { name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run inside; its process id is that of the program itself.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Starts a program inside, with the caller's standard streams.
    pub fn spawn<I, S>(&self, program: &str, arguments: I) -> Result<Child>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<std::ffi::OsStr>,
    {
        let mut command = self.command(program);
        let child = command.args(arguments).spawn();
        child.with_context(|| format!("starting {program} in {}", self.name))
    }

    /// Runs `work` on a new thread inside. Sockets made there stay in the namespace wherever they go.
    pub fn thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<JoinHandle<Result<T>>> {
        let path = format!("/run/netns/{}", self.name);
        let file = File::open(&path).with_context(|| format!("opening {path}"))?;
        let thread = thread::Builder::new().name(self.name.clone());
        let body = move || {
            setns(file, CloneFlags::CLONE_NEWNET).context("entering a network namespace")?;
            work()
        };
        thread.spawn(body).context("starting a thread")
    }

    /// Runs `work` inside and waits for its result.
    pub fn enter<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let thread = self.thread(work)?;
        match thread.join() {
            Ok(result) => result,
            Err(_) => bail!("a thread in {} panicked", self.name),
        }
    }

    /// Sets kernel parameters of this namespace. Names that this kernel lacks are left out.
    pub(crate) fn sysctl(&self, settings: &'static [(&'static str, &'static str)]) -> Result<()> {
        self.enter(move || {
            for (name, value) in settings {
                let path = format!("/proc/sys/{name}");
                if fs::exists(&path)? {
                    fs::write(&path, value).with_context(|| format!("writing {path}"))?;
                }
            }
            Ok(())
        })
    }

    /// Gives a program inside its standard input and expects it to succeed.
    pub(crate) fn feed(&self, program: &str, arguments: &[&str], input: &str) -> Result<()> {
        let mut command = self.command(program);
        feed(command.args(arguments), input)
    }

    pub(crate) fn ip_batch(&self, lines: &str) -> Result<()> {
        let mut command = Command::new("ip");
        feed(command.args(["-n", &self.name, "-batch", "-"]), lines)
    }

    /// The same for commands that would be about IPv4 otherwise.
    pub(crate) fn ip6_batch(&self, lines: &str) -> Result<()> {
        let mut command = Command::new("ip");
        feed(command.args(["-6", "-n", &self.name, "-batch", "-"]), lines)
    }
}

/// Runs a command with this input; what it says becomes the error if it fails.
pub(crate) fn feed(command: &mut Command, input: &str) -> Result<()> {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = streams.stderr(Stdio::piped()).spawn()?;
    // A program that ends early breaks the pipe; its message below says more than that error.
    let written = child
        .stdin
        .take()
        .map(|mut pipe| pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {}\n{input}", said.trim());
    }
    if let Some(Err(error)) = written {
        return Err(error).context("writing to a program");
    }
    Ok(())
}
