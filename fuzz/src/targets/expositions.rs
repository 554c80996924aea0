//! A strict reader of Prometheus text and `OpenMetrics`, after the formats' own grammar.

use std::collections::BTreeMap;

/// Labels by name, in order.
type Labels = Vec<(String, String)>;

/// Every sample by metric and labels, process metrics aside: none may stand twice.
pub(crate) fn samples(exposition: &str) -> BTreeMap<(String, Labels), String> {
    let mut samples = BTreeMap::new();
    for line in exposition.split('\n').filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let known = ["HELP ", "TYPE ", "EOF"]
                .iter()
                .any(|kind| comment.starts_with(kind));
            assert!(known, "{line:?}");
            continue;
        }
        let (name, labels, value) = sample(line);
        if !name.starts_with("process_") {
            let before = samples.insert((name, labels), value);
            assert!(before.is_none(), "a sample stands twice: {line}");
        }
    }
    samples
}

fn sample(line: &str) -> (String, Labels, String) {
    let end = line.find(['{', ' ']).expect("the end of a name");
    let (name, rest) = line.split_at(end);
    assert!(is_name(name), "{name:?}");
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest),
        None => (Labels::new(), rest),
    };
    let value = rest.strip_prefix(' ').expect("a value");
    assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line:?}");
    (name.to_owned(), labels, value.to_owned())
}

fn labels(mut rest: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name), "{name:?}");
        let (value, after) = quoted(after);
        labels.push((name.to_owned(), value));
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => {
                return (
                    labels,
                    after.strip_prefix('}').expect("the end of the labels"),
                );
            }
        }
    }
}

/// The value up to its closing quote, unescaped, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                other => panic!("an unknown escape: {other:?}"),
            },
            other => value.push(other),
        }
    }
    panic!("a value without an end: {text:?}")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
