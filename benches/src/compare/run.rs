//! One tool on one load: what it has cost.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use super::prometheus::Prometheus;
use super::work::Load;
use crate::measured::{Measured, Memory};
use crate::spread::Spread;

/// The share of probes that must work: others cost something else. A busy machine spoils a few.
pub(crate) const MOSTLY: f64 = 0.99;

/// What was measured in the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// By the tool's own counting.
    pub(crate) probes: u32,
    pub(crate) cpu: Duration,
    /// Prometheus is no part of what is compared; what it took in the meantime is worth knowing.
    pub(crate) cpu_of_prometheus: Duration,
    /// At the end.
    pub(crate) memory: Memory,
    /// Of a probe, in seconds, as the tool reports it.
    pub(crate) latency: Spread,
    /// Of a request of Prometheus, in seconds: one probe of `blackbox_exporter`, the whole exposition of the agent.
    pub(crate) request: Spread,
}

impl Run {
    /// In milliseconds.
    pub(crate) fn cpu_per_probe(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / f64::from(self.probes.max(1))
    }
}

/// Waits until the tool is at its pace, then for the window. `mark` is called at its beginning and at its end, outside the
/// measurement.
pub(crate) fn measure(
    tool: &Measured,
    prometheus: &Prometheus,
    load: &Load,
    mark: &mut dyn FnMut() -> Result<()>,
) -> Result<Run> {
    sleep(load.warm_up);
    mark()?;
    let (cpu, cpu_of_prometheus) = (tool.cpu()?, prometheus.cpu()?);
    sleep(load.window);
    let cpu = tool.cpu()?.saturating_sub(cpu);
    let cpu_of_prometheus = prometheus.cpu()?.saturating_sub(cpu_of_prometheus);
    let memory = tool.memory()?;
    mark()?;
    Ok(Run {
        cpu,
        cpu_of_prometheus,
        memory,
        ..Run::default()
    })
}
