//! Plain text for `curl` and terminals: never wider than 100 columns, colour only where it was asked for.

mod lists;
mod overview;
mod page;
mod target;
mod watched;

use super::{StatusReport, TargetReport};
use jiff::Timestamp;

pub use page::Style;
pub(crate) use page::{Ink, Page};

/// How much of a report to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What is wrong; of the rest only how much there is.
    Brief,
    /// Everything, and where each last attempt spent its time.
    Phases,
    /// Everything.
    Usual,
}

/// The whole report, the worst first.
pub fn render(report: &StatusReport, style: Style) -> String {
    render_in(report, Detail::Usual, style)
}

/// The report in more or less detail, the worst first.
pub fn render_in(report: &StatusReport, detail: Detail, style: Style) -> String {
    let mut page = page::Page::new(style);
    overview::write(&mut page, report, detail);
    page.finish()
}

/// The first line of the report alone.
pub fn render_headline(report: &StatusReport, style: Style) -> String {
    let mut page = page::Page::new(style);
    overview::headline(&mut page, report);
    page.finish()
}

/// A page for somebody who watches: what changed since the page before, then what is wrong.
pub fn render_watched(report: &StatusReport, changes: &[String], style: Style) -> String {
    let mut page = page::Page::new(style);
    watched::write(&mut page, changes);
    overview::write(&mut page, report, Detail::Brief);
    page.finish()
}

/// The same of one target, with everything that is known of it.
pub fn render_watched_target(
    target: &TargetReport,
    now: Timestamp,
    changes: &[String],
    style: Style,
) -> String {
    let mut page = page::Page::new(style);
    watched::write(&mut page, changes);
    target::write(&mut page, target, now);
    page.finish()
}

/// One target with everything that is known of it, as of `now`.
pub fn render_target(target: &TargetReport, now: Timestamp, style: Style) -> String {
    let mut page = page::Page::new(style);
    target::write(&mut page, target, now);
    page.finish()
}
