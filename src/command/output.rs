//! Standard output: written once, and quiet when the reader has gone away.

use std::io::{self, ErrorKind, IsTerminal, Write, stdout};

use serde::Serialize;

use crate::discover::Environment;

/// Prints text that ends with a line break of its own.
///
/// # Errors
/// When standard output cannot be written; a closed pipe is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    print_on(text).map(drop)
}

/// The same, and whether anybody still reads.
///
/// # Errors
/// As [`print()`].
pub(super) fn print_on(text: &str) -> io::Result<bool> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// Prints a value as indented JSON.
///
/// # Errors
/// As [`print()`].
pub(super) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    print(&(text + "\n"))
}

/// Whether standard output shows colours: a terminal, and nobody said no (<https://no-color.org>).
pub(super) fn colour(environment: &Environment) -> bool {
    stdout().is_terminal() && colour_wanted(environment)
}

/// Whether nobody said no to colours.
pub(super) fn colour_wanted(environment: &Environment) -> bool {
    let refused = environment
        .get("NO_COLOR")
        .is_some_and(|value| !value.is_empty());
    let dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
    !refused && !dumb
}

/// Whether a text is longer than the terminal that it goes to, so that its beginning leaves the screen.
pub(super) fn scrolls(text: &str) -> bool {
    let size = console::Term::stdout().size_checked();
    size.is_some_and(|(rows, _)| stdout().is_terminal() && text.lines().count() >= rows.into())
}

/// Columns of the terminal; 100 where there is none.
pub(super) fn width() -> usize {
    const PAGE: u16 = 100;
    const NARROWEST: u16 = 60;
    let (_, columns) = console::Term::stdout().size_checked().unwrap_or((0, PAGE));
    usize::from(columns.clamp(NARROWEST, PAGE))
}
