//! Checks passwords: one at a time, never on a thread that serves or probes, and only once what was found right.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::cpu_budget::used;
use super::peer::Peer;
use crate::web_config::{Secret, Users};

/// Checking takes at most one part of so many of a CPU: each is followed by a rest.
pub(super) const SHARE: u32 = 4;
/// Of one address, so many wait for their turn: who guesses keeps nobody else from it.
pub(super) const MOST_WAITING: usize = 2;
/// So many are remembered; each user has one.
const MOST_REMEMBERED: usize = 256;

/// What is known of a user and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    Right,
    Wrong,
    /// Too many of this address wait already.
    Busy,
    /// The node gives no thread for it.
    Impossible,
}

type Print = [u8; 32];

/// Lives as long as the server.
#[derive(Debug)]
pub(super) struct Passwords {
    /// Random, so that what is remembered says nothing to anybody else.
    key: Print,
    remembered: Arc<Mutex<VecDeque<Print>>>,
    permit: Arc<Semaphore>,
    waiting: Mutex<HashMap<Peer, usize>>,
}

impl Passwords {
    /// None is remembered.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = Print::default();
        getrandom::fill(&mut key)?;
        Ok(Self {
            key,
            remembered: Arc::default(),
            permit: Arc::new(Semaphore::new(1)),
            waiting: Mutex::default(),
        })
    }

    pub(super) async fn check(
        &self,
        users: &Users,
        user: &str,
        password: &str,
        peer: Peer,
    ) -> Checked {
        let (hash, exists) = users.hash_of(user);
        let print = self.print([user, hash.reveal(), password]);
        if self.remembers(&print) {
            return Checked::Right;
        }
        let Some(_turn) = Turn::wait(self, peer) else {
            return Checked::Busy;
        };
        let Ok(permit) = Arc::clone(&self.permit).acquire_owned().await else {
            return Checked::Busy;
        };
        // Somebody with the same password may have been checked meanwhile.
        if self.remembers(&print) {
            return Checked::Right;
        }
        let (done, verified) = oneshot::channel();
        let check = Check {
            password: Secret::new(password.to_owned()),
            hash,
            print: exists.then_some(print),
            remembered: Arc::clone(&self.remembered),
            permit,
        };
        let thread = thread::Builder::new().name("password".to_owned());
        // A thread that cannot be made takes nothing with it: the permit is free again.
        if let Err(error) = thread.spawn(move || check.run(done)) {
            tracing::warn!(%error, "no thread to check a password");
            return Checked::Impossible;
        }
        match verified.await {
            Ok(true) => Checked::Right,
            Ok(false) | Err(_) => Checked::Wrong,
        }
    }

    fn print(&self, parts: [&str; 3]) -> Print {
        let mut digest = Sha256::new_with_prefix(self.key);
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    fn remembers(&self, print: &Print) -> bool {
        lock(&self.remembered).contains(print)
    }
}

/// One check, on a thread of its own. Nobody can stop it, so it remembers what is right by itself: whoever asked may have
/// gone, and would ask in vain again.
struct Check {
    password: Secret,
    hash: Secret,
    /// None of somebody who does not exist.
    print: Option<Print>,
    remembered: Arc<Mutex<VecDeque<Print>>>,
    permit: OwnedSemaphorePermit,
}

impl Check {
    fn run(self, done: oneshot::Sender<bool>) {
        let matches = bcrypt::verify(self.password.reveal(), self.hash.reveal()).unwrap_or(false);
        let right = self.print.filter(|_| matches);
        if let Some(print) = right {
            remember(&self.remembered, print);
        }
        // Nobody may be there to hear it.
        let _ = done.send(right.is_some());
        thread::sleep(used() * (SHARE - 1));
        drop(self.permit);
    }
}

fn remember(remembered: &Mutex<VecDeque<Print>>, print: Print) {
    let mut remembered = lock(remembered);
    remembered.push_back(print);
    if remembered.len() > MOST_REMEMBERED {
        remembered.pop_front();
    }
}

/// A place in the queue, until it is dropped.
struct Turn<'a> {
    waiting: &'a Mutex<HashMap<Peer, usize>>,
    peer: Peer,
}

impl<'a> Turn<'a> {
    fn wait(passwords: &'a Passwords, peer: Peer) -> Option<Self> {
        let waiting = &passwords.waiting;
        let mut of_all = lock(waiting);
        let of_peer = of_all.entry(peer).or_default();
        if *of_peer >= MOST_WAITING {
            return None;
        }
        *of_peer += 1;
        Some(Self { waiting, peer })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut of_all = lock(self.waiting);
        if let Some(of_peer) = of_all.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                of_all.remove(&self.peer);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config;

    /// Of cost 4.
    const RIGHT: &str = "right";

    fn users() -> Users {
        let hash = bcrypt::hash(RIGHT, 4).unwrap();
        let text = format!("basic_auth_users: {{alice: {hash}}}");
        web_config::parse("web.yml".as_ref(), &text).unwrap().users
    }

    fn peer(number: u8) -> Peer {
        Peer::of(([192, 0, 2, number], 1).into(), None)
    }

    #[tokio::test]
    async fn what_was_right_once_is_remembered_and_what_was_wrong_is_not() {
        let (passwords, users) = (Passwords::new().unwrap(), users());
        let check = |user, password| passwords.check(&users, user, password, peer(1));
        assert_eq!(check("alice", "wrong").await, Checked::Wrong);
        assert_eq!(check("nobody", RIGHT).await, Checked::Wrong);
        assert_eq!(lock(&passwords.remembered).len(), 0);
        assert_eq!(check("alice", RIGHT).await, Checked::Right);
        assert_eq!(lock(&passwords.remembered).len(), 1);
        // Nobody could check it now.
        let _permit = passwords.permit.acquire().await.unwrap();
        assert_eq!(check("alice", RIGHT).await, Checked::Right);
    }

    #[tokio::test]
    async fn one_is_checked_at_a_time_and_few_of_an_address_wait() {
        let (passwords, users) = (Arc::new(Passwords::new().unwrap()), Arc::new(users()));
        let permit = Arc::clone(&passwords.permit).acquire_owned().await.unwrap();
        let ask = |number| {
            let (passwords, users) = (Arc::clone(&passwords), Arc::clone(&users));
            async move {
                passwords
                    .check(&users, "alice", "wrong", peer(number))
                    .await
            }
        };
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..MOST_WAITING {
            waiting.spawn(ask(1));
        }
        tokio::task::yield_now().await;
        assert_eq!(ask(1).await, Checked::Busy);
        waiting.spawn(ask(2));
        tokio::task::yield_now().await;
        assert_eq!(lock(&passwords.waiting)[&peer(2)], 1, "another address may");
        drop(permit);
        while let Some(checked) = waiting.join_next().await {
            assert_eq!(checked.unwrap(), Checked::Wrong);
        }
        assert!(
            lock(&passwords.waiting).is_empty(),
            "nobody is left in the queue"
        );
    }
}
