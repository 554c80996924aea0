//! Does something grow? Pure.

use std::fmt;

use crate::spread::median;

/// What is watched, and by how much its second half may lie above its first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Watched {
    /// Heap and stacks, in bytes.
    Memory,
    Descriptors,
    Threads,
}

impl Watched {
    pub(super) const ALL: [Self; 3] = [Self::Memory, Self::Descriptors, Self::Threads];

    const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory (anonymous), KiB",
            Self::Descriptors => "descriptors",
            Self::Threads => "threads",
        }
    }

    const fn unit(self) -> f64 {
        match self {
            Self::Memory => 1024.0,
            Self::Descriptors | Self::Threads => 1.0,
        }
    }

    /// Histories of targets fill for as long as they change state for another reason, and the allocator keeps what it had
    /// once; both end. A descriptor or thread that is still there in calm is one that was forgotten: one in each round
    /// would be several.
    const fn allowance(self) -> f64 {
        match self {
            Self::Memory => 512.0 * 1024.0,
            Self::Descriptors => 2.0,
            Self::Threads => 0.5,
        }
    }
}

/// What was seen at the end of one round, when the network had been well for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) memory: f64,
    pub(super) descriptors: f64,
    pub(super) threads: f64,
}

impl Sample {
    const fn of(&self, watched: Watched) -> f64 {
        match watched {
            Watched::Memory => self.memory,
            Watched::Descriptors => self.descriptors,
            Watched::Threads => self.threads,
        }
    }
}

/// The medians of the first and the second half of a run.
#[derive(Debug)]
pub(super) struct Judgement {
    watched: Watched,
    first: f64,
    second: f64,
}

impl Judgement {
    /// Medians, because a round in which something was still under way must not decide.
    pub(super) fn of(watched: Watched, samples: &[Sample]) -> Self {
        let (first, second) = samples.split_at(samples.len() / 2);
        let middle = |half: &[Sample]| median(half.iter().map(|sample| sample.of(watched)));
        Self {
            watched,
            first: middle(first),
            second: middle(second),
        }
    }

    pub(super) fn grows(&self) -> bool {
        self.second - self.first > self.watched.allowance()
    }

    /// What would have been found: so much in every attempt. The medians lie half a run apart.
    pub(super) fn least_leak(watched: Watched, attempts: f64) -> f64 {
        watched.allowance() / (attempts / 2.0)
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, most] = [self.first, self.second, self.watched.allowance()]
            .map(|value| value / self.watched.unit());
        let verdict = if self.grows() { "GROWS" } else { "steady" };
        let name = self.watched.name();
        write!(
            f,
            "{name}: {first:.0}, then {second:.0} (may grow by {most:.1}): {verdict}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grows(watched: Watched, value: impl Fn(f64) -> f64) -> bool {
        let sample = |round: u8| {
            let value = value(f64::from(round));
            let (memory, descriptors, threads) = (value, value, value);
            Sample {
                memory,
                descriptors,
                threads,
            }
        };
        let samples: Vec<_> = (0..20).map(sample).collect();
        Judgement::of(watched, &samples).grows()
    }

    #[test]
    fn what_goes_up_and_down_is_steady() {
        let to_and_fro = |round: f64| 4e6 + 3e5 * (round * 2.5).sin();
        assert!(!grows(Watched::Memory, to_and_fro));
        assert!(!grows(Watched::Descriptors, |round| 20.0 + round % 3.0));
        assert!(!grows(Watched::Threads, |_| 3.0));
    }

    #[test]
    fn one_odd_round_decides_nothing() {
        assert!(!grows(Watched::Memory, |round| {
            if round > 14.5 && round < 15.5 {
                9e7
            } else {
                4e6
            }
        }));
    }

    #[test]
    fn a_little_more_in_every_round_is_a_leak() {
        assert!(grows(Watched::Memory, |round| 4e6 + round * 100.0 * 1024.0));
        assert!(grows(Watched::Descriptors, |round| 20.0 + round));
        assert!(grows(Watched::Threads, |round| 3.0 + round / 4.0));
    }
}
