//! What an SSH server says first.

use egress_probe::probe::fuzzing;

use super::{fit, peer, waiting};

pub(crate) fn check(said: &[u8]) {
    let [whole, cut, other] = peer::peers(said).map(|peer| waiting::now(fuzzing::ssh(peer)));
    fit::outcome(&whole);
    fit::same(&whole, &cut);
    fit::same(&whole, &other);
    if whole.verdict.failure().is_none() {
        let lines: Vec<_> = said.split(|byte| *byte == b'\n').collect();
        let identifies =
            |line: &&[u8]| line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-");
        assert!(
            lines.iter().take(17).any(identifies),
            "believed without a line"
        );
    }
    fit::page(whole);
}
