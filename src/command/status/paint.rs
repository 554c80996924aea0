//! What comes from an agent, made fit for a terminal: nothing in it is obeyed, and the words that matter have colours.

use console::{Style, style};

use crate::text::clean;

type Ink = fn(Style) -> Style;

/// The words with which lines begin that tell how things stand. Only what is well is green.
const WORDS: &[(&str, Ink)] = &[
    ("FAILING", Style::red),
    ("UNREACHABLE", Style::red),
    ("REACHABLE, WITH WARNINGS", Style::yellow),
    ("UNPROVEN", Style::yellow),
    ("PENDING", Style::yellow),
    ("INCOMPLETE", Style::yellow),
    ("DEGRADED", Style::yellow),
    ("UNTESTABLE", Style::yellow),
    ("NOTICE", Style::yellow),
    ("OK", Style::green),
    ("REACHABLE", Style::green),
    ("changed", Style::yellow),
];

/// Line by line.
pub(super) fn paint(page: &str, colour: bool) -> String {
    let mut painted = String::with_capacity(page.len() + 256);
    for line in page.lines() {
        painted.push_str(&paint_line(&clean(line), colour));
        painted.push('\n');
    }
    painted
}

fn paint_line(line: &str, colour: bool) -> String {
    let begins = |(word, _): &&(&str, Ink)| line.starts_with(word);
    match WORDS.iter().find(begins).filter(|_| colour) {
        Some((word, ink)) => {
            let ink = ink(Style::new().bold().force_styling(true));
            format!("{}{}", ink.apply_to(word), &line[word.len()..])
        }
        None if colour && !line.is_empty() && line.chars().all(|c| c == '=') => {
            style(line).dim().force_styling(true).to_string()
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_an_agent_sends_is_obeyed() {
        assert_eq!(paint("OK\u{1b}[2J\r  a\n", false), "OK\\u{1b}[2J\\r  a\n");
    }

    #[test]
    fn only_the_word_that_tells_has_a_colour() {
        let painted = paint("FAILING  1 of 2\n  OK is no heading here\n", true);
        let (first, second) = painted.split_once('\n').unwrap();
        assert!(
            first.starts_with("\u{1b}[") && first.ends_with("m  1 of 2"),
            "{first:?}"
        );
        assert_eq!(second, "  OK is no heading here\n");
    }
}
