//! The node's resolv.conf is emptied, taken away, replaced by anything, and comes back.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::file;
use crate::support::wait::until;
use crate::survivor::{LAB, Survivor, own_node};

type Place = fn(&Path);

/// What is no list of nameservers, whatever it is.
const PLACES: [Place; 3] = [
    |_| {},
    |path| mkfifo(path, Mode::S_IRWXU).expect("a pipe"),
    |path| {
        let file = fs::File::create(path).expect("a file");
        file.set_len(100 << 20).expect("it takes no room");
    },
];

fn good() -> String {
    format!("nameserver {}\n", LAB.nameserver())
}

/// An agent with a file of its own, all of whose looks are logged.
fn with_file(name: &str) -> (PathBuf, Survivor) {
    let path = file(&LAB, name, &good());
    let flag = path.to_str().expect("a path of plain letters");
    let more = ["--resolv-conf", flag, "--log-level", "debug"];
    let agent = Survivor::start(own_node(), &more);
    (path, agent)
}

fn whatever_takes_its_place_changes_nothing() {
    let (path, agent) = with_file("replaced.conf");
    let kept = |log: &str| log.matches("the nameservers of before are kept").count();
    for place in PLACES {
        fs::remove_file(&path).expect("it was there");
        place(&path);
        let before = kept(&agent.log());
        until("a look at it", || {
            let log = agent.log();
            (kept(&log) > before).then_some(()).ok_or(log)
        });
        agent.await_all(&["reachable"]);
        let next = file(&LAB, "replaced-next.conf", &good());
        fs::rename(next, &path).expect("in the same folder");
    }
    agent.assert_survived(&[]);
}

/// As the system's resolver takes it: this node is asked.
fn an_empty_one_is_believed() {
    let (path, agent) = with_file("emptied.conf");
    fs::write(&path, "").expect("a file");
    let closed = "unreachable exchange connection_refused";
    agent.await_verdict("127.0.0.1:53", "dns-udp", closed);
    fs::write(&path, good()).expect("a file");
    agent.assert_survived(&["connection_refused"]);
}

#[test]
fn whatever_takes_the_place_of_resolv_conf_changes_nothing_and_an_empty_one_is_believed() {
    // Side by side: most of the time is spent waiting for looks at the file.
    thread::scope(|scope| {
        scope.spawn(whatever_takes_its_place_changes_nothing);
        scope.spawn(an_empty_one_is_believed);
    });
}
