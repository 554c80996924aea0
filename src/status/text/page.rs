//! Lines that fit: cuts, wraps and colours, and lets no control character of a peer through to a terminal.

use std::fmt::Write;

use crate::text::clean;

/// The widest a page may be, in columns.
const WIDEST: usize = 100;
/// Narrower than this, nothing is readable; lines are then left to the terminal.
const NARROWEST: usize = 60;
/// A paragraph is cut after so many lines.
const LONGEST_PARAGRAPH: usize = 6;

/// How to write a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// Columns; kept between 60 and 100.
    pub width: usize,
}

impl Style {
    /// For pipes and `curl`.
    pub const PLAIN: Self = Self {
        colour: false,
        width: WIDEST,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Red => "\x1b[1;31m",
            Self::Yellow => "\x1b[33m",
            Self::Green => "\x1b[32m",
        }
    }
}

pub(crate) struct Page {
    out: String,
    colour: bool,
    pub(super) width: usize,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            out: String::with_capacity(8 * 1024),
            colour: style.colour,
            width: style.width.clamp(NARROWEST, WIDEST),
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// One line, cut at the width.
    pub(crate) fn line(&mut self, indent: usize, spans: &[(Ink, &str)]) {
        let mut left = self.width.saturating_sub(indent);
        let mut line = " ".repeat(indent);
        for (ink, text) in spans {
            let text = fit(&clean(text), left);
            left -= text.chars().count();
            self.paint(&mut line, *ink, &text);
        }
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// A label and words that wrap beside it.
    pub(super) fn labelled(&mut self, indent: usize, label: &str, ink: Ink, words: &str) {
        const LABEL: usize = 11;
        self.beside(indent, LABEL, label, ink, words);
    }

    /// Labels in a column as wide as they need, each with words that wrap beside it.
    pub(super) fn table<L: AsRef<str>>(&mut self, indent: usize, rows: &[(L, String)]) {
        let longest = rows.iter().map(|(label, _)| label.as_ref().len()).max();
        let column = longest.unwrap_or_default() + 2;
        for (label, words) in rows {
            self.beside(indent, column, label.as_ref(), Ink::Plain, words);
        }
    }

    fn beside(&mut self, indent: usize, column: usize, label: &str, ink: Ink, words: &str) {
        let room = self.width.saturating_sub(indent + column);
        for (number, words) in wrap(&clean(words), room).iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            let label = format!("{label:<column$}");
            self.line(indent, &[(Ink::Dim, &label), (ink, words)]);
        }
    }

    /// Words that wrap at an indentation.
    pub(crate) fn paragraph(&mut self, indent: usize, ink: Ink, words: &str) {
        for line in wrap(&clean(words), self.width.saturating_sub(indent)) {
            self.line(indent, &[(ink, &line)]);
        }
    }

    fn paint(&self, line: &mut String, ink: Ink, text: &str) {
        if self.colour && ink != Ink::Plain && !text.trim().is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}{text}\x1b[0m", ink.code());
        } else {
            line.push_str(text);
        }
    }
}

/// Cuts at the end.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Cuts in the middle: the end of a name carries its domain and port.
pub(super) fn shorten(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width || width < 3 {
        return fit(name, width);
    }
    let head = (width - 1) / 3;
    let tail = width - 1 - head;
    let start: String = name.chars().take(head).collect();
    let end: String = name.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace().flat_map(|word| pieces(word, width)) {
        let size = word.chars().count();
        if length > 0 && length + 1 + size > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(&word);
            length += size;
        }
    }
    if lines.len() > LONGEST_PARAGRAPH {
        lines.truncate(LONGEST_PARAGRAPH);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …"), width);
        }
    }
    lines
}

/// A word that fits on no line, in parts that do.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    characters
        .chunks(width.max(1))
        .map(|chunk| chunk.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_a_word_that_is_too_long_is_split() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(
            shorten("a-very-long-name.example.com:443", 20),
            "a-very…ample.com:443"
        );
        assert_eq!(shorten("short", 20), "short");
    }
}
