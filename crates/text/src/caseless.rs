//! A text without case, for finding out whether two spellings are one name.

use unicode_normalization::UnicodeNormalization as _;

/// The form under which spellings that differ in case and in composition alone are equal: NFC, without case. It is not for
/// showing.
///
/// By way of capitals, so that `ß` is `ss`, both small sigmas are one, and so are all four letters i of Turkish.
///
/// ```
/// use chimera_text::caseless;
///
/// assert_eq!(caseless("CAFE\u{301}"), caseless("caf\u{e9}"));
/// assert_ne!(caseless("café"), caseless("cafe"));
/// ```
#[must_use]
pub fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    // Whether a dot above would stand on an i and be no mark but its own.
    let mut dotted = false;
    for character in text.nfd() {
        let is_dot = character == '\u{307}';
        if is_dot && dotted {
            continue;
        }
        let lower = character.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
        for letter in lower {
            let class = unicode_normalization::char::canonical_combining_class(letter);
            dotted = if class == 0 { letter == 'i' } else { dotted && class != 230 };
            folded.push(letter);
        }
    }
    folded.nfc().collect()
}
