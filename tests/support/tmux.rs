//! A real terminal on the lab's node, and what somebody in front of it sees.

use std::path::PathBuf;
use std::process::Command;

use egress_lab::Lab;

/// 100 columns and 30 rows, with a shell that has no habits. Gone when dropped.
pub(crate) struct Tmux<'a> {
    lab: &'a Lab,
    socket: PathBuf,
}

impl<'a> Tmux<'a> {
    pub(crate) fn start(lab: &'a Lab, name: &str) -> Self {
        let socket = lab.folder().join(format!("{name}.tmux"));
        let tmux = Self { lab, socket };
        let size = ["-x", "100", "-y", "30"];
        let shell = "env -u NO_COLOR PS1='$ ' bash --norc --noprofile";
        tmux.run(
            &[
                &["-f", "/dev/null", "new-session", "-d"],
                &size[..],
                &[shell],
            ]
            .concat(),
        );
        tmux
    }

    fn command(&self) -> Command {
        let mut command = self.lab.node().command("tmux");
        command.arg("-S").arg(&self.socket);
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output();
        let output = output.expect("tmux starts: install it with `make packages`");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("tmux writes text")
    }

    /// Types a line.
    pub(crate) fn enter(&self, line: &str) {
        self.run(&["send-keys", "-l", line]);
        self.run(&["send-keys", "Enter"]);
    }

    pub(crate) fn interrupt(&self) {
        self.run(&["send-keys", "C-c"]);
    }

    /// The screen, without colours.
    pub(crate) fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// The screen, and what has left it at its top.
    pub(crate) fn scrollback(&self) -> String {
        self.run(&["capture-pane", "-p", "-S", "-"])
    }

    /// The screen, with the sequences that make its colours.
    pub(crate) fn painted(&self) -> String {
        self.run(&["capture-pane", "-p", "-e"])
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        // It goes with the lab otherwise.
        let _ = self.command().arg("kill-server").output();
    }
}
