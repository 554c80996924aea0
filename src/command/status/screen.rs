//! Where the pages of `--watch` go: a terminal shows the latest one, a pipe gets all of them.

use std::io;

use console::Term;
use jiff::Timestamp;

use super::paint::paint;
use crate::client::Url;
use crate::command::output;

/// Where to write.
pub(super) enum Screen {
    /// Pages follow each other.
    Pipe,
    /// A page replaces the one before.
    Terminal {
        url: String,
        colour: bool,
        term: Term,
    },
}

impl Screen {
    pub(super) fn new(url: &Url, colour: bool) -> Self {
        let term = Term::stdout();
        if !term.is_term() {
            return Self::Pipe;
        }
        Self::Terminal {
            url: url.to_string(),
            colour,
            term,
        }
    }

    /// Shows a page; false when nobody reads any more.
    pub(super) fn show(&self, page: &str) -> io::Result<bool> {
        match self {
            Self::Pipe => output::print_on(&(paint(page, false) + "\n")),
            Self::Terminal { colour, term, .. } => {
                let (rows, columns) = term.size();
                let page = fitting(without_rule(page), rows.into(), columns.into());
                // Home; each line over what stood there; then away with the rest. Nothing flickers.
                let lines = paint(&page, *colour).replace('\n', "\x1b[K\n");
                let drawn = output::print_on(&format!("\x1b[H{lines}\x1b[J"))?;
                Ok(drawn && self.alive()?)
            }
        }
    }

    /// Shows that the agent was heard just now.
    pub(super) fn alive(&self) -> io::Result<bool> {
        let now = Timestamp::now().strftime("%H:%M:%S UTC");
        self.last_line(|url| format!("{url}, heard {now}; Ctrl-C ends"))
    }

    /// Says what is the matter, in place of pages.
    pub(super) fn trouble(&self, words: &str) -> io::Result<bool> {
        self.last_line(|url| format!("{url}: {words}"))
    }

    fn last_line(&self, words: impl FnOnce(&str) -> String) -> io::Result<bool> {
        let Self::Terminal { url, term, .. } = self else {
            return Ok(true);
        };
        let (rows, columns) = term.size();
        let words: String = words(url).chars().take(usize::from(columns)).collect();
        output::print_on(&format!("\x1b[{rows};1H{words}\x1b[K"))
    }
}

/// A page that stands alone needs no line between it and the one before.
fn without_rule(page: &str) -> &str {
    match page.split_once('\n') {
        Some((rule, rest)) if rule.starts_with("====") => rest,
        _ => page,
    }
}

/// As many lines as there is room for above the last one, which is not a line of the page. Wide lines take several rows.
fn fitting(page: &str, rows: usize, columns: usize) -> String {
    let mut room = rows.saturating_sub(2);
    let mut fitting = String::new();
    let mut lines = page.lines();
    for line in lines.by_ref() {
        let taken = line.chars().count().div_ceil(columns.max(1)).max(1);
        if taken > room {
            fitting
                .push_str("... more than fits here: enlarge the terminal, or leave --watch out\n");
            return fitting;
        }
        room -= taken;
        fitting.push_str(line);
        fitting.push('\n');
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_fits_is_whole_and_another_says_that_it_is_not() {
        assert_eq!(fitting("a\nb\n", 4, 10), "a\nb\n");
        assert!(fitting("a\nb\nc\n", 4, 10).starts_with("a\nb\n... more"));
        assert!(fitting("a\nlonger than ten\n", 4, 10).starts_with("a\n... more"));
    }
}
