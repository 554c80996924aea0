//! A catalogue is replaced by what costs whoever reads it, within the memory that the `DaemonSet` allows.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::memory::LIMIT;
use crate::support::cgroup::Cgroup;
use crate::support::running::{PORT, Running};
use crate::support::wait::until;
use crate::support::{file, trusting};
use crate::survivor::{LAB, ROWS, Survivor, bare, own_node};

/// Nine times nine times nine and so on.
fn aliases() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(text, "a{level}: &a{level} [{below}]").expect("a String takes text");
    }
    text + "entries: *a19\n"
}

/// Replaces the catalogue of a running agent, and waits for what is said of it; nothing when it is good.
fn replace(agent: &Running<'_>, rows: &Path, text: &str, said: &str) {
    let next = file(&LAB, "replaced-next.yaml", text);
    fs::rename(next, rows).expect("in the same folder");
    agent.signal(Signal::SIGHUP);
    until("a word about it", || {
        let notices = agent.report().notices.join(" ");
        let is_said = notices.contains(said) && notices.is_empty() == said.is_empty();
        is_said.then_some(()).ok_or(notices)
    });
}

fn replace_by_everything(agent: &Running<'_>, rows: &Path) {
    let endless = "entries: \"".to_owned() + &"a\n".repeat(500_000);
    for (text, said) in [
        (aliases(), "is not valid YAML"),
        ("[".repeat(1 << 20), "is not valid YAML"),
        ("\0".repeat(1 << 20), "is not valid YAML"),
        (endless, "is not valid YAML"),
        ("a".repeat(100 << 20), "is larger than 1024 KiB"),
    ] {
        replace(agent, rows, &text, said);
        replace(agent, rows, ROWS, "");
    }
}

#[test]
fn whatever_a_catalogue_is_replaced_by_is_refused_within_the_memory_that_there_is() {
    let (node, address) = own_node();
    let listen = SocketAddrV4::new(address, PORT);
    let cgroup = Cgroup::new("catalog", LIMIT);
    let rows = file(&LAB, "replaced.yaml", ROWS);
    let mut command = bare(node, listen);
    command.args(["--interval", "1s", "--catalog"]).arg(&rows);
    command.args(trusting(&LAB));
    let agent = Running::of(&LAB, LAB.firewall(), listen, cgroup.around(&command));
    // The allocator keeps what it once needed, and takes some rounds to have its fill.
    for _ in 0..3 {
        replace_by_everything(&agent, &rows);
    }
    // The second thread that reads files may be needed for the first time, and the allocator gives it memory of its own.
    let agent = Survivor::new(agent).allowing(LIMIT / 4);
    replace_by_everything(&agent, &rows);
    agent.assert_survived(&[]);
    assert_eq!(cgroup.killed(), 0);
}
