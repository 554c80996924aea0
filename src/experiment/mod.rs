//! Small experiments after a confirmed failure: is it the name, the address, the size, and how far do packets come?
//!
//! They find evidence and decide nothing. Each is bounded in packets and time, and needs no capability; one that
//! fails is missing evidence and no more.

mod case;
mod control;
mod dial;
mod drawn;
mod hello;
mod hello_path;
mod names;
mod pace;
mod path;
mod size;
mod sweep;

use jiff::Timestamp;

pub use case::{Case, Control};

use crate::outcome::{Findings, Hop, Path};
use crate::probe::Limits;
use pace::Pace;

/// The seam between who decides when, and networking: the one over the network, or a scripted one of tests.
pub trait Experiment: Send + Sync + 'static {
    /// Finds out what can be found out about one failure; none when that is nothing.
    fn examine(&self, case: &Case) -> impl Future<Output = Option<Findings>> + Send;
}

/// Experiments over the network.
#[derive(Debug, Clone)]
pub struct NetworkExperiment {
    /// What attempts obey too.
    pub limits: Limits,
}

impl Experiment for NetworkExperiment {
    async fn examine(&self, case: &Case) -> Option<Findings> {
        let at = Timestamp::now();
        let pace = Pace::within(self.limits.timeout);
        let (names, control, path, control_path, hello_path, size) = tokio::join!(
            names::compare(case, pace),
            control::dial(case, &self.limits, pace),
            path::follow(case, pace),
            path::follow_control(case, pace),
            hello_path::follow(case, pace),
            size::compare(case, pace),
        );
        let hello_path = hello_path.map(|found| Path {
            hops: known_hops(&found, path.as_ref()),
            ..found
        });
        let found = Findings {
            at,
            names,
            control,
            path,
            control_path,
            hello_path,
            size,
        };
        found.is_something().then_some(found)
    }
}

/// The routers of a way over connections that stand, where the kernel does not name them: those that SYNs of the same
/// TTL met.
fn known_hops(found: &Path, other: Option<&Path>) -> Vec<Hop> {
    let hops = other.map_or(&[][..], |other| &other.hops);
    let before = hops.iter().filter(|hop| hop.ttl < found.answered_at);
    before.copied().collect()
}
