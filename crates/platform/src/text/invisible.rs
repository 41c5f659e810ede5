//! Characters that nobody sees and that change what is read: controls, direction overrides, zero-width characters.
//!
//! A reviewer approves what a screen shows, so what a screen does not show may not be sent (PUB-14). Joiners and
//! selectors stay allowed where a writing system or an emoji needs them.

use chimera_contracts::ErrorCode;
use icu_properties::props::{
    BidiControl, CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{TextFault, emoji};

/// How many of them a message names.
const NAMED: usize = 8;

/// A character that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnsafeCharacter {
    /// Its place, in characters from 0.
    pub offset: usize,
    /// The character.
    pub character: char,
    /// What kind of character it is.
    pub name: &'static str,
}

/// The characters of a text that are refused, in order.
///
/// A line feed is the only control that is allowed. U+200D and U+FE0F are fine inside an emoji; U+200C and U+200D where a
/// script needs them to join or part letters (the rules of RFC 5892, appendix A.1 and A.2, read generously).
#[must_use]
pub fn unsafe_characters(text: &str) -> Vec<UnsafeCharacter> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut offset = 0;
    while let Some(character) = chars.get(offset).copied() {
        let emoji = emoji::sequence(chars.get(offset..).unwrap_or_default());
        let before = offset.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let after = chars.get(offset.saturating_add(1)).copied();
        if emoji == 0 && !is_at_home(before, character, after) {
            found.extend(kind(character).map(|name| UnsafeCharacter { offset, character, name }));
        }
        offset = offset.saturating_add(emoji.max(1));
    }
    found
}

pub(super) fn faults(text: &str) -> Option<TextFault> {
    let found = unsafe_characters(text);
    let mut named: Vec<_> = found
        .iter()
        .take(NAMED)
        .map(|found| {
            format!("{} U+{:04X} at character {}", found.name, u32::from(found.character), found.offset)
        })
        .collect();
    if found.len() > NAMED {
        named.push(format!("and {} more", found.len().saturating_sub(NAMED)));
    }
    let message = format!("the text holds characters that are refused: {}", named.join(", "));
    (!found.is_empty()).then_some(TextFault { code: ErrorCode::ContentUnsafe, message })
}

fn kind(character: char) -> Option<&'static str> {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    match character {
        '\n' => None,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => Some("zero-width character"),
        // Braille without dots is shown as nothing, though Unicode does not call it ignorable.
        '\u{2800}' => Some("invisible character"),
        _ if CodePointSetData::new::<BidiControl>().contains(character) => Some("direction control"),
        _ => match category {
            GeneralCategory::Control => Some("control character"),
            GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => Some("line separator"),
            GeneralCategory::PrivateUse => Some("private-use character"),
            GeneralCategory::Unassigned => Some("unassigned character"),
            GeneralCategory::Format => Some("format character"),
            _ => {
                let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character);
                ignorable.then_some("invisible character")
            }
        },
    }
}

/// Whether a joiner or selector has a reason to stand where it stands.
fn is_at_home(before: Option<char>, character: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match character {
        // A request to show the character before as text or as an emoji.
        '\u{fe0e}' | '\u{fe0f}' => emoji::is_emoji(before),
        '\u{200c}' | '\u{200d}' => {
            let virama = CodePointMapData::<CanonicalCombiningClass>::new().get(before)
                == CanonicalCombiningClass::Virama;
            virama || (joins(before) && after.is_some_and(joins))
        }
        // Scripts that need signs of their own to be shaped: Arabic number signs, Kaithi.
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' => true,
        _ => false,
    }
}

fn joins(character: char) -> bool {
    use JoiningType as Joining;
    matches!(
        CodePointMapData::<JoiningType>::new().get(character),
        Joining::DualJoining | Joining::RightJoining | Joining::LeftJoining | Joining::Transparent
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_and_what_is_not() {
        for (text, offsets) in [
            ("plain\ntext, naïve 日本 العربية", &[][..]),
            ("👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3} ☎\u{fe0e}", &[]),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", &[]),
            ("می\u{200c}خواهم", &[]),
            ("क्\u{200d}ष", &[]),
            ("a\tb\r\n", &[1, 3]),
            ("\u{feff}a", &[0]),
            ("a\u{200b}b\u{200d}c", &[1, 3]),
            ("a\u{202e}b\u{2066}c\u{200f}", &[1, 3, 5]),
            ("a\u{ad}b\u{3164}c\u{2800}", &[1, 3, 5]),
            ("a\u{e0041}\u{fe0f}", &[1, 2]),
            ("a\u{2028}\u{e000}", &[1, 2]),
        ] {
            let found: Vec<_> = unsafe_characters(text).iter().map(|found| found.offset).collect();
            assert_eq!(found, offsets, "{text:?}");
        }
    }
}
