//! Times, durations and counts as a person reads them.

use jiff::Timestamp;

/// `2026-11-23 20:01:12 UTC`.
pub(crate) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-23 20:01`, in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `4 min ago`; a time that a stepped clock puts into the future is `just now`.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    if seconds < 1 {
        "just now".to_owned()
    } else {
        format!("{} ago", span(seconds))
    }
}

/// `2026-11-23 20:01:12 UTC (4 min ago)`.
pub(crate) fn since(time: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", utc(time), ago(time, now))
}

/// One unit, rounded down: `58 s`, `4 min`, `30 h`, `12 d`.
pub(super) fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s @ ..120 => format!("{s} s"),
        s @ ..7_200 => format!("{} min", s / 60),
        s @ ..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// `0.42 ms`, `13 ms`, `10.0 s`.
pub(super) fn duration(seconds: f64) -> String {
    let millis = seconds * 1e3;
    match millis {
        m if m < 1.0 => format!("{m:.2} ms"),
        m if m < 10.0 => format!("{m:.1} ms"),
        m if m < 1_000.0 => format!("{m:.0} ms"),
        _ => format!("{seconds:.1} s"),
    }
}

/// `1 target`, `2 targets`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// `a, b, c`.
pub(crate) fn list<T: ToString>(items: &[T]) -> String {
    let words: Vec<_> = items.iter().map(ToString::to_string).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_keep_one_unit_and_never_round_up() {
        for (seconds, text) in [
            (-5, "0 s"),
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn durations_keep_two_or_three_digits() {
        for (seconds, text) in [
            (0.000_42, "0.42 ms"),
            (0.009_4, "9.4 ms"),
            (0.013, "13 ms"),
            (10.0, "10.0 s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
