//! What holds of every text and every outcome, whatever a peer sends.

use std::sync::Arc;

use egress_probe::outcome::{Outcome, Reason, Verdict};
use egress_probe::status::TargetReport;
use egress_probe::store::Record;
use egress_probe::target::{Group, Host, Probe, Requirement, Target, TargetId};
use jiff::Timestamp;
use serde_json::Value;

/// Bytes of the longest text that an outcome keeps: an alias of 255 bytes, each escaped in four.
const LONGEST: usize = 1024;
/// Bytes of the largest outcome, written as JSON.
const LARGEST: usize = 32 * 1024;

/// A terminal obeys nothing in it, and no eye is misled. Line feeds are the renderer's own.
pub(crate) fn shown(text: &str) {
    let unfit = text.chars().find(|character| is_unfit(*character));
    assert!(unfit.is_none(), "{unfit:?} in {text:?}");
}

fn is_unfit(character: char) -> bool {
    let control = character.is_control() && character != '\n';
    let direction = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_a_line = matches!(character, '\u{2028}' | '\u{2029}');
    control || direction || ends_a_line || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The same on one line.
pub(crate) fn line(text: &str) {
    shown(text);
    assert!(!text.contains('\n'), "{text:?}");
}

/// Bounded, and every text in it fit for every page.
pub(crate) fn outcome(outcome: &Outcome) {
    let facts = serde_json::to_value(&outcome.facts).expect("JSON");
    let failures = outcome
        .addresses
        .iter()
        .filter_map(|tried| tried.failure.as_ref());
    for failure in failures.chain(outcome.verdict.failure()) {
        line(&failure.detail);
        assert!(failure.detail.len() <= LONGEST);
    }
    texts(&facts, &mut |text| {
        line(text);
        assert!(text.len() <= LONGEST, "{} bytes: {text}", text.len());
    });
    assert!(facts.to_string().len() <= LARGEST, "{facts}");
    assert!(outcome.warnings.is_empty() || outcome.verdict.failure().is_none());
}

/// The same bytes come to the same end, however they are delivered. Where they are refused, how much there was to
/// quote, and whether it was refused before the end or because of it, depends on when they were looked at.
pub(crate) fn same(one: &Outcome, other: &Outcome) {
    let early = [
        Reason::UnexpectedReply,
        Reason::HttpProtocol,
        Reason::ConnectionClosed,
    ];
    let end = |outcome: &Outcome| match &outcome.verdict {
        Verdict::Reachable => None,
        Verdict::Unreachable(failure) | Verdict::Unproven(failure)
            if early.contains(&failure.reason) =>
        {
            Some((failure.phase, None))
        }
        Verdict::Unreachable(failure) | Verdict::Unproven(failure) => {
            Some((failure.phase, Some(failure.reason)))
        }
    };
    assert_eq!(
        end(one),
        end(other),
        "{:?} {:?}",
        one.verdict,
        other.verdict
    );
    assert_eq!(one.warnings, other.warnings);
    if end(one).is_none_or(|(_, reason)| reason.is_some()) {
        assert_eq!(one.facts, other.facts);
    }
}

/// Calls `see` for every text in a JSON value, keys included.
pub(crate) fn texts(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, see)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            see(key);
            texts(value, see);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A target of which nothing is known yet.
pub(crate) fn target(host: &str, port: u16, probe: Probe, purpose: &str) -> Record {
    let target = Target {
        id: TargetId {
            target: format!("{host}:{port}").into(),
            probe: probe.kind(),
        },
        host: Host::Name(host.to_owned()),
        port: Some(port),
        probe,
        groups: vec![Group::Core],
        requirement: Requirement::Required,
        purpose: purpose.to_owned(),
    };
    Record::new(Arc::new(target), Timestamp::UNIX_EPOCH)
}

/// The page of a target with this outcome.
pub(crate) fn page(outcome: Outcome) {
    let mut record = target("mcr.microsoft.com", 443, Probe::Tcp, "images");
    record.take(outcome.clone());
    record.take(outcome);
    super::pages::of_target(&TargetReport::new(&record, None));
}
