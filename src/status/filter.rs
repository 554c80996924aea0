//! Which targets a reader wants to see: by words, group and state. The headline is of the whole node all the same.

use super::about::Untestable;
use super::target_report::TargetReport;
use crate::labels::{UnknownMember, closed_set};
use crate::store::State;
use crate::target::Group;

closed_set! {
    /// What a reader may ask for: the states, and what has a place of its own beside them.
    pub enum Section {
        /// Refuted.
        Unreachable = "unreachable",
        /// Observed, but undecided.
        Unproven = "unproven",
        /// Not yet decided.
        Pending = "pending",
        /// Reachable, with something that stands against it.
        Warned = "warned",
        /// Proven, with and without warnings.
        Reachable = "reachable",
        /// A row of the catalogue that is no target.
        Untestable = "untestable",
    }
}

/// What a page is to show; without anything in it, all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// As it was written.
    text: String,
    group: Option<Group>,
    section: Option<Section>,
}

impl Filter {
    /// From a query's `q`, `group` and `state`; an empty one, as a form sends it, asks for nothing.
    pub fn parse(text: &str, group: &str, state: &str) -> Result<Self, UnknownMember> {
        let given = |word: &str| Some(word.to_owned()).filter(|word| !word.is_empty());
        Ok(Self {
            text: text.trim().to_owned(),
            group: given(group).map(|word| word.parse()).transpose()?,
            section: given(state).map(|word| word.parse()).transpose()?,
        })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The words, as they were written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for this group.
    pub(super) fn wants_group(&self, group: Group) -> bool {
        self.group == Some(group)
    }

    /// Whether it asks for this section.
    pub(super) fn wants(&self, section: Section) -> bool {
        self.section == Some(section)
    }

    /// Whether a target is among what is asked for.
    pub fn lets_through(&self, target: &TargetReport) -> bool {
        let section = match self.section {
            None => true,
            Some(Section::Unreachable) => target.state == State::Unreachable,
            Some(Section::Unproven) => target.state == State::Unproven,
            Some(Section::Pending) => target.state == State::Pending,
            Some(Section::Warned) => target.state == State::Reachable && !target.is_quiet(),
            Some(Section::Reachable) => target.state == State::Reachable,
            Some(Section::Untestable) => false,
        };
        section && self.names_one_of(&target.groups) && self.words_are_in(&spoken_of(target))
    }

    /// Whether a row that is no target is among what is asked for.
    pub fn lets_row_through(&self, row: &Untestable) -> bool {
        let section = matches!(self.section, None | Some(Section::Untestable));
        let told = format!("{} {}", row.pattern, row.needs.join(" "));
        section && self.names_one_of(&row.groups) && self.words_are_in(&told.to_lowercase())
    }

    fn names_one_of(&self, groups: &[Group]) -> bool {
        self.group.is_none_or(|group| groups.contains(&group))
    }

    /// Every word, in any order.
    fn words_are_in(&self, told: &str) -> bool {
        let mut words = self.text.split_whitespace();
        words.all(|word| told.contains(&word.to_lowercase()))
    }
}

/// What a page says of a target, as far as somebody would look for it, in small letters.
fn spoken_of(target: &TargetReport) -> String {
    let mut told = format!("{} {} {}", target.target, target.probe, target.purpose);
    let mut tell = |words: &[&str]| {
        for word in words {
            told.push(' ');
            told.push_str(word);
        }
    };
    tell(&[target.state.as_str(), target.requirement.as_str()]);
    for group in &target.groups {
        tell(&[group.as_str()]);
    }
    if let Some(failure) = &target.failure {
        tell(&[failure.phase.as_str(), failure.reason.as_str()]);
    }
    if let Some(diagnosis) = &target.diagnosis {
        tell(&[diagnosis.cause.as_str()]);
    }
    for warning in &target.warnings {
        tell(&[warning.as_str()]);
    }
    told.to_lowercase()
}
