//! Goes through the nameservers, round after round, until one of them tells. A try that is moved on from keeps
//! listening: a late answer is an answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use tokio::time::{Instant, sleep_until, timeout};

use super::Resolved;
use super::exchange::{Shared, unanswered};
use super::heard::{Heard, Said, Told};
use super::message::{Answer, Family};
use super::nameserver::Nameserver;
use super::policy::{combine, grace_for_v6, has_addresses, hear};
use crate::probe::Symptom;

/// The list of nameservers is gone through this often, as the system's resolver does (`attempts` in resolv.conf(5)).
const ROUNDS: usize = 2;

/// More tries do not listen at a time; each has a socket for A and one for AAAA.
const MOST_LISTENING: usize = 6;

/// When the next try begins, and when all of them end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// After this long without an answer, the next try begins as well.
    pub(super) per_try: Duration,
    /// The end of the attempt: tries listen until then.
    pub(super) deadline: Instant,
}

impl Pace {
    /// At most `per_try`, and not so much that dead nameservers leave nothing to the others.
    pub(super) fn new(per_try: Duration, nameservers: usize, deadline: Instant) -> Self {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let shares = u32::try_from(nameservers.saturating_add(1)).unwrap_or(u32::MAX);
        Self {
            per_try: per_try.min(remaining / shares),
            deadline,
        }
    }
}

/// A try under way.
type Listening<'a> = Pin<Box<dyn Future<Output = Said> + Send + 'a>>;

/// The first good answer to any of the tries, or else the most telling failure.
pub(super) async fn first_answer(
    name: &Name,
    nameservers: &[SocketAddr],
    pace: Pace,
    trace: &Shared<'_>,
) -> Result<Resolved, Symptom> {
    let mut listening: Vec<Listening<'_>> = Vec::new();
    let mut heard = Heard::default();
    let mut moves_on = Instant::now();
    for nameserver in in_order(nameservers, pace) {
        if Instant::now() >= pace.deadline {
            break;
        }
        if listening.len() == MOST_LISTENING {
            drop(listening.remove(0));
        }
        listening.push(Box::pin(both(nameserver, name, trace)));
        moves_on = Instant::now() + pace.per_try;
        loop {
            tokio::select! {
                biased;
                (said, is_latest) = next_said(&mut listening) => match heard.take(said, trace) {
                    Some(end) => return end,
                    None if is_latest => break,
                    None => {}
                },
                () = sleep_until(moves_on) => break,
            }
        }
    }
    // The last try has what is left of the attempt, unless there is something to go on with.
    while !listening.is_empty() {
        tokio::select! {
            biased;
            (said, _) = next_said(&mut listening) => if let Some(end) = heard.take(said, trace) {
                return end;
            },
            () = sleep_until(moves_on), if heard.is_half() => break,
        }
    }
    heard.end(trace)
}

fn in_order(nameservers: &[SocketAddr], pace: Pace) -> Vec<Nameserver> {
    let of_round = |round| {
        nameservers.iter().map(move |address| Nameserver {
            address: *address,
            // What chokes on EDNS does so in silence, or says SERVFAIL.
            edns: round == 0,
            pace,
        })
    };
    (0..ROUNDS).flat_map(of_round).collect()
}

/// What the first try to end said, and whether it is the one that began last.
async fn next_said(listening: &mut Vec<Listening<'_>>) -> (Said, bool) {
    poll_fn(|cx| {
        let ended = listening.iter_mut().enumerate().find_map(|(index, try_)| {
            match try_.as_mut().poll(cx) {
                Poll::Ready(said) => Some((said, index)),
                Poll::Pending => None,
            }
        });
        ended.map_or(Poll::Pending, |(said, index)| {
            drop(listening.remove(index));
            Poll::Ready((said, index == listening.len()))
        })
    })
    .await
}

/// Asks one nameserver for A and AAAA at the same time.
async fn both(nameserver: Nameserver, name: &Name, trace: &Shared<'_>) -> Said {
    let mut v4 = pin!(nameserver.query(name, Family::V4, trace));
    let mut v6 = pin!(nameserver.query(name, Family::V6, trace));
    let late = |limit| move |_| Err(unanswered(limit, 0));
    let (v4, v6) = tokio::select! {
        biased;
        v4 = &mut v4 => match grace_for_v6(&v4) {
            None => (v4, v6.await),
            Some(grace) => (v4, timeout(grace, v6).await.unwrap_or_else(late(grace))),
        },
        v6 = &mut v6 => if has_addresses(&v6) {
            let limit = nameserver.pace.per_try;
            (timeout(limit, v4).await.unwrap_or_else(late(limit)), v6)
        } else {
            (v4.await, v6)
        },
    };
    said(nameserver.address, v4, v6)
}

/// What the ends of both questions come to.
pub(super) fn said(
    nameserver: SocketAddr,
    v4: Result<Answer, Symptom>,
    v6: Result<Answer, Symptom>,
) -> Said {
    let told = v4.as_ref().or(v6.as_ref()).ok().map(Told::by);
    Said {
        nameserver,
        told: told.unwrap_or_default(),
        step: combine(v4.and_then(hear), v6.and_then(hear)),
    }
}
