//! How many emoji a person sees, however many of them were joined to one.

use icu_properties::CodePointSetData;
use icu_properties::props::EmojiModifierBase;

use super::{EMOJI_PRESENTATION, KEYCAP, ZWJ, is_emoji, is_modifier, is_regional};

/// Couples and families have up to four members, and no joined emoji that is in use has more.
const MOST_PEOPLE: usize = 4;

/// An emoji that shows no person is joined to one other: a flag and a rainbow, a heart and a fire.
const MOST_THINGS: usize = 2;

/// Emoji as they are seen: a skin tone belongs to a hand, two letters are a flag, and what a joiner ties together as emoji
/// are tied together is one.
#[must_use]
pub fn emoji_count(text: &str) -> usize {
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
    let most = if is_person(last) { MOST_PEOPLE } else { MOST_THINGS };
    for _ in 1..most {
        let Some([ZWJ, joined @ ..]) = characters.get(taken..) else { break };
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
    match characters {
        [first, second, ..] if is_regional(*first) && is_regional(*second) => 2,
        [base, rest @ ..] if is_shown(*base, rest) => {
            let toned = is_person(*base) && rest.first().is_some_and(|next| is_modifier(*next));
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
    let styled = rest.first() == Some(&EMOJI_PRESENTATION) && !character.is_ascii();
    let keyed = matches!(rest, [KEYCAP, ..] | [EMOJI_PRESENTATION, KEYCAP, ..]);
    is_emoji(character) && (character >= '\u{2300}' || styled || keyed)
}

/// Styles, keys and the tags of a flag: nothing that is seen beside its emoji.
const fn is_finish(character: char) -> bool {
    matches!(character, '\u{fe0e}' | EMOJI_PRESENTATION | KEYCAP | '\u{e0020}'..='\u{e007f}')
}

/// Whether it shows people, or a part of one.
fn is_person(character: char) -> bool {
    CodePointSetData::new::<EmojiModifierBase>().contains(character)
}

/// Boy, girl, man, woman, adult, child: of these two alike stand in one picture.
const fn is_of_family(character: char) -> bool {
    matches!(character, '\u{1f466}'..='\u{1f469}' | '\u{1f9d1}' | '\u{1f9d2}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_counted_as_they_are_seen() {
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
            assert_eq!(emoji_count(text), expected, "{text}");
        }
    }
}
