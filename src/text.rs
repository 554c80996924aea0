//! Text from outside, made fit to be kept and shown: bounded, and without what a terminal obeys or an eye is misled by.

/// At most `most` bytes of text; what is unfit to be shown and what is no UTF-8 is escaped.
pub(crate) fn printable(bytes: &[u8], most: usize) -> String {
    let mut shown = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        let before = shown.len();
        push(character, &mut shown);
        if shown.len() > most {
            shown.truncate(before);
            break;
        }
    }
    shown
}

/// The same text, with everything that is unfit to be shown escaped.
pub(crate) fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push(character, &mut shown);
    }
    shown
}

fn push(character: char, shown: &mut String) {
    if character.is_control() || is_invisible(character) {
        shown.extend(character.escape_default());
    } else {
        shown.push(character);
    }
}

/// Direction marks, what has no width, and what is no character: they change how the rest of a line looks, hide in a
/// name, or (U+FFFE and U+FFFF) may not stand in XML.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_the_rest_is_kept() {
        assert_eq!(printable(b"a\x1b[2J\tb\xff", 64), "a\\u{1b}[2J\\tb\u{fffd}");
    }

    #[test]
    fn the_bound_counts_bytes_and_cuts_no_character() {
        assert_eq!(printable("ééé".as_bytes(), 5), "éé");
        assert_eq!(printable(b"ab\n", 3), "ab");
    }

    #[test]
    fn direction_marks_and_what_has_no_width_are_shown_not_obeyed() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}"), r"a\u{1b}[2Jb\u{202e}");
        let hidden = "\u{ad}\u{61c}\u{200b}\u{2067}\u{feff}\u{ffff}\u{e0041}";
        for shown in [clean(hidden), printable(hidden.as_bytes(), 100)] {
            assert_eq!(
                shown,
                r"\u{ad}\u{61c}\u{200b}\u{2067}\u{feff}\u{ffff}\u{e0041}"
            );
        }
        assert_eq!(clean("é… \u{fffd}"), "é… \u{fffd}");
    }
}
