//! The results as Markdown.

use std::fmt::Write;
use std::fs;

use super::work::Kind;
use super::{Pair, Results};
use crate::machine::facts;
use crate::spread::Spread;
use crate::table::Table;

const MIB: f64 = 1024.0 * 1024.0;
/// Those of a goal about memory.
const FEW: u16 = 34;

const HEAD: &str = "\
# Results

Written by `make bench`, whole: change the programs, not this file. What the numbers mean and how they are measured stands in
[README.md](README.md).

";

impl Results {
    pub(super) fn document(&self) -> String {
        let versions: [&[&str]; 4] = [
            &[super::blackbox::PROGRAM, "--version"],
            &["prometheus", "--version"],
            &["/usr/sbin/nginx", "-v"],
            &["/usr/sbin/dnsmasq", "--version"],
        ];
        let mut text = HEAD.to_owned() + &facts(&self.program, &versions);
        for (title, table) in [
            ("Goals", self.goals().to_string()),
            ("CPU and memory", self.costs()),
            ("Latency", self.latencies().to_string()),
            ("Scrapes of the agent", self.scrapes().to_string()),
        ] {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n## {title}\n\n{table}");
        }
        text
    }

    fn goals(&self) -> Table {
        let mut table = Table::new(&["goal", "at most", "measured", "met"]);
        let mut goal = |what: &str, most: f64, measured: f64| {
            let met = if measured <= most { "yes" } else { "no" };
            table.row([what, &format!("{most}"), &format!("{measured:.2}"), met]);
        };
        let https = || self.pairs.iter().filter(|pair| pair.kind == Kind::Https);
        for pair in https() {
            let targets = pair.load.targets;
            goal(
                &format!("CPU per https probe, of blackbox_exporter's, {targets} targets"),
                0.28,
                pair.cpu_ratio(),
            );
        }
        for pair in https() {
            let targets = pair.load.targets;
            goal(
                &format!("RSS, of blackbox_exporter's, {targets} targets"),
                0.33,
                pair.memory_ratio(),
            );
        }
        for pair in https().filter(|pair| pair.load.targets == FEW) {
            let resident = mebibytes(pair.agent.memory.resident);
            goal(
                &format!("RSS with {FEW} targets and scrapes, MiB"),
                8.0,
                resident,
            );
        }
        for scrapes in &self.scrapes {
            let targets = scrapes.load.targets;
            goal(
                &format!("worst probe with scrapes, of the worst without, {targets} targets"),
                1.5,
                scrapes.slowed(),
            );
        }
        let bytes = fs::metadata(&self.program).map_or(0, |file| file.len());
        goal("size of the binary, MB", 6.0, count(bytes) / 1e6);
        table
    }

    fn costs(&self) -> String {
        let mut table = Table::new(&[
            "probe",
            "targets",
            "interval, s",
            "probes, agent",
            "probes, blackbox",
            "CPU ms per probe, agent",
            "CPU, blackbox",
            "CPU, ratio",
            "RSS MiB (anonymous), agent",
            "RSS, blackbox",
            "RSS, ratio",
        ]);
        for pair in &self.pairs {
            let (agent, blackbox) = (&pair.agent, &pair.blackbox);
            table.row([
                pair.kind.as_str().to_owned(),
                pair.load.targets.to_string(),
                pair.load.interval.as_secs().to_string(),
                agent.probes.to_string(),
                blackbox.probes.to_string(),
                format!("{:.2}", agent.cpu_per_probe()),
                format!("{:.2}", blackbox.cpu_per_probe()),
                format!("{:.2}", pair.cpu_ratio()),
                memory(agent.memory),
                memory(blackbox.memory),
                format!("{:.2}", pair.memory_ratio()),
            ]);
        }
        let prometheus: f64 = self
            .pairs
            .iter()
            .map(|pair| pair.blackbox.cpu_of_prometheus.as_secs_f64())
            .sum();
        let probes: u32 = self.pairs.iter().map(|pair| pair.blackbox.probes).sum();
        format!(
            "{table}\nThe floor, a rustls handshake in process, without sockets: {:.3} ms of the client's CPU in a hot loop, \
             {:.3} ms at one every 10 ms.\nPrometheus itself, which is in none of the columns, took {:.2} ms for each probe \
             of blackbox_exporter.\n",
            self.floor.hot,
            self.floor.paced,
            prometheus * 1e3 / f64::from(probes.max(1))
        )
    }

    fn latencies(&self) -> Table {
        let what = "median / p99 / worst, ms";
        let mut table = Table::new(&[
            "probe",
            "targets",
            &format!("agent: {what}"),
            &format!("blackbox: {what}"),
            &format!("request to blackbox: {what}"),
        ]);
        for pair in &self.pairs {
            table.row([
                pair.kind.as_str().to_owned(),
                pair.load.targets.to_string(),
                pair.agent.latency.milliseconds(),
                pair.blackbox.latency.milliseconds(),
                pair.blackbox.request.milliseconds(),
            ]);
        }
        table
    }

    fn scrapes(&self) -> Table {
        let what = "median / p99 / worst, ms";
        let mut table = Table::new(&[
            "targets",
            "bytes",
            "CPU ms per scrape",
            &format!("time to answer: {what}"),
            &format!("probes without scrapes: {what}"),
            &format!("probes with scrapes: {what}"),
            "worst, ratio",
        ]);
        for scrapes in &self.scrapes {
            table.row([
                scrapes.load.targets.to_string(),
                scrapes.bytes.to_string(),
                format!("{:.1}", scrapes.cpu),
                scrapes.took.milliseconds(),
                typical(&scrapes.quiet).milliseconds(),
                typical(&scrapes.scraped).milliseconds(),
                format!("{:.2}", scrapes.slowed()),
            ]);
        }
        table
    }
}

impl Pair {
    fn cpu_ratio(&self) -> f64 {
        self.agent.cpu_per_probe() / self.blackbox.cpu_per_probe()
    }

    fn memory_ratio(&self) -> f64 {
        count(self.agent.memory.resident) / count(self.blackbox.memory.resident)
    }
}

/// The window in the middle, number by number.
fn typical(windows: &[Spread]) -> Spread {
    let middle = |of: fn(&Spread) -> f64| crate::spread::median(windows.iter().map(of));
    Spread {
        count: windows.iter().map(|window| window.count).sum(),
        median: middle(|window| window.median),
        p99: middle(|window| window.p99),
        worst: middle(|window| window.worst),
    }
}

fn memory(memory: crate::measured::Memory) -> String {
    format!(
        "{:.1} ({:.1})",
        mebibytes(memory.resident),
        mebibytes(memory.anonymous)
    )
}

fn mebibytes(bytes: u64) -> f64 {
    count(bytes) / MIB
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the third digit is the last that is shown"
)]
fn count(number: u64) -> f64 {
    number as f64
}
