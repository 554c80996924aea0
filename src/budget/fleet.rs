//! A budget times a number of nodes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Budget, Cost, unit};

/// How long the far side of an address translation keeps the port of a flow that has ended, in seconds, at worst:
/// Azure's load balancers and firewalls forget idle flows after four minutes.
const PORT_HELD: f64 = 240.0;
const SECONDS_OF_DAY: f64 = 86_400.0;
/// 30 days.
const DAYS_OF_MONTH: f64 = 30.0;

/// What so many nodes add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fleet {
    /// How many.
    pub nodes: u32,
    /// Attempts in a minute.
    pub attempts_per_minute: f64,
    /// Everything in a second.
    pub per_second: Cost,
    /// Bytes in a day, both ways.
    pub bytes_per_day: f64,
    /// Bytes in 30 days, both ways.
    pub bytes_per_month: f64,
    /// Source ports that all flows hold at once, if none is shared between destinations.
    pub snat_ports: f64,
    /// Those that one outbound address needs at least, since ports can be shared between destinations.
    pub busiest: Option<Busiest>,
    /// Time series.
    pub series: f64,
    /// Bytes of one scrape of all nodes, not compressed.
    pub scrape_bytes: f64,
}

/// The destination to which most flows lead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Busiest {
    /// Host and port.
    pub destination: String,
    /// Source ports that its flows hold at once.
    pub snat_ports: f64,
}

impl Fleet {
    pub(super) fn new(budget: &Budget, nodes: u32, flows: &BTreeMap<String, f64>) -> Self {
        let times = f64::from(nodes);
        let per_second = budget.per_minute() * (times / 60.0);
        let bytes_per_day = (per_second.bytes_out + per_second.bytes_in) * SECONDS_OF_DAY;
        let held = |flows: f64| (flows * PORT_HELD * times).ceil();
        let busiest = flows.iter().max_by(|one, other| one.1.total_cmp(other.1));
        let series = f64::from(u32::try_from(budget.series).unwrap_or(u32::MAX)) * times;
        Self {
            nodes,
            attempts_per_minute: budget.attempts_per_minute() * times,
            per_second,
            bytes_per_day,
            bytes_per_month: bytes_per_day * DAYS_OF_MONTH,
            snat_ports: held(flows.values().sum()),
            busiest: busiest.map(|(destination, flows)| Busiest {
                destination: destination.clone(),
                snat_ports: held(*flows),
            }),
            series,
            scrape_bytes: series * unit::BYTES_OF_SAMPLE,
        }
    }
}
