//! What the pages load: a stylesheet, two scripts and three icons, all of them part of the program.

/// A file that pages refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// To be served at `/static/NAME`.
    pub name: &'static str,
    /// What it is.
    pub content_type: &'static str,
    /// All of it.
    pub content: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// Every file that a page refers to.
pub const ASSETS: &[Asset] = &[
    asset("style.css", CSS, include_str!("../assets/style.css")),
    asset("page.js", SCRIPT, include_str!("../assets/page.js")),
    asset("live.js", SCRIPT, include_str!("../assets/live.js")),
    asset("good.svg", ICON, include_str!("../assets/good.svg")),
    asset("warn.svg", ICON, include_str!("../assets/warn.svg")),
    asset("bad.svg", ICON, include_str!("../assets/bad.svg")),
];

const fn asset(name: &'static str, content_type: &'static str, content: &'static str) -> Asset {
    Asset {
        name,
        content_type,
        content,
    }
}
