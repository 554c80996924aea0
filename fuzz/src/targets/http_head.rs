//! What a server, or whoever stands before it, answers to `HEAD /`.

use egress_probe::outcome::Outcome;
use egress_probe::probe::fuzzing;

use super::{fit, peer, waiting};

pub(crate) fn check(said: &[u8]) {
    let [whole, cut, other] = peer::peers(said)
        .map(|peer| waiting::now(fuzzing::http("mcr.microsoft.com", || peer.again())));
    for ((whole, cut), other) in whole.iter().zip(&cut).zip(&other) {
        fit::outcome(whole);
        fit::same(whole, cut);
        fit::same(whole, other);
        denied(whole);
    }
    let [clear, .., proven] = whole.as_slice() else {
        unreachable!("an outcome per channel")
    };
    assert!(
        !reachable(clear) || reachable(proven),
        "proof makes nothing worse"
    );
    fit::page(clear.clone());
}

fn reachable(outcome: &Outcome) -> bool {
    outcome.verdict.failure().is_none()
}

/// These are never an origin server's.
fn denied(outcome: &Outcome) {
    let status = outcome.facts.http.as_ref().map(|http| http.status);
    if matches!(status, Some(407 | 470 | 511)) || status.is_none() {
        assert!(!reachable(outcome), "{outcome:?}");
    }
}
