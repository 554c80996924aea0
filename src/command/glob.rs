//! Shell-like patterns for target ids: `*` stands for any text, `?` for one character.

/// Whether `text` is like `pattern`, whatever the case of letters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where to go on when the latest `*` must stand for one character more.
    let mut retry: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, from));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match retry {
                Some((after_star, starred)) => {
                    at = after_star;
                    from = starred + 1;
                    retry = Some((after_star, from));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|wanted| *wanted == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks_stand_for_text() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("*.microsoft.com:443", "mcr.microsoft.com:443", true),
            ("*.microsoft.com:443", "mcr.microsoft.com:80", false),
            ("mcr.*", "MCR.microsoft.com:443", true),
            ("*:443", "a:443:443", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abcd", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
