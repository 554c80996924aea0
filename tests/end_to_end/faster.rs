//! A shipped file with its times made shorter, and nothing else changed.

/// A minute is two seconds. The agent's 60 s, a scrape's 30 s and all that rules and Alertmanager wait for keep their
/// proportions: 2 s, 1 s, and so on.
const FACTOR: u64 = 30;

/// Every duration, wherever it stands. What is a number of seconds to the reader, and no duration to the file, stays: the
/// day for which agents are remembered, and the days and minutes in which alerts speak.
pub(crate) fn faster(text: &str) -> String {
    let mut changed = String::new();
    for piece in text.split_inclusive(|c| !is_of_word(c)) {
        let word = piece.trim_end_matches(|c| !is_of_word(c));
        changed += &shorter(word).unwrap_or_else(|| word.to_owned());
        changed += &piece[word.len()..];
    }
    changed
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

fn shorter(word: &str) -> Option<String> {
    let seconds = match word.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    let number: u64 = word[..word.len() - 1].parse().ok()?;
    Some(format!("{}ms", number * seconds * 1000 / FACTOR))
}

#[test]
fn durations_are_shortened_and_nothing_else() {
    let text = "a:b:increase5m: sum(a_total[5m:30s] offset 1h) > 86400, for: 15m # 2m";
    let expected = "a:b:increase5m: sum(a_total[10000ms:1000ms] offset 120000ms) > 86400, for: 30000ms # 4000ms";
    assert_eq!(faster(text), expected);
}
