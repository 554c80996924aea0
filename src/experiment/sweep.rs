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
