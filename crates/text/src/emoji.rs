//! Where an emoji sequence ends (UTS #51, section 1.4.9, *EBNF and regex*), over the properties of `icu_properties`.
//!
//! This is the sequence as a platform weighs it. What people would count is in [`count`].

mod count;

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji, EmojiModifier, RegionalIndicator};

pub use count::emoji_count;

/// Joins emoji to one.
pub(crate) const ZWJ: char = '\u{200d}';
/// Turns the character before it into an emoji.
pub(crate) const EMOJI_PRESENTATION: char = '\u{fe0f}';
/// Puts the digit before it on a key.
pub(crate) const KEYCAP: char = '\u{20e3}';
/// The longest joined sequences that are recommended for interchange (couples, families) have four members. What is
/// longer is shown as several emoji, and counted so.
const MAX_MEMBERS: usize = 4;

/// How many characters the emoji sequence takes that `chars` begins with; 0 when it begins with none.
///
/// A character that is an emoji only when asked to (`1`, `#`, `©`) is none without U+FE0F or U+20E3.
pub(crate) fn sequence(chars: &[char]) -> usize {
    let mut taken = member(chars);
    for _ in 1..MAX_MEMBERS {
        let rest = chars.get(taken..).unwrap_or_default();
        let joined = match rest {
            [ZWJ, next @ ..] if taken > 0 => member(next),
            _ => 0,
        };
        if joined == 0 {
            break;
        }
        taken = taken.saturating_add(joined).saturating_add(1);
    }
    taken
}

/// Whether the character may be part of an emoji.
pub(crate) fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(character)
}

fn member(chars: &[char]) -> usize {
    match chars {
        // Two characters of ASCII begin none. Most texts are little else, and each property that is asked for is a search.
        [base] if base.is_ascii() => 0,
        [base, second, ..] if base.is_ascii() && second.is_ascii() => 0,
        [base, EMOJI_PRESENTATION, KEYCAP, ..] if is_keycap_base(*base) => 3,
        [base, KEYCAP, ..] if is_keycap_base(*base) => 2,
        [first, second, ..] if is_regional(*first) && is_regional(*second) => 2,
        [base, EMOJI_PRESENTATION, ..] if is_emoji(*base) && !is_keycap_base(*base) => 2,
        [base, modifier, ..] if is_emoji(*base) && is_modifier(*modifier) => 2,
        [base, ..] if is_emoji(*base) && !is_plain(*base) => 1_usize.saturating_add(tags(chars)),
        _ => 0,
    }
}

/// The tags after a black flag, their end included: England, Scotland, Wales. No more than a region's name, because
/// tags are invisible letters and whole messages have been hidden in them.
fn tags(chars: &[char]) -> usize {
    let tag = |tag: &char| matches!(tag, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    let tagged = chars.iter().skip(1).take_while(|next| tag(next)).count();
    let end = chars.get(tagged.saturating_add(1));
    let flag = chars.first() == Some(&'🏴') && (3..=6).contains(&tagged) && end == Some(&'\u{e007f}');
    if flag { tagged.saturating_add(1) } else { 0 }
}

fn is_keycap_base(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '#' | '*')
}

/// Ordinary characters that are an emoji only on request, and half of a flag.
fn is_plain(character: char) -> bool {
    is_keycap_base(character) || matches!(character, '©' | '®') || is_regional(character)
}

/// Half of a flag.
fn is_regional(character: char) -> bool {
    CodePointSetData::new::<RegionalIndicator>().contains(character)
}

/// A skin tone.
fn is_modifier(character: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_taken_whole() {
        for (text, taken) in [
            ("", 0),
            ("a", 0),
            ("1", 0),
            ("©", 0),
            ("©\u{fe0f}", 2),
            ("1\u{20e3}", 2),
            ("1\u{fe0f}\u{20e3}x", 3),
            ("😀😀", 1),
            ("👋🏽!", 2),
            ("👨\u{200d}👩\u{200d}👧\u{200d}👦.", 7),
            ("🇪🇺🇪", 2),
            ("🇪", 0),
            ("❤\u{fe0f}\u{200d}🔥", 4),
            ("😀\u{200d}x", 1),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", 7),
            ("🏴\u{e0067}\u{e0062}", 1),
        ] {
            let chars: Vec<_> = text.chars().collect();
            assert_eq!(sequence(&chars), taken, "{text:?}");
        }
    }
}
