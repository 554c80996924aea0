//! Who is connected, and who must make way when there is no place left.
//!
//! A caller with a whole request has a claim to its answer. One that has not sent it, or does not take its answer, only
//! keeps its place until somebody else wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::peer::Peer;

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Crowd {
    limits: Limits,
    guests: Mutex<Guests>,
}

#[derive(Debug, Default)]
struct Guests {
    /// In the order of their coming.
    present: Vec<Guest>,
    next: u64,
}

#[derive(Debug)]
struct Guest {
    number: u64,
    peer: Peer,
    /// Absent until the request is whole.
    asked: Option<Instant>,
    lasts: Arc<AtomicBool>,
    leave: CancellationToken,
}

impl Guest {
    /// Whether it makes way for somebody else.
    fn yields(&self, patience: Duration) -> bool {
        match self.asked {
            None => true,
            Some(asked) => asked.elapsed() > patience && !self.lasts.load(Ordering::Relaxed),
        }
    }
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    whole: AtomicBool,
    /// Set when the answer may last.
    pub(super) lasts: Arc<AtomicBool>,
    /// Cancelled when somebody else gets the place.
    pub(super) leave: CancellationToken,
}

impl Crowd {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            guests: Mutex::default(),
        })
    }

    /// A place for a newcomer, taken from another one if need be; none when all have a claim to theirs.
    pub(super) fn admit(self: &Arc<Self>, peer: Peer, at_home: bool) -> Option<Place> {
        let mut guests = self.guests();
        let places = self.limits.connections + if at_home { self.limits.reserve } else { 0 };
        if guests.of(peer) >= self.limits.per_peer {
            guests.send_away(|guest| guest.peer == peer, self.limits.patience)?;
        } else if guests.present.len() >= places {
            let loudest = guests.loudest();
            let patience = self.limits.patience;
            let from_loudest = guests.send_away(|guest| loudest.contains(&guest.peer), patience);
            from_loudest.or_else(|| guests.send_away(|_| true, patience))?;
        }
        let (number, lasts, leave) = (guests.next, Arc::default(), CancellationToken::new());
        guests.next += 1;
        guests.present.push(Guest {
            number,
            peer,
            asked: None,
            lasts: Arc::clone(&lasts),
            leave: leave.clone(),
        });
        Some(Place {
            crowd: Arc::clone(self),
            number,
            whole: AtomicBool::default(),
            lasts,
            leave,
        })
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guests {
    fn of(&self, peer: Peer) -> usize {
        self.present
            .iter()
            .filter(|guest| guest.peer == peer)
            .count()
    }

    /// Those who have the most places.
    fn loudest(&self) -> Vec<Peer> {
        let counted = self
            .present
            .iter()
            .map(|guest| (self.of(guest.peer), guest.peer));
        let most = counted.clone().map(|(count, _)| count).max();
        let loudest = counted.filter(|(count, _)| Some(*count) == most);
        loudest.map(|(_, peer)| peer).collect()
    }

    /// Takes the place of the first that yields, one without a request before one that does not take its answer.
    fn send_away(&mut self, of_these: impl Fn(&Guest) -> bool, patience: Duration) -> Option<()> {
        let yields = |guest: &Guest| of_these(guest) && guest.yields(patience);
        let mut present = self.present.iter();
        let silent = present.position(|guest| guest.asked.is_none() && yields(guest));
        let found = silent.or_else(|| self.present.iter().position(yields))?;
        self.present.remove(found).leave.cancel();
        Some(())
    }
}

impl Place {
    /// The request is whole.
    pub(super) fn asked(&self) {
        self.whole.store(true, Ordering::Relaxed);
        let mut guests = self.crowd.guests();
        let found = guests
            .present
            .iter_mut()
            .find(|guest| guest.number == self.number);
        if let Some(guest) = found {
            guest.asked.get_or_insert_with(Instant::now);
        }
    }

    /// Whether it is.
    pub(super) fn has_asked(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut guests = self.crowd.guests();
        guests.present.retain(|guest| guest.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        connections: 4,
        reserve: 1,
        per_peer: 3,
        ..Limits::USUAL
    };

    fn peer(number: u8) -> Peer {
        Peer::of(([192, 0, 2, number], 1).into())
    }

    fn came(crowd: &Arc<Crowd>, number: u8) -> Place {
        crowd.admit(peer(number), false).expect("a place")
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_takes_the_place_of_the_oldest_that_has_not_asked_from_where_most_come() {
        let crowd = Crowd::new(LIMITS);
        let quiet = came(&crowd, 1);
        let loud = [(); 3].map(|()| came(&crowd, 2));
        loud[0].asked();
        let newcomer = came(&crowd, 3);
        assert!(loud[1].leave.is_cancelled(), "the oldest without a request");
        for stays in [&quiet, &loud[0], &loud[2], &newcomer] {
            assert!(!stays.leave.is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_takes_places_from_itself_only() {
        let crowd = Crowd::new(LIMITS);
        let places = [(); 4].map(|()| came(&crowd, 1));
        assert!(places[0].leave.is_cancelled() && !places[1].leave.is_cancelled());
        places.iter().for_each(Place::asked);
        assert!(
            crowd.admit(peer(1), false).is_none(),
            "all of its places have a claim"
        );
        assert!(crowd.admit(peer(2), false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_no_answer_makes_way_in_time_and_watchers_stay() {
        let crowd = Crowd::new(LIMITS);
        let places = [1, 2, 3, 4].map(|number| came(&crowd, number));
        places.iter().for_each(Place::asked);
        places[0].lasts.store(true, Ordering::Relaxed);
        assert!(crowd.admit(peer(5), false).is_none());
        let kubelet = crowd.admit(peer(6), true).expect("a place in reserve");
        kubelet.asked();
        drop(kubelet);
        tokio::time::advance(LIMITS.patience * 2).await;
        let _newcomer = came(&crowd, 5);
        assert!(places[1].leave.is_cancelled() && !places[0].leave.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_makes_room() {
        let crowd = Crowd::new(LIMITS);
        let mut places = [1, 2, 3, 4].map(|number| Some(came(&crowd, number)));
        places.iter().flatten().for_each(Place::asked);
        assert!(crowd.admit(peer(5), false).is_none());
        places[2] = None;
        assert!(crowd.admit(peer(5), false).is_some());
    }
}
