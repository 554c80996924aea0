//! What stands above a page that follows another one.

use super::page::{Ink, Page};

/// More changes are counted, not listed.
const MOST_CHANGES: usize = 8;

/// A rule, so that pages do not run into each other, and what changed. Nothing above the first page.
pub(super) fn write(page: &mut Page, changes: &[String]) {
    if changes.is_empty() {
        return;
    }
    page.line(0, &[(Ink::Dim, &"=".repeat(page.width))]);
    for change in changes.iter().take(MOST_CHANGES) {
        page.labelled(0, "changed", Ink::Bold, change);
    }
    let more = changes.len().saturating_sub(MOST_CHANGES);
    if more > 0 {
        page.labelled(0, "", Ink::Plain, &format!("and {more} more"));
    }
    page.blank();
}
