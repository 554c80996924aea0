//! The public suffix list (publicsuffix.org, Mozilla Public License 2.0), searched where it lies: the crate `psl` makes
//! four times as many bytes of code out of it. `make suffixes` brings it up to date.

use std::cmp::Ordering;

/// One rule a line, sorted by bytes; names of other scripts as they stand in DNS.
const RULES: &str = include_str!("public_suffixes.txt");

/// The public suffix of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suffix<'a> {
    pub(super) text: &'a str,
    /// Whether a rule says so; without one, it is the last label.
    pub(super) listed: bool,
}

/// The rule with the most labels decides, and an exception before all.
pub(super) fn suffix(name: &str) -> Suffix<'_> {
    let mut rest = name;
    loop {
        let parent = rest.split_once('.').map(|(_, parent)| parent);
        let listed = if has("", rest) || parent.is_some_and(|parent| has("*.", parent)) {
            Some(rest)
        } else {
            None
        };
        // `!city.kobe.jp`, where `*.kobe.jp` would make it a suffix.
        let listed = parent.filter(|_| has("!", rest)).or(listed);
        match (listed, parent) {
            (Some(text), _) => return Suffix { text, listed: true },
            (None, Some(parent)) => rest = parent,
            (None, None) => {
                return Suffix {
                    text: rest,
                    listed: false,
                };
            }
        }
    }
}

/// Whether there is a rule `MARK` `NAME`.
fn has(mark: &str, name: &str) -> bool {
    let mut rules = RULES;
    while !rules.is_empty() {
        // The line around the middle.
        let middle = rules.len() / 2;
        let begin = rules.as_bytes()[..middle].iter().rposition(|b| *b == b'\n');
        let begin = begin.map_or(0, |newline| newline + 1);
        let (before, from) = rules.split_at(begin);
        let (rule, after) = from.split_once('\n').unwrap_or((from, ""));
        match rule.bytes().cmp(mark.bytes().chain(name.bytes())) {
            Ordering::Less => rules = after,
            Ordering::Equal => return true,
            Ordering::Greater => rules = before,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_crate(name: &str) -> (String, bool) {
        let suffix = psl::suffix(name.as_bytes()).unwrap();
        let text = String::from_utf8(suffix.as_bytes().to_vec()).unwrap();
        (text, suffix.is_known())
    }

    fn ours(name: &str) -> (String, bool) {
        let suffix = suffix(name);
        (suffix.text.to_owned(), suffix.listed)
    }

    #[test]
    fn every_rule_works_as_the_crate_that_is_made_of_the_same_list() {
        for rule in RULES.lines().filter(|rule| !rule.contains("xn--")) {
            let name = rule.trim_start_matches("*.").trim_start_matches('!');
            // The crate forgets `*.run.app` for the name mtls.run.app, because there is a rule `*.mtls.run.app`.
            let forgotten = name
                .split_once('.')
                .is_some_and(|(_, parent)| has("*.", parent));
            if !(rule.starts_with("*.") && forgotten) {
                assert_eq!(ours(name), of_crate(name), "{name}");
            }
            for name in [format!("b.{name}"), format!("a.b.{name}")] {
                assert_eq!(ours(&name), of_crate(&name), "{name}");
            }
        }
    }

    #[test]
    fn the_rules_are_sorted_as_the_search_wants_them() {
        assert!(
            RULES
                .lines()
                .is_sorted_by(|a, b| a.as_bytes() < b.as_bytes())
        );
    }

    #[test]
    fn names_of_other_scripts_are_listed_as_they_stand_in_dns() {
        assert_eq!(ours("a.b.xn--55qx5d.cn"), ("xn--55qx5d.cn".into(), true));
        assert_eq!(ours("b.xn--p1ai"), ("xn--p1ai".into(), true));
    }

    proptest! {
        #[test]
        fn any_name_works_as_in_the_crate(name in "([a-z]{1,4}\\.){0,3}(jp|kobe\\.jp|uk|co\\.uk|ck|com|test|a)") {
            prop_assert_eq!(ours(&name), of_crate(&name));
        }

        #[test]
        fn no_text_is_too_odd_to_have_one(name in "\\PC{0,30}") {
            prop_assert!(name.ends_with(suffix(&name).text));
        }
    }
}
