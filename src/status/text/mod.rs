//! Plain text for `curl` and terminals: never wider than 100 columns, colour only where it was asked for.

mod lists;
mod overview;
mod page;
mod target;

use super::{StatusReport, TargetReport};
use jiff::Timestamp;

pub use page::Style;

/// The whole report, the worst first.
pub fn render(report: &StatusReport, style: Style) -> String {
    let mut page = page::Page::new(style);
    overview::write(&mut page, report);
    page.finish()
}

/// One target with everything that is known of it, as of `now`.
pub fn render_target(target: &TargetReport, now: Timestamp, style: Style) -> String {
    let mut page = page::Page::new(style);
    target::write(&mut page, target, now);
    page.finish()
}
