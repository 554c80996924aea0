//! Limits of a process that others set while it runs, by util-linux' prlimit.

use std::process::Command;

/// As `prlimit` takes it: `nofile=8`. The hard limit stays, so that it can be lifted again.
pub(crate) fn limit(pid: u32, resource: &str, most: u64) {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &pid.to_string()]);
    command.arg(format!("--{resource}={most}:"));
    let status = command.status().expect("prlimit starts");
    assert!(status.success(), "{command:?}");
}
