//! A program as a child whose costs are read from the kernel: CPU time to the nanosecond, memory, descriptors, threads.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// A running child. Dropping it kills it.
pub(crate) struct Measured {
    name: &'static str,
    child: Child,
    pid: Pid,
    clock: ClockId,
    log: PathBuf,
}

/// In bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// All of it that is in RAM, pages of the program's file included.
    pub(crate) resident: u64,
    /// The part that is no file's: heap and stacks.
    pub(crate) anonymous: u64,
}

impl Measured {
    /// The command must be the program itself, or become it: the child's process id is what is measured.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: PathBuf) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?);
        let child = command.stderr(output).spawn();
        let child = child.with_context(|| format!("starting {name}"))?;
        let pid = Pid::from_raw(child.id().try_into()?);
        Ok(Self {
            name,
            clock: clock_getcpuclockid(pid)?,
            child,
            pid,
            log,
        })
    }

    /// Waits until `ready` says yes; a program that ended is an error with what it said.
    pub(crate) fn wait(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let mut patience = 600;
        while !ready() {
            let ended = self.child.try_wait()?;
            patience -= 1;
            if ended.is_some() || patience == 0 {
                let said = fs::read_to_string(&self.log).unwrap_or_default();
                bail!("{} is not there ({ended:?}): {}", self.name, said.trim());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// CPU time of all its threads since its start, those that ended included.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        Ok(clock_gettime(self.clock)?.into())
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = self.proc_file("status")?;
        let bytes = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            let number = value.and_then(|value| value.split_whitespace().next());
            let kibibytes: u64 = number.context(format!("{name} is missing"))?.parse()?;
            anyhow::Ok(kibibytes * 1024)
        };
        Ok(Memory {
            resident: bytes("VmRSS:")?,
            anonymous: bytes("RssAnon:")?,
        })
    }

    pub(crate) fn threads(&self) -> Result<usize> {
        self.entries("task")
    }

    pub(crate) fn descriptors(&self) -> Result<usize> {
        self.entries("fd")
    }

    fn entries(&self, folder: &str) -> Result<usize> {
        let path = format!("/proc/{}/{folder}", self.pid);
        let entries = fs::read_dir(&path).with_context(|| format!("{} has ended", self.name))?;
        Ok(entries.count())
    }

    fn proc_file(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).with_context(|| format!("{} has ended", self.name))
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to; nothing is left to do for one that has ended.
        let _ = kill(self.pid, Signal::SIGTERM);
        for _ in 0..40 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
