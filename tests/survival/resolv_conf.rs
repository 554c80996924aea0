//! The node's resolv.conf is emptied, taken away, replaced by anything, and comes back.

use std::fs;
use std::path::Path;

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

#[test]
fn whatever_takes_the_place_of_resolv_conf_changes_nothing_and_an_empty_one_is_believed() {
    let good = format!("nameserver {}\n", LAB.nameserver());
    let path = file(&LAB, "survival-resolv.conf", &good);
    let name = path.to_str().expect("a path of plain letters");
    let agent = Survivor::start(own_node(), &["--resolv-conf", name, "--log-level", "debug"]);
    let kept = |log: &str| log.matches("the nameservers of before are kept").count();
    for place in PLACES {
        let before = kept(&agent.log());
        fs::remove_file(&path).expect("it was there");
        place(&path);
        until("a look at it", || {
            let log = agent.log();
            (kept(&log) > before).then_some(()).ok_or(log)
        });
        let next = file(&LAB, "survival-next.conf", &good);
        fs::rename(next, &path).expect("in the same folder");
    }
    agent.assert_survived(&[]);

    fs::write(&path, "").expect("a file");
    agent.await_verdict(
        "127.0.0.1:53",
        "dns-udp",
        "unreachable exchange connection_refused",
    );
    fs::write(&path, &good).expect("a file");
    agent.assert_survived(&["connection_refused"]);
}
