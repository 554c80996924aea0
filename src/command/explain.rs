//! `explain`: the documentation's section on a reason.

use anyhow::{Context, Result};

use super::{ExitStatus, output};
use crate::outcome::Reason;

const REASONS: &str = include_str!("../../docs/reasons.md");

pub(super) fn explain(reason: Reason) -> Result<ExitStatus> {
    let section = section(reason).context("the documentation has no section on this reason")?;
    output::print(&format!("{}\n", section.trim_end()))?;
    Ok(ExitStatus::Success)
}

/// From the reason's heading to the next one.
fn section(reason: Reason) -> Option<&'static str> {
    let heading = format!("## `{reason}`\n");
    let (_, after) = REASONS.split_once(&heading)?;
    let end = after.find("\n## ").unwrap_or(after.len());
    let start = REASONS.len() - after.len() - heading.len();
    Some(&REASONS[start..start + heading.len() + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_section_and_no_section_is_without_a_reason() {
        for reason in Reason::ALL {
            let section = section(*reason);
            let text =
                section.unwrap_or_else(|| panic!("docs/reasons.md has no section on {reason}"));
            assert!(
                text.lines().count() > 3,
                "the section on {reason} says nothing"
            );
        }
        let sections = REASONS
            .lines()
            .filter(|line| line.starts_with("## `"))
            .count();
        assert_eq!(sections, Reason::ALL.len());
    }
}
