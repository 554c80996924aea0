//! A web config file.

use std::path::Path;

use egress_probe::web_config;

use super::configuration::told;

pub(crate) fn check(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    match web_config::parse(Path::new("web.yaml"), text) {
        Ok(config) => assert!(config.rate.is_none_or(|rate| !rate.interval.is_zero())),
        Err(problems) => told(&problems, text),
    }
}
