//! A control group that limits memory, as a kubelet makes one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Dropping it removes the group, once nothing runs in it.
pub(crate) struct Limit {
    group: PathBuf,
    /// The files of version 1 or 2: the limit, and the most that was used.
    files: [&'static str; 2],
}

const VERSION_1: [&str; 2] = ["memory.limit_in_bytes", "memory.max_usage_in_bytes"];
const VERSION_2: [&str; 2] = ["memory.max", "memory.peak"];

impl Limit {
    /// A new group, which nobody else calls so.
    pub(crate) fn of(mebibytes: usize, name: &str) -> Self {
        let unified = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
        let (root, files) = if unified {
            ("/sys/fs/cgroup", VERSION_2)
        } else {
            ("/sys/fs/cgroup/memory", VERSION_1)
        };
        let group = Path::new(root).join(format!("egress-probe-{name}-{}", std::process::id()));
        let made = fs::create_dir(&group);
        let limited =
            made.and_then(|()| fs::write(group.join(files[0]), (mebibytes << 20).to_string()));
        if let Err(error) = limited {
            panic!(
                "cannot limit memory by {}: {error}; run the tests as root where control groups can be made",
                group.display()
            );
        }
        Self { group, files }
    }

    /// A command that does the same inside.
    pub(crate) fn over(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]);
        inside.arg(self.group.join("cgroup.procs"));
        inside.arg(command.get_program()).args(command.get_args());
        inside.env_clear();
        let variables = command.get_envs();
        inside.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        inside
    }

    /// The most that was used, in bytes, page cache and sockets included; where the kernel tells it.
    pub(crate) fn most(&self) -> Option<u64> {
        let text = fs::read_to_string(self.group.join(self.files[1])).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // It goes with the machine at the latest.
        let _ = fs::remove_dir(&self.group);
    }
}
