//! The page at `/`.

use askama::Template;

use super::headline_tint;
use crate::status::{Headline, StatusReport};
use crate::version;

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage<'a> {
    headline: Headline,
    tint: &'static str,
    node: &'a str,
    pages: &'a [(&'a str, &'a str)],
    version: &'a str,
}

/// The page at `/`, which leads to `pages`: paths and what they are.
pub fn render_landing(report: &StatusReport, pages: &[(&str, &str)]) -> askama::Result<String> {
    let headline = Headline::of(report);
    LandingPage {
        tint: headline_tint(headline.health),
        headline,
        node: &report.agent.node,
        pages,
        version: version::VERSION,
    }
    .render()
}
