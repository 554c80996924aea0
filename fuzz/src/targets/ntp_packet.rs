//! What a time server replies. Behind its 48 bytes may stand when we asked, and how long it took.

use std::time::Duration;

use egress_probe::probe::fuzzing;

use super::fit;

/// Half of an era, in seconds: two clocks further apart cannot be told.
const FURTHEST: f64 = 2_147_483_648.0;

pub(crate) fn check(input: &[u8]) {
    let number =
        |at: usize| -> Option<u64> { Some(u64::from_be_bytes(*input.get(at..)?.first_chunk()?)) };
    let sent_at = Duration::from_secs(number(48).unwrap_or(1_700_000_000) % (1 << 34));
    let round_trip = Duration::from_micros(number(56).unwrap_or(30_000) % 10_000_000);
    let echoed = number(24).unwrap_or_default();
    for cookie in [echoed, !echoed] {
        let outcome = fuzzing::ntp(input, cookie, sent_at, round_trip);
        fit::outcome(&outcome);
        let Some(ntp) = &outcome.facts.ntp else {
            assert!(outcome.verdict.failure().is_some());
            continue;
        };
        assert_eq!(cookie, echoed, "another's reply is believed");
        assert!(matches!(input[0] & 7, 4) && input.len() >= 48);
        for seconds in [ntp.offset_seconds, ntp.delay_seconds]
            .into_iter()
            .flatten()
        {
            assert!(
                seconds.is_finite() && seconds.abs() <= FURTHEST + 10.0,
                "{ntp:?}"
            );
        }
        assert_eq!(ntp.offset_seconds.is_some(), ntp.delay_seconds.is_some());
        assert!(ntp.offset_seconds.is_none() || matches!(ntp.stratum, 1..=15));
        fit::page(outcome);
    }
}
