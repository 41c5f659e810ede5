//! The one spelling of a text that keys and digests are made of.
//!
//! It changes nothing that a reader sees, so two requests that differ only in it ask for the same post. Folding, which also
//! drops what a reader does see, is for comparing and never for keys.

use unicode_normalization::UnicodeNormalization as _;

/// The form under which one wording of a text is one: line ends as LF, NFC, no white space at either end.
///
/// ```
/// assert_eq!(chimera_text::canonical("Cafe\u{301}\r\nopen "), "Caf\u{e9}\nopen");
/// ```
#[must_use]
pub fn canonical(text: &str) -> String {
    // ASCII has one form. Ids and most keys are ASCII.
    if text.is_ascii() && !text.contains('\r') {
        return text.trim().to_owned();
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.trim().nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_wording_has_one_form() {
        for (text, expected) in [
            ("", ""),
            (" \r\n\t", ""),
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("a\r\r\nb", "a\n\nb"),
            ("\u{a0}e\u{301}\u{3000}", "é"),
            ("A b", "A b"),
            ("ﬁ", "ﬁ"),
        ] {
            assert_eq!(canonical(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_has_the_form_of_any_text(text in "[\\x00-\\x7f]{0,40}") {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(canonical(&text), lines.trim().nfc().collect::<String>());
        }

        #[test]
        fn it_is_its_own_form(text in "(\\PC|[\r\n\t \u{301}\u{340}\u{2126}]){0,40}") {
            let once = canonical(&text);
            prop_assert_eq!(canonical(&once), once);
        }
    }
}
