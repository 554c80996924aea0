//! YAML as a tree that knows its lines, and a reader that reports every mistake instead of the first one.
//!
//! The only module that names the YAML crate.

mod node;
mod reader;

use std::path::Path;

pub use node::{Content, Node};
pub use reader::{Cursor, Fields, Reader};

use crate::file;
use crate::problem::Problems;

/// Rows for ten times the targets that one node is meant for. Aliases count wherever they stand: the crate's own limit
/// takes 50 MB to be reached, and the agent has 64.
const MOST_NODES: usize = 50_000;

/// Parses a document; `file` is only named in problems.
///
/// # Errors
/// At the first line that is not YAML. Duplicate keys, deep nesting and alias bombs are refused.
pub fn parse(file: &Path, text: &str) -> Result<Node, Problems> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_nodes: MOST_NODES },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error
            .location()
            .map(|location| location.line())
            .filter(|line| *line > 0);
        let mut problems = Problems::default();
        problems.add(file, line, "", sentence(&error));
        problems
    })
}

/// A text file of bounded size.
///
/// # Errors
/// When it cannot be read, is not a regular file, is too large or is not UTF-8.
pub fn read(file: &Path) -> Result<String, Problems> {
    let fail = |message: String| Problems::of_file(file, message);
    let bytes = file::read(file, file::LARGEST).map_err(|error| fail(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| fail("is not UTF-8 text".to_owned()))
}

/// The crate's own words, save where they speak to programmers.
fn sentence(error: &serde_saphyr::Error) -> String {
    if let serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } = error {
        return format!("the key `{key}` stands twice in the same map");
    }
    let text = error.to_string();
    format!(
        "this is not valid YAML: {}",
        text.lines().next().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Node, Problems> {
        parse(Path::new("test.yaml"), text)
    }

    #[test]
    fn off_and_no_are_words_and_only_true_and_false_are_flags() {
        let Content::Map(entries) = parsed("a: off\nb: no\nc: true\n").unwrap().content else {
            panic!("a map");
        };
        let contents: Vec<_> = entries.into_iter().map(|(_, node)| node.content).collect();
        let text = |word: &str| Content::Text(word.to_owned());
        assert_eq!(contents, [text("off"), text("no"), Content::Flag(true)]);
    }

    #[test]
    fn what_is_no_yaml_is_one_problem_with_its_line() {
        for (text, line) in [
            ("a: 1\na: 2\n", 2),
            ("a: [1\nb: 2\n", 2),
            ("a: 1\n b: 2\n", 2),
        ] {
            let problems = parsed(text).unwrap_err();
            let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
            assert_eq!(lines, [Some(line)], "{text:?}: {problems}");
            assert!(!problems.to_string().contains("Policy"), "{problems}");
        }
    }

    #[test]
    fn a_folder_a_pipe_and_a_huge_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err());
        let huge = folder.path().join("huge.yaml");
        std::fs::write(&huge, "a".repeat(2 * 1024 * 1024)).unwrap();
        assert!(read(&huge).unwrap_err().to_string().contains("larger than"));
    }
}
