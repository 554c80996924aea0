//! What is in use: configuration, situation, and all that is made of them for schedule, pages and metrics.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;

use super::experimenter::Switch;
use super::reload::Trigger;
use super::standing::Standing;
use super::{Inputs, Situation, work};
use crate::experiment::NetworkExperiment;
use crate::probe::Prober;
use crate::problem::Problems;
use crate::schedule::Work;
use crate::status::About;
use crate::target::TargetId;
use crate::web_config::Access;

/// Of a configuration with many mistakes, so many are logged.
const MISTAKES_IN_LOG: usize = 50;

/// Replaced piece by piece, and always as a whole that fits together.
pub(super) struct Current {
    pub(super) inputs: Inputs,
    pub(super) situation: Situation,
    pub(super) work: watch::Sender<Arc<Work<Prober>>>,
    pub(super) about: Arc<ArcSwap<About>>,
    pub(super) standing: Arc<ArcSwap<Standing>>,
    pub(super) experiment: Switch<NetworkExperiment>,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) started_at: Timestamp,
}

impl Current {
    /// The same configuration in another situation.
    pub(super) fn move_to(&mut self, situation: Situation) {
        self.take_up(situation);
        tracing::info!(
            nameservers = ?self.situation.resolvers.nameservers, targets = self.work.borrow().targets.len(),
            "the surroundings of the node changed; there is a new plan"
        );
    }

    /// Another configuration. Tells what of it waits for a restart.
    pub(super) async fn adopt(&mut self, inputs: Inputs, trigger: Trigger) -> Vec<String> {
        let situation = inputs.observe_after(&self.inputs, &self.situation).await;
        let before = self.targets();
        let standing = self.standing.load().adopted(&inputs, Timestamp::now());
        let waiting = standing.waiting.clone();
        self.standing.store(Arc::new(standing));
        self.inputs = inputs;
        self.experiment
            .store(self.inputs.experiment().map(Arc::new));
        self.access.store(Arc::clone(&self.inputs.access));
        self.take_up(situation);
        let after = self.targets();
        tracing::info!(
            %trigger, targets = after.len(), added = after.difference(&before).count(),
            removed = before.difference(&after).count(), "the configuration was reloaded"
        );
        for notice in &waiting {
            tracing::warn!("{notice}");
        }
        waiting
    }

    /// What is on disk is no good: all of the configuration stays.
    pub(super) fn refuse(&self, problems: Problems, trigger: Trigger) {
        for problem in problems.brief(MISTAKES_IN_LOG) {
            tracing::warn!("{problem}");
        }
        tracing::warn!(
            %trigger, mistakes = problems.len(),
            "the configuration on disk is refused; the one of before stays in use"
        );
        let standing = self.standing.load().refused(problems, Timestamp::now());
        let mut about = About::clone(&self.about.load());
        about.notices = notices(&standing, &self.situation);
        self.standing.store(Arc::new(standing));
        self.about.store(Arc::new(about));
    }

    fn take_up(&mut self, situation: Situation) {
        let plan = self.inputs.plan(&situation);
        for notice in situation.notices() {
            // What was said before is known.
            if !self.situation.notices().any(|known| known == notice) {
                tracing::warn!("{notice}");
            }
        }
        let mut about = self.inputs.about(&situation, &plan, self.started_at);
        about.notices = notices(&self.standing.load(), &situation);
        self.about.store(Arc::new(about));
        let work = work(&self.inputs, &situation, plan);
        // Nobody needs a plan when the scheduler has ended.
        self.work.send_replace(Arc::new(work));
        self.situation = situation;
    }

    fn targets(&self) -> HashSet<TargetId> {
        let work = self.work.borrow();
        work.targets
            .iter()
            .map(|target| target.id.clone())
            .collect()
    }
}

/// What stands at the top of every page, the configuration first.
fn notices(standing: &Standing, situation: &Situation) -> Vec<String> {
    let situation = situation.notices().cloned();
    standing.notices().chain(situation).collect()
}
