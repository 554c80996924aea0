//! `explain`: the documentation's sections on a reason or a cause.

use anyhow::{Result, ensure};

use super::{ExitStatus, output};
use crate::cli::Explained;

const REASONS: &str = include_str!("../../docs/reasons.md");
const CAUSES: &str = include_str!("../../docs/causes.md");

pub(super) fn explain(Explained { reason, cause }: Explained) -> Result<ExitStatus> {
    let of_reason = reason.and_then(|reason| section(REASONS, reason.as_str()));
    let of_cause = cause.and_then(|cause| section(CAUSES, cause.as_str()));
    let sections: Vec<&str> = of_reason.into_iter().chain(of_cause).collect();
    ensure!(
        !sections.is_empty(),
        "the documentation has no section on this word"
    );
    output::print(&(sections.join("\n\n") + "\n"))?;
    Ok(ExitStatus::Success)
}

/// From the word's heading to the next one.
fn section<'a>(page: &'a str, word: &str) -> Option<&'a str> {
    let heading = format!("## `{word}`\n");
    let (before, after) = page.split_once(&heading)?;
    let end = after.find("\n## ").unwrap_or(after.len());
    let start = before.len();
    Some(page[start..start + heading.len() + end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Cause;
    use crate::outcome::Reason;

    fn assert_whole(page: &str, words: &[&str]) {
        for word in words {
            let section = section(page, word);
            let text = section.unwrap_or_else(|| panic!("the page has no section on {word}"));
            assert!(
                text.lines().count() > 3,
                "the section on {word} says nothing"
            );
        }
        let sections = page.lines().filter(|line| line.starts_with("## `")).count();
        assert_eq!(sections, words.len());
    }

    #[test]
    fn every_reason_has_its_section_and_no_section_is_without_a_reason() {
        let words: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_whole(REASONS, &words);
    }

    #[test]
    fn every_cause_has_its_section_and_no_section_is_without_a_cause() {
        let words: Vec<_> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        assert_whole(CAUSES, &words);
    }
}
