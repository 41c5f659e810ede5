//! What can be counted in a text.

use icu_properties::CodePointSetData;
use icu_properties::props::EmojiPresentation;

/// Joins emoji to one.
const JOINER: char = '\u{200d}';

/// Turns the character before it into an emoji.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Sentences: stretches of text that hold a letter or a digit, ended by `.`, `!`, `?` or `…`. A dot within a word or number
/// ends nothing.
pub(super) fn sentences(text: &str) -> usize {
    let mut count = 0_usize;
    let mut begun = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        begun |= character.is_alphanumeric();
        let ends = matches!(character, '.' | '!' | '?' | '\u{2026}' | '\u{3002}')
            && characters.peek().is_none_or(|next| !next.is_alphanumeric());
        if ends && begun {
            count = count.saturating_add(1);
            begun = false;
        }
    }
    count.saturating_add(usize::from(begun))
}

/// Emoji as they are seen: what a joiner ties together is one.
pub(super) fn emoji(text: &str) -> usize {
    let pictures = CodePointSetData::new::<EmojiPresentation>();
    let mut count = 0_usize;
    let mut joined = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let shown = pictures.contains(character) || characters.peek() == Some(&EMOJI_STYLE);
        if shown && !joined {
            count = count.saturating_add(1);
        }
        joined = character == JOINER;
    }
    count
}

/// Exclamation marks.
pub(super) fn exclamations(text: &str) -> usize {
    text.chars().filter(|character| matches!(character, '!' | '\u{a1}' | '\u{ff01}')).count()
}

/// The first word of four and more letters that are all capitals; scripts without case have none.
pub(super) fn shouted(text: &str) -> Option<&str> {
    words(text).find(|word| {
        let letters = word.chars().filter(|character| character.is_alphabetic());
        letters.clone().count() >= 4
            && letters.clone().all(char::is_uppercase)
            && !word.starts_with(['#', '@'])
    })
}

/// Whether a phrase stands in a text as whole words, whatever the case.
pub(super) fn holds(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (text.to_lowercase().replace('\u{2019}', "'"), phrase.to_lowercase());
    text.match_indices(&phrase).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(found.len())..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted() {
        for (text, expected) in [
            ("", 0),
            ("One", 1),
            ("One. Two!", 2),
            ("Version 1.2 is out... soon?!", 2),
            ("See example.com now.", 1),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
        for (text, expected) in [
            ("none 1 #", 0),
            ("\u{1f600}", 1),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} family", 1),
            ("\u{2764}\u{fe0f} and \u{1f680}", 2),
        ] {
            assert_eq!(emoji(text), expected, "{text}");
        }
        assert_eq!(exclamations("a! b\u{ff01}"), 2);
        assert_eq!(shouted("NASA's ok, THIS is not"), Some("THIS"));
        assert_eq!(shouted("USA #LOUD @SHOUT \u{65e5}\u{672c}\u{8a9e}\u{6587}"), None);
        assert!(holds("Well, LOL!", "lol") && !holds("lollipop", "lol") && holds("I ain\u{2019}t", "ain't"));
    }
}
