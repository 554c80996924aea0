//! How often a kind of target is tried, and which place within the interval is a target's own. Pure.

use std::time::Duration;

use crate::target::{ProbeKind, TargetId};

/// How late an attempt may start without losing its next slot to the least pause after it.
const LATE_START: Duration = Duration::from_secs(1);

/// Between two regular attempts at a target of this kind.
pub fn period(probe: ProbeKind, interval: Duration) -> Duration {
    interval.max(probe.minimum_interval() + slack(probe))
}

/// What a period is longer than the least pause, where there is one.
pub(super) fn slack(probe: ProbeKind) -> Duration {
    if probe.minimum_interval().is_zero() {
        Duration::ZERO
    } else {
        LATE_START
    }
}

/// The share of an interval after which this target is tried on this node.
pub(super) fn share(node: &str, id: &TargetId) -> f64 {
    let hash = fnv1a([node, &id.target, id.probe.as_str()]);
    // A 32-bit share of the interval is finer than any timer.
    f64::from(u32::try_from(hash >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// FNV-1a, 64 bits. Its values do not change with the toolchain, as those of std's hasher may:
/// the place of a target on a node survives updates of the agent.
fn fnv1a<const N: usize>(words: [&str; N]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let hash = words
        .iter()
        .fold(OFFSET, |hash, word| word.bytes().chain([0]).fold(hash, mix));
    // FNV's high bits change little with the last bytes; one multiply-shift round spreads them (murmur3's finalizer).
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
