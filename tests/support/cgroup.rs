//! A control group with a limit of memory, as a kubelet makes one, in whichever version of cgroups this machine has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::wait::until;

/// Where a version keeps its groups, and what its files are called.
#[derive(Clone, Copy)]
struct Version {
    root: &'static str,
    limit: &'static str,
    peak: &'static str,
    /// Where the kernel counts whom it killed for want of memory.
    events: &'static str,
}

const V1: Version = Version {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
    events: "memory.oom_control",
};
const V2: Version = Version {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    peak: "memory.peak",
    events: "memory.events",
};

/// Removed when it is dropped: after everything in it has ended.
pub(crate) struct Cgroup {
    folder: PathBuf,
    version: Version,
}

impl Cgroup {
    /// A new group, which nobody else calls so, with so many bytes.
    pub(crate) fn new(name: &str, limit: u64) -> Self {
        let name = format!("egress-probe-{name}-{}", std::process::id());
        let version = if Path::new(V1.root).exists() {
            V1
        } else {
            write(
                &Path::new(V2.root).join("cgroup.subtree_control"),
                "+memory",
            );
            V2
        };
        let folder = Path::new(version.root).join(name);
        let made = fs::create_dir(&folder);
        made.unwrap_or_else(|error| {
            panic!(
                "{}: {error}; this test makes control groups, as root",
                folder.display()
            )
        });
        write(&folder.join(version.limit), &limit.to_string());
        Self { folder, version }
    }

    /// The same command in the group from its first byte on.
    pub(crate) fn around(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]);
        inside.arg(self.folder.join("cgroup.procs"));
        inside.arg(command.get_program()).args(command.get_args());
        inside.env_clear();
        let variables = command.get_envs();
        inside.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        inside
    }

    /// Processes that the kernel killed.
    pub(crate) fn killed(&self) -> u64 {
        let events = fs::read_to_string(self.folder.join(self.version.events));
        let events = events.expect("the group counts");
        let mut lines = events.lines();
        let number = lines.find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok());
        number.unwrap_or_else(|| panic!("nobody counts the killed in:\n{events}"))
    }

    /// The most that was used, in bytes, page cache and sockets included; where the kernel tells it.
    pub(crate) fn peak(&self) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join(self.version.peak)).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        until("the end of the group", || fs::remove_dir(&self.folder));
    }
}

fn write(file: &Path, text: &str) {
    let written = fs::write(file, text);
    written.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; this test limits memory, as root",
            file.display()
        )
    });
}
