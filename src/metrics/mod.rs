//! The exposition, built from live state at scrape time: a target that is gone leaves no series.

mod agent;
mod families;
mod open_metrics;
mod process;
mod samples;
mod target_samples;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

pub use agent::{AgentGauges, CatalogInfo};
pub use families::{FAMILIES, Family, Kind};

use crate::diagnosis::diagnose;
use crate::status::About;
use crate::store::Record;
use crate::target::Requirement;
use crate::version;
use families as f;
use samples::Samples;
use target_samples::{number, unix};

/// Prometheus text 0.0.4.
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// `OpenMetrics` 1.0.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every family that has samples, sorted by name, `process_*` included.
pub fn gather(
    records: &[Record],
    about: &About,
    gauges: &AgentGauges,
) -> prometheus::Result<Vec<MetricFamily>> {
    let live = Live::new(records, about, gauges)?;
    let registry = Registry::new();
    registry.register(Box::new(live))?;
    registry.register(Box::new(process::Process::new()))?;
    Ok(registry.gather())
}

/// Encodes families as Prometheus text 0.0.4.
pub fn encode_text(families: &[MetricFamily]) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(families)
}

/// Encodes families as `OpenMetrics` 1.0.
pub fn encode_open_metrics(families: &[MetricFamily]) -> String {
    open_metrics::encode(families)
}

/// The agent's families at one moment.
struct Live {
    descriptions: Vec<Desc>,
    samples: Samples,
}

impl Live {
    fn new(records: &[Record], about: &About, gauges: &AgentGauges) -> prometheus::Result<Self> {
        let mut samples = Samples::default();
        let of_targets = diagnose(records).targets;
        for record in records {
            let diagnosis = of_targets.get(&record.target.id);
            target_samples::collect(record, diagnosis, &mut samples);
        }
        plan(records, about, &mut samples);
        agent(gauges, &mut samples);
        let descriptions: prometheus::Result<_> = FAMILIES.iter().map(|f| describe(f)).collect();
        Ok(Self {
            descriptions: descriptions?,
            samples,
        })
    }
}

impl Collector for Live {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.samples.families()
    }
}

fn describe(family: &Family) -> prometheus::Result<Desc> {
    let labels = family
        .labels
        .iter()
        .map(|&label| label.to_owned())
        .collect();
    Desc::new(
        family.name.to_owned(),
        family.help.to_owned(),
        labels,
        std::collections::HashMap::new(),
    )
}

fn plan(records: &[Record], about: &About, samples: &mut Samples) {
    for requirement in Requirement::ALL {
        let targets = records
            .iter()
            .filter(|record| record.target.requirement == *requirement);
        samples.set(
            &f::TARGETS,
            &[requirement.as_str()],
            number(targets.count() as u64),
        );
    }
    for row in &about.untestable {
        let labels = [&row.pattern, &joined(&row.groups), &row.needs.join("; ")];
        samples.set(&f::UNTESTABLE_INFO, &labels.map(String::as_str), 1.0);
    }
}

fn agent(gauges: &AgentGauges, samples: &mut Samples) {
    let AgentGauges { catalog, .. } = gauges;
    samples.set(&f::SCHEDULER_LAG, &[], gauges.scheduler_lag.as_secs_f64());
    let successful = u8::from(gauges.last_reload_successful);
    samples.set(&f::RELOAD_SUCCESSFUL, &[], f64::from(successful));
    samples.set(
        &f::RELOAD_SUCCESS_TIME,
        &[],
        unix(gauges.last_reload_success),
    );
    let labels = [
        &catalog.edition,
        &catalog.cloud,
        &catalog.location,
        &catalog.sha256,
    ];
    samples.set(&f::CATALOG_INFO, &labels.map(String::as_str), 1.0);
    let build = [version::VERSION, version::REVISION, version::RUSTC];
    samples.set(&f::BUILD_INFO, &build, 1.0);
}

/// Several words as one label value.
fn joined<T: std::fmt::Display>(words: &[T]) -> String {
    let words: Vec<_> = words.iter().map(ToString::to_string).collect();
    words.join(",")
}
