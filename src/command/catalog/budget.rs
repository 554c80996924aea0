//! `catalog budget`: what the plan costs, for one node and for many.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Builder;

use crate::budget::{Budget, Cost, Fleet};
use crate::cli::{Common, ListFormat};
use crate::command::{ExitStatus, load, output};
use crate::config::Settings;
use crate::discover::Environment;
use crate::table::Table;

/// The sizes of clusters that are shown unless one is asked for.
const SIZES: [u32; 4] = [10, 100, 1_000, 5_000];

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    budget: Budget,
    fleets: Vec<Fleet>,
}

pub(super) fn budget(
    common: &Common,
    nodes: Option<u32>,
    interval: Option<Duration>,
    format: ListFormat,
    environment: &Environment,
) -> Result<ExitStatus> {
    let inputs = load(common, Settings::default(), environment)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let situation = runtime.block_on(inputs.observe());
    let plan = inputs.plan(&situation);
    let interval = interval.unwrap_or(inputs.config.interval);
    let budget = Budget::new(
        &plan.targets,
        plan.untestable.len(),
        interval,
        inputs.proxies(),
    );
    let mut sizes = vec![1];
    sizes.extend(nodes.map_or(SIZES.to_vec(), |nodes| vec![nodes]));
    sizes.dedup();
    let fleets = sizes.into_iter().map(|nodes| budget.of_nodes(nodes));
    let report = Report {
        fleets: fleets.collect(),
        budget,
    };
    match format {
        ListFormat::Json => output::print_json(&report)?,
        ListFormat::Text => output::print(&text(&report))?,
    }
    Ok(ExitStatus::Success)
}

fn text(report: &Report) -> String {
    let Report { budget, fleets } = report;
    let interval = Duration::from_secs_f64(budget.interval_seconds);
    let targets: usize = budget.probes.iter().map(|probe| probe.targets).sum();
    let (probes, fleets) = (of_probes(budget), of_fleets(fleets));
    let busiest = report
        .fleets
        .first()
        .and_then(|fleet| fleet.busiest.as_ref());
    let busiest = busiest.map_or("none", |busiest| &busiest.destination);
    format!(
        "{targets} targets, one attempt every {interval:?}, everything reachable\n\n\
         One node, in a minute\n\n{probes}\n{fleets}\n\
         SNAT    source ports, held for 4 minutes after each flow: of all flows, and of those to the busiest destination\n\
         \x20       ({busiest}), of which one outbound address needs at least as many\n\
         MONTH   both ways, in 30 days\n\
         SCRAPE  of all nodes once, not compressed\n"
    )
}

fn of_probes(budget: &Budget) -> Table<9> {
    let mut table = Table::new([
        "PROBE",
        "TARGETS",
        "ATTEMPTS",
        "TCP",
        "DNS",
        "PACKETS OUT",
        "IN",
        "BYTES OUT",
        "IN",
    ]);
    for probe in &budget.probes {
        let row = (
            probe.probe.to_string(),
            probe.targets,
            probe.attempts_per_minute,
        );
        table.add(row_of_probes(row, probe.per_minute));
    }
    let targets = budget.probes.iter().map(|probe| probe.targets).sum();
    let all = ("all".to_owned(), targets, budget.attempts_per_minute());
    table.add(row_of_probes(all, budget.per_minute()));
    table
}

fn row_of_probes((name, targets, attempts): (String, usize, f64), cost: Cost) -> [String; 9] {
    [
        name,
        targets.to_string(),
        short(attempts),
        short(cost.connections),
        short(cost.dns_queries),
        short(cost.packets_out),
        short(cost.packets_in),
        short(cost.bytes_out),
        short(cost.bytes_in),
    ]
}

fn of_fleets(fleets: &[Fleet]) -> Table<11> {
    let mut table = Table::new([
        "NODES",
        "ATTEMPTS/MIN",
        "TCP/MIN",
        "DNS/MIN",
        "PACKETS/S",
        "OUT/S",
        "IN/S",
        "MONTH",
        "SNAT ALL, BUSIEST",
        "SERIES",
        "SCRAPE",
    ]);
    for fleet in fleets {
        let cost = fleet.per_second;
        let busiest = fleet
            .busiest
            .as_ref()
            .map_or(0.0, |busiest| busiest.snat_ports);
        table.add([
            fleet.nodes.to_string(),
            short(fleet.attempts_per_minute),
            short(cost.connections * 60.0),
            short(cost.dns_queries * 60.0),
            short(cost.packets_out + cost.packets_in),
            bytes(cost.bytes_out),
            bytes(cost.bytes_in),
            bytes(fleet.bytes_per_month),
            format!("{}, {}", short(fleet.snat_ports), short(busiest)),
            short(fleet.series),
            bytes(fleet.scrape_bytes),
        ]);
    }
    table
}

/// About three digits, and a thousand, a million and so on as one letter.
fn short(number: f64) -> String {
    let (number, unit) = scaled(number);
    format!("{number}{unit}")
}

/// The same of bytes.
fn bytes(number: f64) -> String {
    let (number, unit) = scaled(number);
    format!("{number} {unit}B")
}

fn scaled(mut number: f64) -> (String, &'static str) {
    let mut units = ["", "k", "M", "G", "T"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    // Four digits are easier to read than a fraction of a thousand.
    let mut most = 9_999.5;
    while number >= most
        && let Some(next) = units.next()
    {
        (number, unit, most) = (number / 1_000.0, next, 999.5);
    }
    let digits = match number {
        n if n >= 99.5 || (n - n.round()).abs() < 0.005 => 0,
        n if n >= 9.95 => 1,
        _ => 2,
    };
    (format!("{number:.digits$}"), unit)
}

#[cfg(test)]
mod tests {
    use super::{bytes, short};

    #[test]
    fn numbers_keep_about_three_digits() {
        for (number, text) in [
            (0.0, "0"),
            (0.923, "0.92"),
            (15.0, "15"),
            (31.92, "31.9"),
            (203.4, "203"),
            (9_999.0, "9999"),
            (10_000.0, "10k"),
            (999_600.0, "1M"),
            (2_160_000.0, "2.16M"),
        ] {
            assert_eq!(short(number), text);
        }
        assert_eq!(bytes(3_860_000_000.0), "3.86 GB");
        assert_eq!(bytes(318.0), "318 B");
    }
}
