//! What a session shows, and whether that is what came: word by word, but for times, durations and what is drawn.

/// One command of a session with the output that is shown for it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) shown: String,
}

/// The lines that begin with `$ ` are commands.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                shown: String::new(),
            });
        } else {
            let step = steps.last_mut().expect("a session begins with a command");
            step.shown.extend([line, "\n"]);
        }
    }
    steps
}

/// Whether the output is what is shown. A line `...` stands for any number of lines.
pub(crate) fn matches(shown: &str, output: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    for line in shown.lines() {
        if line.trim() == "..." {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.extend([line, "\n"]);
        }
    }
    let output = words(output);
    let mut rest = &output[..];
    let last = parts.len() - 1;
    for (number, part) in parts.iter().enumerate() {
        let part = words(part);
        let starts = match (number, number == last) {
            (0, true) => return rest == part,
            (0, false) => 0..1,
            (_, true) => rest.len().saturating_sub(part.len())..rest.len() + 1,
            (_, false) => 0..rest.len() + 1,
        };
        let Some(start) = starts.into_iter().find(|&at| rest[at..].starts_with(&part)) else {
            return false;
        };
        rest = &rest[start + part.len()..];
    }
    true
}

const UNITS: [&str; 7] = ["ms", "s", "µs", "min", "h", "d", "days"];

/// The words of a text, with one for every time, duration and drawing.
fn words(text: &str) -> Vec<String> {
    let mut raw = text.split_whitespace().peekable();
    let mut words: Vec<String> = Vec::new();
    while let Some(word) = raw.next() {
        let bare = word.trim_start_matches('(');
        let next = raw
            .peek()
            .map(|next| next.trim_end_matches(['.', ',', ')', ';']));
        if is_date(bare) {
            while raw
                .next_if(|next| is_clock(next) || is_zone(next))
                .is_some()
            {}
            words.push("TIME".to_owned());
        } else if is_number(bare) && next.is_some_and(|next| UNITS.contains(&next)) {
            raw.next();
            raw.next_if(|next| is_ago(next));
            words.push("DURATION".to_owned());
        } else if bare == "just" && next == Some("now") {
            raw.next();
            words.push("DURATION".to_owned());
        } else if is_drawing(word) {
            words.push("DRAWING".to_owned());
        } else {
            words.push(without_identifiers(word));
        }
    }
    words
}

fn is_date(word: &str) -> bool {
    let digits = word.get(..10).is_some_and(|date| {
        date.split('-').map(str::len).eq([4, 2, 2]) && date.replace('-', "").parse::<u32>().is_ok()
    });
    digits && word.len() <= 11
}

fn is_clock(word: &str) -> bool {
    let clock = word.trim_end_matches(':');
    clock.contains(':') && clock.chars().all(|c| c.is_ascii_digit() || c == ':')
}

fn is_zone(word: &str) -> bool {
    word.trim_end_matches([':', ')']) == "UTC"
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

fn is_ago(word: &str) -> bool {
    word.trim_end_matches([')', ',']) == "ago"
}

/// A bar, or a strip of attempts.
fn is_drawing(word: &str) -> bool {
    let of = |set: &str| word.chars().all(|c| set.contains(c));
    of("+x?") || (word.len() > 10 && of("#."))
}

/// A laboratory is named for the process that made it.
fn without_identifiers(word: &str) -> String {
    if !word.contains("egl-") && !word.contains("egress-lab-") {
        return word.to_owned();
    }
    word.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations_match_and_words_do_not() {
        let shown = "OK  all 88  2026-11-24 01:23:08 UTC\nold: 0 s to 11 s (3 min ago)\n";
        assert!(matches(
            shown,
            "OK all 88 2027-01-02 03:04:05 UTC\nold: 1 s to 2.5 s (just now)"
        ));
        assert!(!matches(
            shown,
            "OK all 87 2027-01-02 03:04:05 UTC\nold: 1 s to 2.5 s (just now)"
        ));
        assert!(!matches(shown, "OK all 88"));
    }

    #[test]
    fn an_ellipsis_stands_for_lines_and_only_where_it_stands() {
        assert!(matches("a\n...\nz\n", "a\nb\nc\nz\n"));
        assert!(matches("a\n...\nm\n...\n", "a\nb\nm\nz\n"));
        assert!(matches("...\nz\n", "a\nz\n"));
        assert!(!matches("a\n...\nz\n", "a\nz\nb\n"));
        assert!(!matches("b\n...\n", "a\nb\nc\n"));
        assert!(!matches("a\nz\n", "a\nb\nz\n"));
    }
}
