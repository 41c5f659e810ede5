//! How many sentences a text has.
//!
//! Over the property `Sentence_Break` of UAX #29 and not by its rules, which end no sentence before a small letter: people write
//! `out... soon` and mean two.

use icu_properties::CodePointMapData;
use icu_properties::props::SentenceBreak;

/// Sentences: stretches of text that hold a letter or a digit, ended by a line break or by `.`, `!`, `?`, `…` and what ends a
/// sentence in other scripts. A dot within a word or number ends nothing.
#[must_use]
pub fn sentence_count(text: &str) -> usize {
    let mut count = 0_usize;
    let mut begun = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        begun |= character.is_alphanumeric();
        if begun && ends(character, characters.peek().copied()) {
            count = count.saturating_add(1);
            begun = false;
        }
    }
    count.saturating_add(usize::from(begun))
}

fn ends(character: char, next: Option<char>) -> bool {
    use SentenceBreak as Break;
    let last = next.is_none_or(|next| !next.is_alphanumeric());
    match CodePointMapData::<SentenceBreak>::new().get(character) {
        Break::CR | Break::LF | Break::Sep => true,
        // Scripts with full stops of their own put no space after them.
        Break::STerm => !character.is_ascii() || last,
        Break::ATerm => last,
        _ => character == '\u{2026}' && last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_counted() {
        for (text, expected) in [
            ("", 0),
            ("One", 1),
            ("One. Two!", 2),
            ("Version 1.2 is out... soon?!", 2),
            ("See example.com now.", 1),
            ("One\nTwo\r\nThree\u{2028}Four\n\n", 4),
            ("一。二！三？四", 4),
            ("Is it? No! v2.0", 3),
        ] {
            assert_eq!(sentence_count(text), expected, "{text}");
        }
    }
}
