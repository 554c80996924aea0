//! Follows what changes around a running agent: the node's nameservers, and facts that could not be had at the start.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Inputs, Situation, work};
use crate::probe::Prober;
use crate::schedule::Work;
use crate::status::About;

/// The nameservers are read again this often. Polled: resolv.conf is replaced by rename, bind mount or rewrite.
const LOOK_AT_NAMESERVERS: Duration = Duration::from_secs(5);
/// The metadata service is asked again this often while something is missing.
const LOOK_AROUND: Duration = Duration::from_mins(5);

/// Makes a new plan whenever the situation is another one.
pub(super) struct Follower {
    pub(super) inputs: Inputs,
    pub(super) situation: Situation,
    pub(super) work: watch::Sender<Arc<Work<Prober>>>,
    pub(super) about: Arc<ArcSwap<About>>,
    pub(super) started_at: Timestamp,
}

impl Follower {
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(LOOK_AT_NAMESERVERS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked_around = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let missing = self.situation.surroundings.is_incomplete();
            let situation = if missing && looked_around.elapsed() >= LOOK_AROUND {
                looked_around = Instant::now();
                tokio::select! {
                    () = stop.cancelled() => return,
                    situation = self.inputs.observe() => situation,
                }
            } else {
                self.with_present_nameservers()
            };
            if situation != self.situation {
                self.adopt(situation);
            }
        }
    }

    /// A file that is gone or broken for a moment changes nothing: the resolvers of before may well still answer.
    fn with_present_nameservers(&self) -> Situation {
        let mut situation = self.situation.clone();
        match self.inputs.nameservers() {
            Ok(nameservers) => situation.nameservers = nameservers,
            Err(problems) => tracing::debug!(%problems, "the nameservers of before are kept"),
        }
        situation
    }

    fn adopt(&mut self, situation: Situation) {
        let plan = self.inputs.plan(&situation);
        tracing::info!(
            nameservers = ?situation.nameservers, targets = plan.targets.len(),
            "the surroundings of the node changed; there is a new plan"
        );
        let about = self.inputs.about(&situation, &plan, self.started_at);
        self.about.store(Arc::new(about));
        // Fails only when the scheduler has ended, and then nobody needs a plan.
        drop(
            self.work
                .send(Arc::new(work(&self.inputs, &situation, plan))),
        );
        self.situation = situation;
    }
}
