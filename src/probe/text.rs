//! Text that the network sent, made fit to be kept and shown: bounded, without control characters.

/// At most `most` bytes of text; control characters and what is no UTF-8 are escaped.
pub(super) fn printable(bytes: &[u8], most: usize) -> String {
    let mut shown = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        let before = shown.len();
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        if shown.len() > most {
            shown.truncate(before);
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_escaped_and_the_rest_is_kept() {
        assert_eq!(printable(b"a\x1b[2J\tb\xff", 64), "a\\u{1b}[2J\\tb\u{fffd}");
    }

    #[test]
    fn the_bound_counts_bytes_and_cuts_no_character() {
        assert_eq!(printable("ééé".as_bytes(), 5), "éé");
        assert_eq!(printable(b"ab\n", 3), "ab");
    }
}
