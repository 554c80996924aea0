//! How the commands of another terminal find the lab that runs: a file that `up` holds locked while it lives.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use egress_lab::{Control, Lab};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// What stands in the file.
#[derive(Deserialize, Serialize)]
struct Words {
    process: i32,
    folder: PathBuf,
}

/// A lab that was found.
pub(super) struct Beacon {
    path: PathBuf,
    pub(super) process: i32,
    pub(super) control: Control,
}

/// The right to be the one lab of this machine.
pub(super) struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    pub(super) fn stake(path: &Path) -> Result<Self> {
        // Not truncated: until the lock is ours, the words are another's.
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let shown = path.display();
        let file = options
            .open(path)
            .with_context(|| format!("opening {shown}"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "a lab is up already; `egress-lab status` shows it, `egress-lab down` ends it"
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).context("locking the beacon"),
        }
        file.set_len(0)?;
        let path = path.to_owned();
        Ok(Self { file, path })
    }

    /// From here on, the lab can be found.
    pub(super) fn light(&mut self, lab: &Lab) -> Result<()> {
        let words = Words {
            process: process::id().try_into()?,
            folder: lab.folder().to_owned(),
        };
        Ok(self.file.write_all(&serde_json::to_vec(&words)?)?)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Left behind, the file would only be empty of meaning: its lock has gone.
        let _ = fs::remove_file(&self.path);
    }
}

impl Beacon {
    pub(super) fn find(path: &Path) -> Result<Self> {
        let none = "no lab is up; start one with `egress-lab up --agent FILE`";
        if !is_held(path) {
            bail!(none);
        }
        let words = fs::read_to_string(path).context(none)?;
        if words.is_empty() {
            bail!("the lab is being built; try again in a moment");
        }
        let words: Words = serde_json::from_str(&words).context("reading where the lab is")?;
        Ok(Self {
            path: path.to_owned(),
            process: words.process,
            control: Control::attach(&words.folder)?,
        })
    }

    /// Asks the process of the lab to end, and waits until it has.
    pub(super) fn end(&self) -> Result<()> {
        kill(Pid::from_raw(self.process), Signal::SIGTERM).context("ending the lab")?;
        for _ in 0..300 {
            if !is_held(&self.path) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the lab's process {} does not end", self.process)
    }
}

fn is_held(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
