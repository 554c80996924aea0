//! When each target is due. Pure: time is passed in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::{self, period};
use crate::target::{Target, TargetId};

/// A failure is confirmed this long after the attempt that saw it.
const CONFIRM_AFTER: Duration = Duration::from_secs(1);
/// All targets are tried within this time after they became known.
const FIRST_ROUND: Duration = Duration::from_secs(2);
/// A sweep leaves out what was tried within this time.
const SWEEP_SPARES: Duration = Duration::from_secs(5);
/// The interval of a server that asks for less is doubled at most this often: 64 s become 17 min.
const MOST_DOUBLINGS: u32 = 4;

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The server answered well: its regular slot.
    Regular,
    /// It did not, and that is believed: the regular slot, as far off as the server asked for before.
    Again,
    /// A prompt second attempt, unless the server asked for less before.
    Confirm,
    /// The regular slot of a longer interval: the server asked for less.
    BackOff,
}

/// An attempt that is due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) target: Arc<Target>,
    /// Counts the attempts at this target.
    pub(super) ordinal: u64,
    /// How long after its time it starts.
    pub(super) late: Duration,
}

#[derive(Debug)]
struct Slot {
    target: Arc<Target>,
    ordinal: u64,
    started: Option<Instant>,
    /// Absent while an attempt is under way.
    due: Option<Instant>,
    doublings: u32,
}

/// The due times of all targets.
#[derive(Debug)]
pub(super) struct Queue {
    slots: HashMap<TargetId, Slot>,
    due: BTreeSet<(Instant, TargetId)>,
    /// When targets with a least interval were tried that left the plan: they may come back before it is over.
    left: HashMap<TargetId, Instant>,
    epoch: Instant,
    interval: Duration,
    node: String,
}

impl Queue {
    pub(super) fn new(node: String, interval: Duration, now: Instant) -> Self {
        Self {
            slots: HashMap::new(),
            due: BTreeSet::new(),
            left: HashMap::new(),
            epoch: now,
            interval,
            node,
        }
    }

    /// Known targets keep their slot, unless a shorter interval has an earlier one for them; new ones are due within
    /// the first round; others are forgotten.
    pub(super) fn set_targets(
        &mut self,
        targets: &[Arc<Target>],
        interval: Duration,
        now: Instant,
    ) {
        let hurry = interval < self.interval;
        self.interval = interval;
        if hurry {
            self.bring_forward(now);
        }
        let mut known = std::mem::take(&mut self.slots);
        self.due.clear();
        for target in targets {
            let first = self.first(&target.id, now);
            let mut slot = known.remove(&target.id).unwrap_or_else(|| Slot {
                target: Arc::clone(target),
                ordinal: 0,
                started: None,
                due: Some(first),
                doublings: 0,
            });
            slot.target = Arc::clone(target);
            if let Some(due) = slot.due {
                self.due.insert((due, target.id.clone()));
            }
            self.slots.insert(target.id.clone(), slot);
        }
        let tried = |(id, slot): (TargetId, Slot)| Some((id, slot.started?));
        self.left.extend(known.into_iter().filter_map(tried));
        self.left
            .retain(|id, started| now < *started + id.probe.minimum_interval());
    }

    fn bring_forward(&mut self, now: Instant) {
        let ids: Vec<TargetId> = self.slots.keys().cloned().collect();
        for id in ids {
            let (due, regular) = (self.slots[&id].due, self.regular(&id, now));
            if due.is_some_and(|due| regular < due) {
                self.reschedule(&id, regular);
            }
        }
    }

    /// When a target that is new to the plan is tried: soon, but no sooner than its server asks for.
    fn first(&self, id: &TargetId, now: Instant) -> Instant {
        let soon = now + self.splay(id, FIRST_ROUND.min(self.interval));
        let tried = self
            .left
            .get(id)
            .map(|tried| *tried + id.probe.minimum_interval());
        tried.map_or(soon, |least| least.max(soon))
    }

    /// When the next attempt is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes the attempt that has been due for longest, if one is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        if self.next_due()? > now {
            return None;
        }
        let (due, id) = self.due.pop_first()?;
        let slot = self.slots.get_mut(&id)?;
        let ordinal = slot.ordinal;
        slot.ordinal += 1;
        slot.started = Some(now);
        slot.due = None;
        Some(Due {
            target: Arc::clone(&slot.target),
            ordinal,
            late: now - due,
        })
    }

    /// The attempt at `id` ended.
    pub(super) fn ended(&mut self, id: &TargetId, next: Next, now: Instant) {
        let Some(slot) = self.slots.get_mut(id) else {
            return;
        };
        slot.doublings = match next {
            Next::BackOff => (slot.doublings + 1).min(MOST_DOUBLINGS),
            Next::Regular => 0,
            // Silence of a server that asked for less may be its way of asking again.
            Next::Again | Next::Confirm => slot.doublings,
        };
        let due = if next == Next::Confirm && slot.doublings == 0 {
            now + CONFIRM_AFTER
        } else {
            self.regular(id, now)
        };
        self.reschedule(id, due);
    }

    /// Makes all others due at once, save those just tried and those whose servers ask for a slower pace.
    pub(super) fn sweep(&mut self, now: Instant) {
        let spared = |slot: &Slot| {
            let least = slot.target.id.probe.minimum_interval() * 2_u32.pow(slot.doublings);
            let pause = SWEEP_SPARES.max(least);
            slot.due.is_none() || slot.started.is_some_and(|started| now < started + pause)
        };
        let swept = self.slots.iter().filter(|(_, slot)| !spared(slot));
        let ids: Vec<TargetId> = swept.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.reschedule(&id, now);
        }
    }

    /// After the process was stopped for a while: what is overdue, or was under way, waits for its regular slot.
    pub(super) fn respread(&mut self, now: Instant) {
        let overdue = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.due.is_none_or(|due| due <= now));
        let ids: Vec<TargetId> = overdue.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let due = self.regular(&id, now);
            self.reschedule(&id, due);
        }
    }

    fn reschedule(&mut self, id: &TargetId, due: Instant) {
        let Some(slot) = self.slots.get_mut(id) else {
            return;
        };
        if let Some(before) = slot.due.replace(due) {
            self.due.remove(&(before, id.clone()));
        }
        self.due.insert((due, id.clone()));
    }

    /// The next of the target's own slots: a fixed place within every interval, different on every node.
    /// A slot that follows the last attempt too closely is left out.
    fn regular(&self, id: &TargetId, now: Instant) -> Instant {
        let least = id.probe.minimum_interval();
        let slot = self.slots.get(id);
        let doublings = slot.map_or(0, |slot| slot.doublings);
        let slack = pace::slack(id.probe);
        let period = period(id.probe, self.interval) * 2_u32.pow(doublings);
        let pause = if doublings > 0 {
            period.saturating_sub(slack)
        } else {
            least.max(period / 2)
        };
        let earliest = slot
            .and_then(|slot| slot.started)
            .map_or(now, |s| (s + pause).max(now));
        let first = self.epoch + self.splay(id, period);
        let behind = earliest.saturating_duration_since(first).as_nanos();
        let periods = behind.div_ceil(period.as_nanos());
        first + period * u32::try_from(periods).unwrap_or(u32::MAX)
    }

    fn splay(&self, id: &TargetId, within: Duration) -> Duration {
        within.mul_f64(pace::share(&self.node, id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::target::{Host, Probe};

    fn target(name: &str, probe: Probe) -> Arc<Target> {
        Arc::new(Target::bare(probe, Host::Name(name.to_owned()), None))
    }

    /// The starts of the attempts at one target, each `taking` so long.
    fn starts(
        node: &str,
        target: &Arc<Target>,
        interval: Duration,
        taking: Duration,
    ) -> Vec<Duration> {
        let epoch = Instant::now();
        let mut queue = Queue::new(node.to_owned(), interval, epoch);
        queue.set_targets(std::slice::from_ref(target), interval, epoch);
        let mut starts = Vec::new();
        for _ in 0..12 {
            let due = queue.next_due().unwrap();
            assert!(queue.take_due(due).is_some());
            starts.push(due - epoch);
            queue.ended(&target.id, Next::Regular, due + taking);
        }
        starts
    }

    proptest! {
        #[test]
        fn every_target_keeps_one_place_of_its_own_in_every_interval(
            node in "[a-z0-9-]{1,20}",
            name in "[a-z.]{1,20}",
            seconds in 1_u64..600,
            taking in 0_u64..10,
            ntp: bool,
        ) {
            let probe = if ntp { Probe::Ntp } else { Probe::Tcp };
            let (target, interval) = (target(&name, probe), Duration::from_secs(seconds));
            let starts = starts(&node, &target, interval, Duration::from_secs(taking));
            let least = target.id.probe.minimum_interval();
            let period = interval.max(Duration::from_secs(if ntp { 65 } else { 0 }));
            prop_assert!(starts[0] <= FIRST_ROUND.min(interval));
            let place = |start: &Duration| start.as_nanos() % period.as_nanos();
            for pair in starts[1..].windows(2) {
                // Floating point has given the place; a multiple of the period has not moved it.
                prop_assert_eq!(place(&pair[0]), place(&pair[1]));
            }
            for pair in starts.windows(2) {
                let gap = pair[1].checked_sub(pair[0]).unwrap();
                prop_assert!(gap >= least.max(period / 2), "{:?}", starts);
                prop_assert!(gap <= period * 2 + Duration::from_secs(taking), "{:?}", starts);
            }
        }

        #[test]
        fn nodes_spread_over_the_interval(prefix in "[a-z]{3,10}-vmss", name in "[a-z]{3,12}\\.example:443") {
            const NODES: usize = 1000;
            const PARTS: usize = 10;
            let (target, interval) = (target(&name, Probe::Tcp), Duration::from_mins(1));
            let mut parts = [0_usize; PARTS];
            for number in 0..NODES {
                let queue = Queue::new(format!("{prefix}{number:06}"), interval, Instant::now());
                let share = queue.splay(&target.id, interval).as_secs_f64() / 60.0;
                prop_assert!((0.0..=1.0).contains(&share));
                let part = (0..PARTS).rev().find(|part| share * 10.0 >= f64::from(u8::try_from(*part).unwrap()));
                parts[part.unwrap()] += 1;
            }
            // Six standard deviations around a tenth.
            prop_assert!(parts.iter().all(|count| (43..=157).contains(count)), "{:?}", parts);
        }
    }
}
