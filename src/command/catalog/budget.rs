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
    let mut text = format!(
        "{targets} targets, one attempt every {interval:?}, everything reachable\n\n\
         One node, in a minute\n\n{}\n{}\n",
        of_probes(budget),
        of_fleets(fleets),
    );
    if let Some(busiest) = fleets.first().and_then(|fleet| fleet.busiest.as_ref()) {
        let destination = &busiest.destination;
        text += &format!(
            "SNAT: ports held for 4 minutes after each flow, by all flows, and by those to {destination},\n\
             the busiest destination: one outbound address needs at least as many.\n"
        );
    }
    text + "MONTH: both ways in 30 days. SCRAPE: of all nodes once, not compressed.\n"
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
        "B/S OUT",
        "B/S IN",
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
            short(cost.bytes_out),
            short(cost.bytes_in),
            short(fleet.bytes_per_month) + "B",
            format!("{}, {}", short(fleet.snat_ports), short(busiest)),
            short(fleet.series),
            short(fleet.scrape_bytes) + "B",
        ]);
    }
    table
}

/// Three digits and a unit.
fn short(number: f64) -> String {
    let units = ["", "k", "M", "G", "T", "P"];
    let mut number = number;
    let mut unit = 0;
    while number >= 9_999.5 && unit + 1 < units.len()
        || unit > 0 && number >= 999.5 && unit + 1 < units.len()
    {
        number /= 1_000.0;
        unit += 1;
    }
    let digits = match number {
        n if n >= 99.5 || n.fract().abs() < 0.005 => 0,
        n if n >= 9.95 => 1,
        _ => 2,
    };
    format!("{number:.digits$}{}", units[unit])
}
