//! The page in a real browser: Debian's Chromium, driven over its own protocol (CDP).

#[path = "../support/fixture.rs"]
mod fixture;
#[path = "../support/served.rs"]
mod served;

mod accessibility;
mod browser;
mod copying;
mod facts;
mod filtering;
mod keys;
mod live;
mod loading;
mod scenes;
mod screenshots;
mod situations;
mod size;
mod still;
#[path = "../support/mod.rs"]
mod support;
mod tab;
