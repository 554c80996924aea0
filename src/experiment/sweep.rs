//! Sends the same thing with a rising time to live, and makes a path of what that draws.

use tokio::time::timeout_at;

use super::drawn::Drawn;
use super::pace::Pace;
use crate::outcome::{Answer, Hop, Path};

/// Longer ways are not followed to their end.
const MOST_HOPS: u8 = 20;
/// Times to live that are tried side by side.
const AT_ONCE: u8 = 4;
/// So many in a row that draw nothing are the end, unless it is known that an answer comes.
const SILENT_IN_A_ROW: u8 = 4;

/// Whether something answers what is sent with the usual time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The attempt was answered, so that routers which say nothing are gone past.
    Answers,
    /// It was not.
    Silent,
}

/// Something that can be sent with any time to live.
pub(super) trait Shot: Sync {
    /// Sends it once, and waits for what it draws.
    fn shoot(&self, ttl: u8) -> impl Future<Output = Drawn> + Send;
}

/// Shoots with a TTL of 1, 2, 3 and so on until something else than a router answers.
pub(super) async fn sweep(shot: &impl Shot, end: End, pace: Pace) -> Option<Path> {
    let mut drawn = Vec::new();
    for first in (1..=MOST_HOPS).step_by(AT_ONCE.into()) {
        let salvo = async {
            let (a, b, c, d) = tokio::join!(
                shot.shoot(first),
                shot.shoot(first + 1),
                shot.shoot(first + 2),
                shot.shoot(first + 3)
            );
            [a, b, c, d]
        };
        let Ok(salvo) = timeout_at(pace.end(), salvo).await else {
            break;
        };
        drawn.extend(salvo);
        if is_over(&drawn, end) {
            break;
        }
    }
    path(&drawn, end)
}

/// Whether more would tell nothing new. The first element is what a TTL of 1 drew.
fn is_over(drawn: &[Drawn], end: End) -> bool {
    let unsent = drawn.iter().all(|drawn| *drawn == Drawn::Unknown);
    answer(drawn).is_some() || unsent || end == End::Silent && ends_in_silence(drawn)
}

fn ends_in_silence(drawn: &[Drawn]) -> bool {
    let silent = drawn.iter().rev().take_while(|drawn| is_silent(**drawn));
    silent.count() >= SILENT_IN_A_ROW.into()
}

fn is_silent(drawn: Drawn) -> bool {
    matches!(drawn, Drawn::Answer(Answer::Silence, _) | Drawn::Unknown)
}

/// The first one that is not a router's, with its TTL.
fn answer(drawn: &[Drawn]) -> Option<(u8, Drawn)> {
    let mut by_ttl = (1..).zip(drawn.iter().copied());
    by_ttl.find(|(_, drawn)| matches!(drawn, Drawn::Answer(..)) && !is_silent(*drawn))
}

/// None when nothing can be said: nothing was sent, the end was not reached in time, or not found though there is one.
fn path(drawn: &[Drawn], end: End) -> Option<Path> {
    if let Some((answered_at, Drawn::Answer(answer, rejected_by))) = answer(drawn) {
        return Some(Path {
            hops: hops(drawn, answered_at),
            answer,
            answered_at,
            rejected_by,
        });
    }
    let sent = drawn.iter().any(|drawn| *drawn != Drawn::Unknown);
    let answered_at = 1 + last_expired(drawn);
    (sent && end == End::Silent && ends_in_silence(drawn)).then(|| Path {
        hops: hops(drawn, answered_at),
        answer: Answer::Silence,
        answered_at,
        rejected_by: None,
    })
}

/// The routers before that TTL, as far as they are known.
fn hops(drawn: &[Drawn], before: u8) -> Vec<Hop> {
    let known = (1..before)
        .zip(drawn)
        .filter_map(|(ttl, drawn)| match drawn {
            Drawn::Expired(address) => address.map(|address| Hop { ttl, address }),
            _ => None,
        });
    known.collect()
}

/// The greatest TTL that was exceeded; 0 when none was.
fn last_expired(drawn: &[Drawn]) -> u8 {
    let by_ttl = (1..).zip(drawn);
    let expired = by_ttl.filter(|(_, drawn)| matches!(drawn, Drawn::Expired(_)));
    expired.map(|(ttl, _)| ttl).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const SILENCE: Drawn = Drawn::Answer(Answer::Silence, None);
    const RESET: Drawn = Drawn::Answer(Answer::Reset, None);

    /// Draws these in turn, and the last one from then on. Silence takes its time.
    struct Script {
        draws: Vec<Drawn>,
        highest: AtomicU8,
    }

    impl Shot for Script {
        async fn shoot(&self, ttl: u8) -> Drawn {
            self.highest.fetch_max(ttl, Ordering::Relaxed);
            let drawn = self.draws.get(usize::from(ttl) - 1);
            let drawn = *drawn.or(self.draws.last()).unwrap();
            if drawn == SILENCE {
                sleep(Duration::from_millis(700)).await;
            }
            drawn
        }
    }

    fn router(last: u8) -> Drawn {
        Drawn::Expired(Some(IpAddr::from([198, 18, 0, last])))
    }

    /// Hops, answer and its TTL, and the highest TTL that was tried.
    async fn swept(draws: &[Drawn], end: End) -> (Option<(Vec<u8>, Answer, u8)>, u8) {
        let script = Script {
            draws: draws.to_vec(),
            highest: AtomicU8::new(0),
        };
        let path = sweep(&script, end, Pace::within(Duration::from_secs(10))).await;
        let path = path.map(|path| {
            let hops = path.hops.iter().map(|hop| hop.ttl);
            (hops.collect(), path.answer, path.answered_at)
        });
        (path, script.highest.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_ttl_that_draws_an_answer_ends_it() {
        let draws = [router(1), SILENCE, RESET, router(9)];
        let expected = Some((vec![1], Answer::Reset, 3));
        assert_eq!(swept(&draws, End::Silent).await, (expected, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_begins_behind_the_last_router_that_answers() {
        let draws = [SILENCE, router(2), Drawn::Expired(None), SILENCE];
        let expected = Some((vec![2], Answer::Silence, 4));
        assert_eq!(swept(&draws, End::Silent).await, (expected, 8));
    }

    #[tokio::test(start_paused = true)]
    async fn silent_routers_are_gone_past_where_an_answer_comes() {
        let draws = [vec![SILENCE; 10], vec![RESET]].concat();
        let expected = Some((vec![], Answer::Reset, 11));
        assert_eq!(swept(&draws, End::Answers).await, (expected, 12));
        assert_eq!(swept(&draws, End::Silent).await.1, 4, "silent anyway");
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_whose_end_is_not_found_says_nothing() {
        assert_eq!(swept(&[router(1)], End::Answers).await, (None, MOST_HOPS));
        assert_eq!(swept(&[SILENCE], End::Answers).await, (None, MOST_HOPS));
        assert_eq!(swept(&[Drawn::Unknown], End::Silent).await, (None, 4));
    }
}
