//! `egress-probe check` on the lab's node, and what it said.

use std::ffi::OsStr;
use std::process::Command;

use egress_lab::Lab;

use super::report::Report;
use super::{agent_in, trusting};

/// What a run of `check` left behind.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Check {
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the agent writes text");
        Self {
            exit: output.status.code().expect("no signal ended it"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub(crate) fn report(&self) -> Report {
        let said = &self.stderr;
        assert!(!self.stdout.is_empty(), "no report, but: {said}");
        Report::read(&self.stdout)
    }
}

/// Without any trust but what these arguments give.
pub(crate) fn distrusting<S: AsRef<OsStr>>(lab: &Lab, arguments: &[S]) -> Check {
    let mut command = agent_in(lab);
    command.args(["check", "--metadata", "off"]).args(arguments);
    Check::of(command)
}

/// With these arguments, in the form that they ask for.
pub(crate) fn check<S: AsRef<OsStr>>(lab: &Lab, arguments: &[S]) -> Check {
    let mut command = agent_in(lab);
    command.args(["check", "--metadata", "off"]);
    command.args(trusting(lab)).args(arguments);
    Check::of(command)
}

/// The same as JSON, read.
pub(crate) fn checked<S: AsRef<OsStr>>(lab: &Lab, arguments: &[S]) -> (i32, Report) {
    let json = ["--format", "json"].map(OsStr::new);
    let all: Vec<_> = json
        .into_iter()
        .chain(arguments.iter().map(AsRef::as_ref))
        .collect();
    let check = check(lab, &all);
    (check.exit, check.report())
}
