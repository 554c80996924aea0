//! The standard `process_*` families, with CPU time as precise as the kernel knows it.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Counter, MetricFamily};

/// Those of this process, sorted by name. The crate's collector counts CPU time in whole seconds, which an agent this small
/// takes minutes to spend.
pub(super) fn families() -> Vec<MetricFamily> {
    let mut families = ProcessCollector::for_self().collect();
    families.sort_by(|a, b| a.name().cmp(b.name()));
    let cpu = families
        .iter_mut()
        .find(|f| f.name() == "process_cpu_seconds_total");
    if let (Some(family), Ok(usage)) = (cpu, getrusage(UsageWho::RUSAGE_SELF)) {
        let spent = seconds(usage.user_time()) + seconds(usage.system_time());
        for metric in family.mut_metric() {
            let mut counter = Counter::default();
            counter.set_value(spent);
            metric.set_counter(counter);
        }
    }
    families
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of CPU time stay far below 2^53"
)]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
