//! The same pages for a browser: complete without a script, nothing loaded from elsewhere, everything escaped by the
//! templates.

mod assets;
mod filters;
mod landing;
mod list;
mod overview;
mod strip;
mod target;
mod waterfall;

pub use assets::{ASSETS, Asset};
pub use landing::render_landing;
pub use overview::{render, render_filtered};
pub use target::render_target;

use super::{Health, TargetReport};
use crate::store::State;
use crate::target::Requirement;

const fn headline_tint(health: Health) -> &'static str {
    match health {
        Health::Ok => "good",
        Health::Failing => "bad",
        _ => "warn",
    }
}

fn target_tint(target: &TargetReport) -> &'static str {
    match (target.state, target.requirement) {
        (State::Reachable, _) if target.is_quiet() => "good",
        (State::Unreachable, Requirement::Required) => "bad",
        _ => "warn",
    }
}
