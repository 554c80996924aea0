//! What a proxy answers to CONNECT.

use egress_probe::probe::fuzzing;

use super::{fit, peer, waiting};

pub(crate) fn check(said: &[u8]) {
    let destination = "mcr.microsoft.com:443";
    let [whole, cut, other] =
        peer::peers(said).map(|peer| waiting::now(fuzzing::connect_reply(destination, peer)));
    fit::outcome(&whole);
    fit::same(&whole, &cut);
    fit::same(&whole, &other);
    if whole.verdict.failure().is_none() {
        let grants = |window: &[u8]| window.starts_with(b"HTTP/1.") && window[8..] == *b" 2";
        assert!(said.windows(10).any(grants), "a tunnel that nobody granted");
    }
    fit::page(whole);
}
