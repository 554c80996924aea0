//! How times and durations are written in JSON: RFC 3339 in UTC with milliseconds, and seconds as numbers.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serializer;

pub(crate) fn timestamp<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.3}"))
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
pub(crate) fn optional_timestamp<S: Serializer>(
    time: &Option<Timestamp>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => timestamp(time, to),
        None => to.serialize_none(),
    }
}

/// Seconds with microseconds, without the digits that a float's conversion would make up.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}
