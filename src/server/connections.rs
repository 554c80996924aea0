//! Which connections are open, and which is evicted when there is no slot left.
//!
//! A caller with a whole request has a claim to its answer. One that has not sent it, or does not take its answer, only
//! keeps its slot until somebody else wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::peer::Peer;

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// In the order of their arrival.
    entries: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    peer: Peer,
    /// Absent until the request is whole.
    asked: Option<Instant>,
    long_lived: Arc<AtomicBool>,
    evicted: CancellationToken,
}

impl Entry {
    /// Whether it may lose its slot to another one.
    fn is_evictable(&self, patience: Duration) -> bool {
        match self.asked {
            None => true,
            Some(asked) => asked.elapsed() > patience && !self.long_lived.load(Ordering::Relaxed),
        }
    }
}

/// A slot, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    connections: Arc<Connections>,
    number: u64,
    whole: AtomicBool,
    /// Set when the answer may last.
    pub(super) long_lived: Arc<AtomicBool>,
    /// Cancelled when another connection gets the slot.
    pub(super) evicted: CancellationToken,
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            table: Mutex::default(),
        })
    }

    /// A slot for a new connection, taken from another one if need be; none when all have a claim to theirs.
    pub(super) fn admit(self: &Arc<Self>, peer: Peer, local: bool) -> Option<Slot> {
        let mut table = self.table();
        let slots = self.limits.connections + if local { self.limits.reserve } else { 0 };
        if table.of(peer) >= self.limits.per_peer {
            table.evict(|entry| entry.peer == peer, self.limits.patience)?;
        } else if table.entries.len() >= slots {
            let busiest = table.busiest();
            let patience = self.limits.patience;
            let evicted_of_busiest = table.evict(|entry| busiest.contains(&entry.peer), patience);
            evicted_of_busiest.or_else(|| table.evict(|_| true, patience))?;
        }
        let (number, long_lived, evicted) = (table.next, Arc::default(), CancellationToken::new());
        table.next += 1;
        table.entries.push(Entry {
            number,
            peer,
            asked: None,
            long_lived: Arc::clone(&long_lived),
            evicted: evicted.clone(),
        });
        Some(Slot {
            connections: Arc::clone(self),
            number,
            whole: AtomicBool::default(),
            long_lived,
            evicted,
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn of(&self, peer: Peer) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.peer == peer)
            .count()
    }

    /// The addresses with the most slots.
    fn busiest(&self) -> Vec<Peer> {
        let counted = self
            .entries
            .iter()
            .map(|entry| (self.of(entry.peer), entry.peer));
        let most = counted.clone().map(|(count, _)| count).max();
        let busiest = counted.filter(|(count, _)| Some(*count) == most);
        busiest.map(|(_, peer)| peer).collect()
    }

    /// Takes the slot of the first that may lose it, one without a request before one that does not take its answer.
    fn evict(&mut self, of_these: impl Fn(&Entry) -> bool, patience: Duration) -> Option<()> {
        let is_evictable = |entry: &Entry| of_these(entry) && entry.is_evictable(patience);
        let mut entries = self.entries.iter();
        let silent = entries.position(|entry| entry.asked.is_none() && is_evictable(entry));
        let found = silent.or_else(|| self.entries.iter().position(is_evictable))?;
        self.entries.remove(found).evicted.cancel();
        Some(())
    }
}

impl Slot {
    /// The request is whole.
    pub(super) fn asked(&self) {
        self.whole.store(true, Ordering::Relaxed);
        let mut table = self.connections.table();
        let found = table
            .entries
            .iter_mut()
            .find(|entry| entry.number == self.number);
        if let Some(entry) = found {
            entry.asked.get_or_insert_with(Instant::now);
        }
    }

    /// Whether it is.
    pub(super) fn has_asked(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        table.entries.retain(|entry| entry.number != self.number);
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
        Peer::of(([192, 0, 2, number], 1).into(), None)
    }

    fn admitted(connections: &Arc<Connections>, number: u8) -> Slot {
        connections.admit(peer(number), false).expect("a slot")
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_takes_the_slot_of_the_oldest_that_has_not_asked_from_where_most_come()
    {
        let connections = Connections::new(LIMITS);
        let quiet = admitted(&connections, 1);
        let busy = [(); 3].map(|()| admitted(&connections, 2));
        busy[0].asked();
        let new = admitted(&connections, 3);
        assert!(
            busy[1].evicted.is_cancelled(),
            "the oldest without a request"
        );
        for stays in [&quiet, &busy[0], &busy[2], &new] {
            assert!(!stays.evicted.is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_takes_slots_from_itself_only() {
        let connections = Connections::new(LIMITS);
        let slots = [(); 4].map(|()| admitted(&connections, 1));
        assert!(slots[0].evicted.is_cancelled() && !slots[1].evicted.is_cancelled());
        slots.iter().for_each(Slot::asked);
        assert!(
            connections.admit(peer(1), false).is_none(),
            "all of its slots have a claim"
        );
        assert!(connections.admit(peer(2), false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_no_answer_is_evicted_in_time_and_watchers_stay() {
        let connections = Connections::new(LIMITS);
        let slots = [1, 2, 3, 4].map(|number| admitted(&connections, number));
        slots.iter().for_each(Slot::asked);
        slots[0].long_lived.store(true, Ordering::Relaxed);
        assert!(connections.admit(peer(5), false).is_none());
        let kubelet = connections.admit(peer(6), true).expect("a slot in reserve");
        kubelet.asked();
        drop(kubelet);
        tokio::time::advance(LIMITS.patience * 2).await;
        let _new = admitted(&connections, 5);
        assert!(slots[1].evicted.is_cancelled() && !slots[0].evicted.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_frees_a_slot() {
        let connections = Connections::new(LIMITS);
        let mut slots = [1, 2, 3, 4].map(|number| Some(admitted(&connections, number)));
        slots.iter().flatten().for_each(Slot::asked);
        assert!(connections.admit(peer(5), false).is_none());
        slots[2] = None;
        assert!(connections.admit(peer(5), false).is_some());
    }
}
