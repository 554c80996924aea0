//! A control group with a limit of memory, in whichever version of cgroups this machine has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::wait::until;
use crate::survivor::field;

const V1: &str = "/sys/fs/cgroup/memory";
const V2: &str = "/sys/fs/cgroup";

/// Removed when it is dropped: after everything in it has ended.
pub(crate) struct Cgroup {
    folder: PathBuf,
    /// Where the kernel counts whom it killed for want of memory.
    events: &'static str,
}

impl Cgroup {
    pub(crate) fn new(name: &str, limit: u64) -> Self {
        let name = format!("egress-probe-{name}-{}", std::process::id());
        let (root, file, events) = if Path::new(V1).exists() {
            (V1, "memory.limit_in_bytes", "memory.oom_control")
        } else {
            write(&Path::new(V2).join("cgroup.subtree_control"), "+memory");
            (V2, "memory.max", "memory.events")
        };
        let folder = Path::new(root).join(name);
        let made = fs::create_dir(&folder);
        made.unwrap_or_else(|error| {
            panic!(
                "{}: {error}; this test makes control groups, as root",
                folder.display()
            )
        });
        write(&folder.join(file), &limit.to_string());
        Self { folder, events }
    }

    /// The same command in the group from its first byte on.
    pub(crate) fn around(&self, command: &Command) -> Command {
        let enter = format!(
            "echo $$ >{}/cgroup.procs && exec \"$@\"",
            self.folder.display()
        );
        let mut inside = Command::new("sh");
        inside.args(["-c", &enter, "sh"]).arg(command.get_program());
        inside.args(command.get_args()).env_clear();
        inside.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        inside
    }

    /// Processes that the kernel killed.
    pub(crate) fn killed(&self) -> u64 {
        let events = fs::read_to_string(self.folder.join(self.events));
        field(&events.expect("the group counts"), "oom_kill ")
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
