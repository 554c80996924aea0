//! What a nameserver replies to the questions for the addresses of a name.

use egress_probe::outcome::{Outcome, Reason};
use egress_probe::probe::fuzzing;

use super::fit;

const NAME: &str = "mcr.microsoft.com";
/// Bytes before the question.
const HEADER: usize = 12;
/// Name, type and class.
const QUESTION: usize = NAME.len() + 2 + 4;

pub(crate) fn check(reply: &[u8]) {
    // As it stands, nobody's answer; with the id of the query; and with its question too.
    let guessed = outcome(|_| reply.to_vec());
    let same_id = |query: &[u8]| overwritten(reply, &query[..2], 0);
    let answered =
        |query: &[u8]| overwritten(&same_id(query), &query[HEADER..HEADER + QUESTION], HEADER);
    for outcome in [guessed, outcome(same_id), outcome(answered)] {
        fit::outcome(&outcome);
        let facts = &outcome.facts;
        assert!(facts.aliases.len() <= 17 && facts.resolved.len() <= 16);
        match outcome.verdict.failure() {
            None => assert!(!facts.resolved.is_empty()),
            Some(failure) => assert_ne!(failure.reason, Reason::Internal),
        }
        fit::page(outcome);
    }
}

fn outcome(reply: impl Fn(&[u8]) -> Vec<u8>) -> Outcome {
    fuzzing::dns(NAME, reply).expect("a name")
}

fn overwritten(reply: &[u8], with: &[u8], at: usize) -> Vec<u8> {
    let mut reply = reply.to_vec();
    if let Some(place) = reply.get_mut(at..at + with.len()) {
        place.copy_from_slice(with);
    }
    reply
}
