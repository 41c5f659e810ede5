//! What can be counted in a text.

use chimera_governance::folded;
use icu_properties::props::{
    Dash, Emoji, EmojiModifier, EmojiModifierBase, RegionalIndicator, SentenceBreak,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Joins emoji to one.
const JOINER: char = '\u{200d}';

/// Turns the character before it into an emoji.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Puts the digit before it on a key.
const KEYCAP: char = '\u{20e3}';

/// Couples and families have up to four members, and no joined emoji that is in use has more.
const MOST_PEOPLE: usize = 4;

/// An emoji that shows nobody is joined to one other: a flag and a rainbow, a heart and a fire.
const MOST_THINGS: usize = 2;

/// Sentences: stretches of text that hold a letter or a digit, ended by a line break or by `.`, `!`, `?`, `…` and what ends a
/// sentence in other scripts. A dot within a word or number ends nothing.
pub(super) fn sentences(text: &str) -> usize {
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

/// Emoji as they are seen: a skin tone belongs to a hand, two letters are a flag, and what a joiner ties together as emoji
/// are tied together is one.
pub(super) fn emoji(text: &str) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    let mut count = 0_usize;
    while !rest.is_empty() {
        let taken = picture(rest);
        count = count.saturating_add(usize::from(taken > 0));
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    count
}

/// How many characters the picture takes that `characters` begin with; 0 when they begin with none.
fn picture(characters: &[char]) -> usize {
    let mut taken = member(characters);
    let Some(mut last) = characters.first().copied().filter(|_| taken > 0) else { return 0 };
    let most = if is_somebody(last) { MOST_PEOPLE } else { MOST_THINGS };
    for _ in 1..most {
        let Some([JOINER, joined @ ..]) = characters.get(taken..) else { break };
        let Some(next) = joined.first().copied() else { break };
        let length = member(joined);
        if length == 0 || (next == last && !is_of_family(next)) {
            break;
        }
        taken = taken.saturating_add(length).saturating_add(1);
        last = next;
    }
    taken
}

/// As [`picture`], without joiners.
fn member(characters: &[char]) -> usize {
    let regional = CodePointSetData::new::<RegionalIndicator>();
    match characters {
        [first, second, ..] if regional.contains(*first) && regional.contains(*second) => 2,
        [base, rest @ ..] if is_shown(*base, rest) => {
            let tone = CodePointSetData::new::<EmojiModifier>();
            let toned = is_somebody(*base) && rest.first().is_some_and(|next| tone.contains(*next));
            let toned = usize::from(toned);
            let unseen = rest.iter().skip(toned).take_while(|next| is_finish(**next)).count();
            toned.saturating_add(unseen).saturating_add(1)
        }
        _ => 0,
    }
}

/// Whether a character is shown as a picture. Up to U+2300 emoji are digits, signs and arrows, unless they are asked to be
/// more; from there on they are pictures in either style.
fn is_shown(character: char, rest: &[char]) -> bool {
    let styled = rest.first() == Some(&EMOJI_STYLE) && !character.is_ascii();
    let keyed = matches!(rest, [KEYCAP, ..] | [EMOJI_STYLE, KEYCAP, ..]);
    let emoji = CodePointSetData::new::<Emoji>();
    emoji.contains(character) && (character >= '\u{2300}' || styled || keyed)
}

/// Styles, keys and the tags of a flag: nothing that is seen beside its emoji.
const fn is_finish(character: char) -> bool {
    matches!(character, '\u{fe0e}' | EMOJI_STYLE | KEYCAP | '\u{e0020}'..='\u{e007f}')
}

/// Whether it shows people, or a part of one.
fn is_somebody(character: char) -> bool {
    CodePointSetData::new::<EmojiModifierBase>().contains(character)
}

/// Boy, girl, man, woman, adult, child: of these two alike stand in one picture.
const fn is_of_family(character: char) -> bool {
    matches!(character, '\u{1f466}'..='\u{1f469}' | '\u{1f9d1}' | '\u{1f9d2}')
}

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
    let dashes = CodePointSetData::new::<Dash>();
    let folded = folded(text);
    let parts = folded.split(|character: char| character.is_whitespace() || dashes.contains(character));
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
            assert_eq!(sentences(text), expected, "{text}");
        }
        for (text, expected) in [
            ("none 1 #", 0),
            ("\u{1f600}", 1),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} family", 1),
            ("\u{2764}\u{fe0f} and \u{1f680}", 2),
            ("©2026 ™ → ‼ a↔b", 0),
            ("©\u{fe0f} 1\u{fe0f}\u{20e3} 2\u{20e3} 1\u{fe0f}", 3),
            ("☺☺☺☺", 4),
            ("☺\u{fe0e}", 1),
            ("👍🏽 🇩🇪 👨🏽\u{200d}💻", 3),
            ("👍🏽🏽🏽 😀🏽", 5),
            ("🇩🇪🇫🇷🇪", 3),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", 1),
            ("👩\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👩", 1),
            ("👨\u{200d}👨\u{200d}👧\u{200d}👧", 1),
            ("🏃🏽\u{200d}♀\u{fe0f}\u{200d}➡\u{fe0f} 🙂\u{200d}↔\u{fe0f} 🏳\u{fe0f}\u{200d}🌈", 3),
            ("😀\u{200d}😀\u{200d}😀\u{200d}😀\u{200d}😀\u{200d}😀", 6),
            ("😀\u{200d}😃\u{200d}😄", 2),
            ("👋\u{200d}👋", 2),
            ("😀\u{200d}x", 1),
        ] {
            assert_eq!(emoji(text), expected, "{text}");
        }
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
