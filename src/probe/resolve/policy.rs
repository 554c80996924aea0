//! What the answers to both questions amount to, and which of several failures says most. Pure.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use super::message::{Answer, mnemonic};
use crate::outcome::Reason;
use crate::probe::Symptom;

/// What AAAA gets once A's end does not depend on it.
const GRACE: Duration = Duration::from_millis(100);

/// A question's end: an answer that says NOERROR, or why there is none.
pub(super) type Heard = Result<Answer, Symptom>;

/// What follows from what one nameserver said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The name has these addresses.
    Done(Answer),
    /// The name has these IPv6 addresses; whether it has IPv4 addresses, the next nameserver may know.
    Half(Answer),
    /// No other nameserver would know better.
    Final(Symptom),
    /// The next nameserver may know better.
    Next(Symptom),
}

/// Takes an answer's response code for what it is.
pub(super) fn hear(answer: Answer) -> Heard {
    let rcode = mnemonic(answer.rcode);
    let (reason, detail) = match answer.rcode {
        ResponseCode::NoError if answer.endless => {
            let aliases = answer.aliases.len();
            let detail = format!("the chain of aliases has no end after {aliases}");
            (Reason::ResolverFailure, detail)
        }
        ResponseCode::NoError => return Ok(answer),
        ResponseCode::NXDomain => {
            let detail = format!("the name does not exist ({rcode})");
            (Reason::NameNotFound, detail)
        }
        ResponseCode::Refused => (Reason::ResolverRefused, format!("the answer is {rcode}")),
        _ => (Reason::ResolverFailure, format!("the answer is {rcode}")),
    };
    Err(Symptom::new(reason, detail))
}

/// What is left for AAAA when A has ended like this; none: all its time, for the name lives or dies with it.
pub(super) fn grace_for_v6(v4: &Result<Answer, Symptom>) -> Option<Duration> {
    match v4 {
        Ok(answer) if answer.rcode == ResponseCode::NXDomain => Some(Duration::ZERO),
        Ok(answer) if answer.rcode == ResponseCode::NoError && answer.addresses.is_empty() => None,
        _ => Some(GRACE),
    }
}

/// Whether there is something to go on with should the other question not be answered.
pub(super) fn has_addresses(end: &Result<Answer, Symptom>) -> bool {
    let usable = |answer: &Answer| {
        answer.rcode == ResponseCode::NoError && !answer.endless && !answer.addresses.is_empty()
    };
    end.as_ref().is_ok_and(usable)
}

/// Both questions' ends as one step. IPv4 leads: what happens to AAAA never fails a good A.
pub(super) fn combine(v4: Heard, v6: Heard) -> Step {
    match (v4, v6) {
        (Ok(mut v4), v6) if !v4.addresses.is_empty() => {
            v4.addresses
                .extend(v6.into_iter().flat_map(|v6| v6.addresses));
            Step::Done(v4)
        }
        (Ok(_), Ok(v6)) if !v6.addresses.is_empty() => Step::Done(v6),
        (Ok(_), Err(v6)) if v6.reason != Reason::NameNotFound => Step::Next(v6),
        // Some servers deny a name when they have no AAAA for it (RFC 4074 section 4.2): A's word counts.
        (Ok(_), _) => {
            let detail = "the name exists but has no address";
            Step::Final(Symptom::new(Reason::NoAddresses, detail))
        }
        (Err(v4), _) if v4.reason == Reason::NameNotFound => Step::Final(v4),
        (Err(_), Ok(v6)) if !v6.addresses.is_empty() => Step::Half(v6),
        (Err(v4), Ok(_)) => Step::Next(v4),
        (Err(v4), Err(v6)) => Step::Next(more_telling(v4, v6)),
    }
}

/// The failure that says more; the later one of equals.
fn more_telling(earlier: Symptom, later: Symptom) -> Symptom {
    if tells_no_less(&later, &earlier) {
        later
    } else {
        earlier
    }
}

/// Whether the later failure takes the earlier one's place.
pub(super) fn tells_no_less(later: &Symptom, earlier: &Symptom) -> bool {
    rank(later.reason) >= rank(earlier.reason)
}

/// An answer says more than a rejection, a rejection more than silence. The node's own trouble goes before all:
/// where a nameserver could not be asked, the network is not to blame.
fn rank(reason: Reason) -> u8 {
    match reason {
        own if own.is_own_trouble() => 6,
        Reason::NameNotFound | Reason::ResolverFailure | Reason::ResolverRefused => 5,
        Reason::Prohibited => 4,
        Reason::ConnectionRefused | Reason::ConnectionReset | Reason::ConnectionClosed => 3,
        Reason::Unreachable => 2,
        Reason::UnexpectedReply => 1,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
