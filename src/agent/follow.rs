//! Follows what changes while the agent runs: the node's nameservers, facts that could not be had at the start, and
//! the configuration.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::current::Current;
use super::reload::{Reloader, Trigger};
use super::resolvers::Lookout;
use crate::reload::{Answer, Caller};

/// The nameservers are read again this often. Polled: resolv.conf is replaced by rename, bind mount or rewrite.
const LOOK_AT_NAMESERVERS: Duration = Duration::from_secs(5);
/// The metadata service is asked again this often while something is missing.
const LOOK_AROUND: Duration = Duration::from_mins(5);

/// Replaces what is current whenever the situation or the configuration is another one.
pub(super) struct Follower {
    current: Current,
    reloader: Reloader,
    lookout: Lookout,
    ticks: Interval,
    looked_around: Instant,
}

impl Follower {
    pub(super) fn new(current: Current, reloader: Reloader) -> Self {
        let mut ticks = interval(LOOK_AT_NAMESERVERS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            current,
            reloader,
            lookout: Lookout::default(),
            ticks,
            looked_around: Instant::now(),
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let follow = async {
            loop {
                self.next_change().await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = follow => {}
        }
    }

    async fn next_change(&mut self) {
        tokio::select! {
            _ = self.ticks.tick() => self.look_around().await,
            (trigger, caller) = self.reloader.asked() => self.reload(trigger, caller).await,
        }
    }

    async fn look_around(&mut self) {
        let (inputs, mut situation) = (&self.current.inputs, self.current.situation.clone());
        let missing = situation.surroundings.is_incomplete();
        if missing && self.looked_around.elapsed() >= LOOK_AROUND {
            self.looked_around = Instant::now();
            situation.surroundings = inputs.surroundings(None).await;
        }
        if let Some(resolvers) = self.lookout.look(inputs.nameservers()) {
            situation.resolvers = resolvers;
        }
        if situation != self.current.situation {
            self.current.move_to(situation);
        }
    }

    async fn reload(&mut self, trigger: Trigger, caller: Option<Caller>) {
        let (read, callers) = self.reloader.read(caller).await;
        let answer = match read {
            Ok(inputs) => {
                self.reloader.apply(&inputs.config);
                Answer::Adopted(self.current.adopt(inputs, trigger).await)
            }
            Err(problems) => {
                self.current.refuse(problems.clone(), trigger);
                Answer::Refused(problems)
            }
        };
        for caller in callers {
            // Who hung up does not want to know.
            drop(caller.send(answer.clone()));
        }
    }
}
