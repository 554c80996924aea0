//! The exposition, built from live state at scrape time: a target that is gone leaves no series.

mod agent;
mod families;
mod open_metrics;
mod process;
mod samples;
mod target_samples;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

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

/// The forms of an exposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// [`TEXT`]
    Text,
    /// [`OPEN_METRICS`]
    OpenMetrics,
}

impl Format {
    /// For the header `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => TEXT,
            Self::OpenMetrics => OPEN_METRICS,
        }
    }
}

/// The exposition of one moment. Families are written one after the other and kept no longer: with a thousand targets, all
/// of them together would be what takes most memory in the agent.
pub fn exposition(
    records: &[Record],
    about: &About,
    gauges: &AgentGauges,
    format: Format,
) -> prometheus::Result<String> {
    let mut out = String::with_capacity(64 * 1024);
    for family in families(records, about, gauges) {
        match format {
            Format::Text => TextEncoder::new().encode_utf8(&[family], &mut out)?,
            Format::OpenMetrics => open_metrics::write_family(&mut out, &family),
        }
    }
    if format == Format::OpenMetrics {
        out.push_str(open_metrics::END);
    }
    Ok(out)
}

/// Every family that has samples, sorted by name: ours, then `process_*`.
pub fn families(
    records: &[Record],
    about: &About,
    gauges: &AgentGauges,
) -> impl Iterator<Item = MetricFamily> {
    let mut samples = Samples::default();
    let of_targets = diagnose(records).targets;
    for record in records {
        let diagnosis = of_targets.get(&record.target.id);
        target_samples::collect(record, diagnosis, &mut samples);
    }
    plan(records, about, &mut samples);
    agent(gauges, &mut samples);
    samples.into_families().chain(process::families())
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
