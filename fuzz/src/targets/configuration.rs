//! A configuration file.

use std::path::Path;

use egress_probe::config::{Config, Settings};
use egress_probe::problem::Problems;

use super::fit;

pub(crate) fn check(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    match Settings::parse(Path::new("config.yaml"), text) {
        Ok(settings) => {
            let config = Config::from(settings);
            assert!(!config.interval.is_zero() && !config.limits.timeout.is_zero());
        }
        Err(problems) => told(&problems, text),
    }
}

/// Every problem has a line of the file, and is fit for a terminal and a log.
pub(crate) fn told(problems: &Problems, text: &str) {
    assert!(!problems.is_empty());
    let lines = text
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .count() as u64;
    for problem in problems.iter() {
        fit::line(&problem.to_string());
        assert!(!problem.message.is_empty());
        assert!(
            problem.line.is_none_or(|line| (1..=lines).contains(&line)),
            "{problem}"
        );
    }
    fit::shown(&problems.to_string());
    assert!(
        problems.to_string().len() <= 64 * 1024 + 64 * text.len(),
        "longer than the file explains"
    );
    for line in problems.brief(5) {
        fit::line(&line);
        assert!(line.chars().count() <= 303);
    }
}
