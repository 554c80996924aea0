//! What is wrong with something a person wrote: where, which key, and a sentence. All of them at once.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::text::clean;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file as the user named it.
    pub file: PathBuf,
    /// Counted from 1; absent when the file as a whole is meant.
    pub line: Option<u64>,
    /// The key, as in `entries[2].protocols.https.port`; empty for the whole file.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// More problems than this are not told: whoever has so many has another one.
const MOST: usize = 1000;

/// Everything that is wrong, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Problems {
    /// A single problem that concerns a whole file.
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(file, None, "", message);
        problems
    }

    /// Notes a problem. What it quotes of the file is made fit for terminals and logs.
    pub fn add(&mut self, file: &Path, line: Option<u64>, path: &str, message: impl Into<String>) {
        self.extend(Self(vec![Problem {
            file: file.to_owned(),
            line,
            path: clean(path),
            message: clean(&message.into()),
        }]));
    }

    /// Takes over the problems of another source.
    pub fn extend(&mut self, other: Self) {
        let room = MOST.saturating_sub(self.0.len());
        self.0.extend(other.0.into_iter().take(room));
    }

    /// Takes over the problems of another source, if it has any.
    pub fn extend_from(&mut self, other: Result<(), Self>) {
        if let Err(problems) = other {
            self.extend(problems);
        }
    }

    /// `Ok` when nothing is wrong, else everything that is, sorted.
    pub fn into_result(mut self) -> Result<(), Self> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        self.0.dedup();
        Err(self)
    }

    /// The first of them in words of bounded length, and how many more there are: a file may be wrong in every line,
    /// and a problem may quote all of it.
    pub fn brief(&self, most: usize) -> Vec<String> {
        const LONGEST: usize = 300;
        let bounded = |problem: &Problem| {
            let mut text = problem.to_string();
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.replace_range(end.., "...");
            }
            text
        };
        let mut brief: Vec<String> = self.0.iter().take(most).map(bounded).collect();
        if let Some(more) = self.len().checked_sub(most).filter(|more| *more > 0) {
            brief.push(format!("and {more} more"));
        }
        brief
    }

    /// The problems in order.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The known word most like `given`, for "did you mean".
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// "`x` is not known; did you mean `y`?", or the list of what is known.
pub fn unknown_word(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(word) => format!("`{given}` is not known here; did you mean `{word}`?"),
        None => format!(
            "`{given}` is not known here; known are {}",
            known.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_brief_there_are_few_words_of_few_problems() {
        let mut problems = Problems::default();
        for line in 1..=5 {
            let long = "\u{e9}".repeat(1000);
            problems.add(Path::new("a.yaml"), Some(line), "key", long);
        }
        let brief = problems.brief(2);
        assert_eq!(brief.len(), 3);
        assert!(brief[0].starts_with("a.yaml:1: key: ") && brief[0].ends_with("..."));
        assert!(brief[0].chars().count() <= 303, "{}", brief[0]);
        assert_eq!(brief[2], "and 3 more");
        assert_eq!(problems.brief(5).len(), 5);
    }

    #[test]
    fn a_file_that_is_wrong_in_every_line_has_a_thousand_problems() {
        let mut problems = Problems::default();
        for line in 1..=2000 {
            problems.add(Path::new("a.yaml"), Some(line), "", "wrong");
        }
        problems.extend(problems.clone());
        assert_eq!(problems.len(), MOST);
    }
}
