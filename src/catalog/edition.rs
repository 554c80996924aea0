//! Which day's list is meant.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// The list as it was documented on a day, or as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edition {
    /// Everything that is still listed.
    #[default]
    Latest,
    /// The list of one day.
    Day {
        /// As the user wrote it.
        label: String,
        /// The day that it means.
        day: Date,
    },
}

/// Editions with a name of their own: the document's date says one day, its publication is another.
const NAMED: &[(&str, Date)] = &[
    // Dated 2020-01-21, published 2020-02-25 with the changes up to then.
    ("2020-01", jiff::civil::date(2020, 2, 25)),
    ("2026-06", jiff::civil::date(2026, 6, 18)),
];

/// A word that names no edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an edition: write `latest`, `2020-01`, `2026-06`, or a day such as 2024-05-31"
)]
pub struct EditionError(String);

impl Edition {
    /// Whether something listed from `since` until the day before `until` is in this edition.
    pub fn lists(&self, since: Option<Date>, until: Option<Date>) -> bool {
        match self {
            Self::Latest => until.is_none(),
            Self::Day { day, .. } => {
                since.is_none_or(|since| since <= *day) && until.is_none_or(|until| *day < until)
            }
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.pad("latest"),
            Self::Day { label, .. } => f.pad(label),
        }
    }
}

impl FromStr for Edition {
    type Err = EditionError;

    fn from_str(text: &str) -> Result<Self, EditionError> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let named = NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, day)| *day);
        let day = named
            .or_else(|| text.parse().ok())
            .or_else(|| last_day_of_month(text))
            .ok_or_else(|| EditionError(text.to_owned()))?;
        Ok(Self::Day {
            label: text.to_owned(),
            day,
        })
    }
}

/// A month means its end: the list as it was when the month was over.
fn last_day_of_month(text: &str) -> Option<Date> {
    let first: Date = format!("{text}-01").parse().ok()?;
    Some(first.last_of_month())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day_of(text: &str) -> Date {
        match text.parse().unwrap() {
            Edition::Day { day, .. } => day,
            Edition::Latest => panic!("{text} is a day"),
        }
    }

    #[test]
    fn names_months_and_days_are_days() {
        assert_eq!(day_of("2020-01"), date(2020, 2, 25));
        assert_eq!(day_of("2026-06"), date(2026, 6, 18));
        assert_eq!(day_of("2024-02"), date(2024, 2, 29));
        assert_eq!(day_of("2024-05-31"), date(2024, 5, 31));
        assert!("next week".parse::<Edition>().is_err());
    }

    #[test]
    fn until_is_the_first_day_without() {
        let (since, until) = (Some(date(2020, 3, 8)), Some(date(2020, 6, 29)));
        let on = |day: &str| day.parse::<Edition>().unwrap().lists(since, until);
        assert!(!on("2020-03-07"));
        assert!(on("2020-03-08"));
        assert!(on("2020-06-28"));
        assert!(!on("2020-06-29"));
        assert!(!Edition::Latest.lists(since, until));
        assert!(Edition::Latest.lists(since, None));
    }
}
