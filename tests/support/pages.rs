//! The agent's pages and its exposition, taken apart by somebody who knows only what they promise.

use egress_probe::metrics::FAMILIES;

use crate::support::clients::promtool;
use crate::support::report::{Report, Summary};
use crate::support::running::Running;

/// Text, HTML and JSON come from three requests, so nothing may change meanwhile: the caller has waited.
pub(crate) fn assert_all_say_the_same(running: &Running<'_>) {
    let summary = running.report().summary;
    let Summary {
        targets,
        reachable,
        degraded,
        unreachable,
        unreachable_required,
        unproven,
        pending,
        untestable,
    } = summary;
    assert_eq!(
        (unreachable, unreachable_required),
        (1, 1),
        "as it was broken"
    );
    let text = running.page("/status", &[]);
    let expected = [
        targets,
        reachable,
        degraded,
        unreachable,
        unproven,
        pending,
        untestable,
    ];
    assert_eq!(tally(&text), expected, "{text}");
    assert!(text.starts_with("FAILING"), "{text}");
    let html = running.page("/status", &["Accept: text/html"]);
    let expected = [
        unreachable,
        unreachable_required,
        unproven,
        pending,
        reachable,
        degraded,
        untestable,
    ];
    assert_eq!(tiles(&html), expected, "{html}");
    let json = running.page("/status", &["Accept: application/json"]);
    assert_eq!(Report::read(&json).summary, summary);
    let metrics = running.metrics();
    let successes = metrics
        .lines()
        .filter(|line| line.starts_with("egress_probe_success{"));
    assert_eq!(successes.count(), reachable + unreachable);
}

/// After a failure that healed, with a warning and something unproven, every family but one has series.
pub(crate) fn assert_exposition(metrics: &str) {
    assert_eq!(promtool(metrics), "");
    let missing: Vec<_> = FAMILIES
        .iter()
        .map(|family| family.name)
        .filter(|name| !metrics.contains(&format!("\n# TYPE {name} ")))
        .collect();
    // It has series only while something is unreachable, and nothing is.
    assert_eq!(missing, ["egress_probe_failure_info"]);
    assert!(metrics.contains("\nprocess_resident_memory_bytes "));
}

/// The numbers of a text, in their order.
fn numbers(text: &str) -> Vec<usize> {
    let words = text.split(|character: char| !character.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// As the text page counts, wherever its lines break: `101 targets: 100 reachable (1 with warnings), ...`.
fn tally(text: &str) -> Vec<usize> {
    let words: Vec<_> = text.split_whitespace().collect();
    let at = |word: &str| words.iter().position(|other| *other == word);
    let (start, end) = (
        at("targets:").expect("a tally"),
        at("untestable.").expect("its end"),
    );
    numbers(&words[start - 1..end].join(" "))
}

/// As the tiles of the HTML page count.
fn tiles(html: &str) -> Vec<usize> {
    let (_, after) = html.split_once("<ul class=\"tiles\" ").expect("tiles");
    let (tiles, _) = after.split_once("</ul>").expect("their end");
    numbers(tiles)
}
