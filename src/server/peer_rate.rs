//! Under overload every address gets a few connections and no more, so that a flood from one shuts nobody else out.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::peer::Peer;

/// Counted anew so often.
const WINDOW: Duration = Duration::from_millis(200);
/// Of one address in this time.
pub(super) const MOST: u32 = 4;
/// More addresses than that are not told apart.
const MOST_PEERS: usize = 1_024;

/// How many each address was allowed of late.
#[derive(Debug)]
pub(super) struct PeerRate {
    since: Instant,
    counts: HashMap<Peer, u32>,
}

impl PeerRate {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            counts: HashMap::new(),
        }
    }

    /// Whether this address may have another one.
    pub(super) fn allow(&mut self, peer: Peer) -> bool {
        if self.since.elapsed() >= WINDOW {
            *self = Self::new();
        }
        if self.counts.len() >= MOST_PEERS && !self.counts.contains_key(&peer) {
            return false;
        }
        let count = self.counts.entry(peer).or_default();
        *count += 1;
        *count <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_address_has_its_own_and_soon_another_one() {
        let peer = |number: u8| Peer::of(([192, 0, 2, number], 1).into(), None);
        let mut rate = PeerRate::new();
        let mut allowed = |number| (0..9).filter(|_| rate.allow(peer(number))).count();
        assert_eq!((allowed(1), allowed(1), allowed(2)), (4, 0, 4));
        tokio::time::advance(WINDOW).await;
        assert_eq!(allowed(1), 4);
    }
}
