//! Words in markup: what is unfit to be shown is shown escaped, and what would be markup is text.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::text::clean;

/// The escaper of every template (`askama.toml`): no `{{ }}` can forget it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words;

impl Escaper for Words {
    fn write_escaped_str<W: Write>(&self, to: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(to, &clean(text))
    }
}
