//! In hard times every address gets a few connections and no more, so that a flood from one shuts nobody else out.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::peer::Peer;

/// Counted anew so often.
const WHILE: Duration = Duration::from_millis(200);
/// Of one address in this time.
pub(super) const MOST: u32 = 4;
/// More addresses than that are not told apart.
const MOST_PEERS: usize = 1_024;

/// Who has got how many of late.
#[derive(Debug)]
pub(super) struct Ration {
    since: Instant,
    given: HashMap<Peer, u32>,
}

impl Ration {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            given: HashMap::new(),
        }
    }

    /// Whether there is one left for this caller.
    pub(super) fn give(&mut self, peer: Peer) -> bool {
        if self.since.elapsed() >= WHILE {
            *self = Self::new();
        }
        if self.given.len() >= MOST_PEERS && !self.given.contains_key(&peer) {
            return false;
        }
        let given = self.given.entry(peer).or_default();
        *given += 1;
        *given <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_address_has_its_own_and_soon_another_one() {
        let peer = |number: u8| Peer::of(([192, 0, 2, number], 1).into());
        let mut ration = Ration::new();
        let mut given = |number| (0..9).filter(|_| ration.give(peer(number))).count();
        assert_eq!((given(1), given(1), given(2)), (4, 0, 4));
        tokio::time::advance(WHILE).await;
        assert_eq!(given(1), 4);
    }
}
