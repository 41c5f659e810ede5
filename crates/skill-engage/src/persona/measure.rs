//! What can be counted in a text.

use chimera_governance::folded;
use chimera_text::is_dash;

/// Exclamation marks, as many as are seen: `‼` is two.
pub(super) fn exclamations(text: &str) -> usize {
    let mark = |character: &char| {
        matches!(character, '!' | '\u{a1}' | '\u{1c3}' | '\u{203d}' | '\u{2755}' | '\u{2757}' | '\u{2762}')
    };
    folded(text).chars().filter(mark).count()
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

/// A text in the form in which phrases are looked for: folded, and one space where white space and hyphens are.
pub(super) fn plain(text: &str) -> String {
    let folded = folded(text);
    let parts = folded.split(|character: char| character.is_whitespace() || is_dash(character));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a phrase stands in a text as whole words, both of them [`plain`].
pub(super) fn holds(text: &str, phrase: &str) -> bool {
    !phrase.is_empty()
        && text.match_indices(phrase).any(|(at, found)| {
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
        for (text, expected) in
            [("a! b\u{ff01}", 2), ("‼", 2), ("⁉ ⁈", 2), ("❗❕", 2), ("¡Hola!", 2), ("?", 0)]
        {
            assert_eq!(exclamations(text), expected, "{text}");
        }
        assert_eq!(shouted("NASA's ok, THIS is not"), Some("THIS"));
        assert_eq!(shouted("USA #LOUD @SHOUT \u{65e5}\u{672c}\u{8a9e}\u{6587}"), None);
    }

    #[test]
    fn a_phrase_is_found_in_any_dress() {
        for (text, phrase, found) in [
            ("Well, LOL!", "lol", true),
            ("lollipop", "lol", false),
            ("Lol or not: lollipop", "LOL", true),
            ("I ain\u{2019}t", "ain't", true),
            ("I ain't", "ain\u{2019}t", true),
            ("not  our problem", "not our problem", true),
            ("not\n our\u{a0}problem", "not our problem", true),
            ("not our-problem, not-our\u{2011}problem", "not our problem", true),
            ("not our problem", "Not-our  problem", true),
            ("not our pr\u{43e}blem", "not our problem", true),
            ("not our proble\u{301}m", "not our problem", true),
            ("not our prob\u{ad}lem", "not our problem", true),
            ("ｎｏｔ ｏｕｒ ｐｒｏｂｌｅｍ", "not our problem", true),
            ("𝐧𝐨𝐭 𝐨𝐮𝐫 𝐩𝐫𝐨𝐛𝐥𝐞𝐦", "not our problem", true),
            ("It is not your problem", "not our problem", false),
            ("not our problems", "not our problem", false),
            ("это наше", "НАШЕ", true),
            ("anything", "", false),
        ] {
            assert_eq!(holds(&plain(text), &plain(phrase)), found, "{text:?} {phrase:?}");
        }
    }
}
