//! Seconds from a change of the firewall to `/metrics`: in one laboratory for each kind of change, on ten nodes at once,
//! each with its own places in time, as on the nodes of a cluster.

mod laboratory;
mod watch;

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use egress_lab::{ANYWHERE, Fault, Scope};

use crate::machine::facts;
use crate::spread::Spread;
use crate::table::Table;
use laboratory::outcome;
use watch::{Seen, is_address};

/// What happens to the network.
#[derive(Clone, Copy)]
struct Change {
    name: &'static str,
    host: &'static str,
    scope: Scope,
    fault: Fault,
    /// Whether a target, by its label, and its probe are hit by it.
    hits: fn(&str, &str) -> bool,
}

const NAME: &str = "mcr.microsoft.com";

const CHANGES: [Change; 4] = [
    Change {
        name: "one name is reset",
        host: NAME,
        scope: Scope::Tcp(443),
        fault: Fault::TlsReset,
        hits: |target, probe| target == "mcr.microsoft.com:443" && probe == "https",
    },
    Change {
        name: "one name is dropped",
        host: NAME,
        scope: Scope::Tcp(443),
        fault: Fault::Drop,
        hits: |target, probe| target == "mcr.microsoft.com:443" && probe == "https",
    },
    Change {
        name: "all of 443 is dropped",
        host: ANYWHERE,
        scope: Scope::Tcp(443),
        fault: Fault::Drop,
        hits: |target, _| target.ends_with(":443"),
    },
    Change {
        name: "DNS is dead",
        host: "nameserver",
        scope: Scope::Everything,
        fault: Fault::Drop,
        // Time servers have a pace of their own, and what is an address needs no name.
        hits: |target, probe| match probe {
            "ntp" => false,
            "dns-udp" | "dns-tcp" => true,
            _ => !is_address(target),
        },
    },
];

/// The pace of an agent, and where it listens beside those of another pace.
struct Interval {
    time: Duration,
    port: u16,
}

/// The default, and a short one.
const INTERVALS: [Interval; 2] = [
    Interval {
        time: Duration::from_mins(1),
        port: 9100,
    },
    Interval {
        time: Duration::from_secs(15),
        port: 9101,
    },
];

const HEAD: &str = "\
# Seconds from a change of the firewall to /metrics

Written by `make bench-change`, whole: change the programs, not this file. How it is measured stands in [README.md](README.md).

";

/// The results as a document. A quick one has the short interval only.
pub(crate) fn run(program: &Path, quick: bool) -> Result<String> {
    let program = program.canonicalize();
    let program = program.context("the agent is not built: cargo build --release")?;
    let intervals = &INTERVALS[usize::from(quick)..];
    let outcomes: Result<Vec<_>> = thread::scope(|scope| {
        let program = &program;
        let of = |change| scope.spawn(move || outcome(program, change, intervals));
        let running: Vec<_> = CHANGES.iter().map(of).collect();
        let ended = running.into_iter().map(|lab| match lab.join() {
            Ok(result) => result,
            Err(_) => bail!("a laboratory's thread panicked"),
        });
        ended.collect()
    });
    let mut table = Table::new(&[
        "change",
        "targets hit",
        "interval, s",
        "nodes",
        "first of them unreachable: median / worst, s",
        "all of them: median / worst, s",
    ]);
    for (change, outcome) in CHANGES.iter().zip(outcomes?) {
        for (interval, seen) in intervals.iter().zip(&outcome.seen) {
            table.row([
                change.name.to_owned(),
                outcome.hit.to_string(),
                interval.time.as_secs().to_string(),
                seen.len().to_string(),
                seconds(seen, |seen| seen.first),
                seconds(seen, |seen| seen.all),
            ]);
        }
    }
    Ok(format!("{HEAD}{}\n{table}", facts(&program, &[])))
}

fn seconds(seen: &[Seen], of: fn(&Seen) -> f64) -> String {
    let spread = Spread::of(seen.iter().map(of));
    format!("{:.1} / {:.1}", spread.median, spread.worst)
}
