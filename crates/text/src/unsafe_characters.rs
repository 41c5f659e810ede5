//! Characters that may not be sent: controls, direction overrides, hidden ones, and those without an agreed meaning.

use icu_properties::props::{BidiControl, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::hidden::unexplained;
use crate::is_invisible;

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
/// A line feed is the only control that is allowed. Joiners and selectors are fine inside an emoji and where a script needs
/// them.
#[must_use]
pub fn unsafe_characters(text: &str) -> Vec<UnsafeCharacter> {
    unexplained(text)
        .into_iter()
        .filter_map(|(offset, character)| {
            kind(character).map(|name| UnsafeCharacter { offset, character, name })
        })
        .collect()
}

fn kind(character: char) -> Option<&'static str> {
    match character {
        '\n' => return None,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => return Some("zero-width character"),
        // Scripts that need signs of their own to be shaped: Arabic number signs, Kaithi.
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' => return None,
        _ if CodePointSetData::new::<BidiControl>().contains(character) => return Some("direction control"),
        _ => {}
    }
    match CodePointMapData::<GeneralCategory>::new().get(character) {
        GeneralCategory::Control => Some("control character"),
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => Some("line separator"),
        GeneralCategory::PrivateUse => Some("private-use character"),
        GeneralCategory::Unassigned => Some("unassigned character"),
        GeneralCategory::Format => Some("format character"),
        _ => is_invisible(character).then_some("invisible character"),
    }
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
            ("این API\u{200c}ها, «کتاب»\u{200c}ها, 葛\u{e0100}城市", &[]),
            ("a\tb\r\n", &[1, 3]),
            ("a\u{1d159}\0 x\u{200c}y", &[1, 2, 5]),
            ("dictated\u{fffc} ", &[8]),
            ("𝄞 𝄢 𝅘𝅥𝅮 □ ∅ \u{fffd}", &[]),
            ("\u{feff}a", &[0]),
            ("a\u{200b}b\u{200d}c", &[1, 3]),
            ("a\u{202e}b\u{2066}c\u{200f}", &[1, 3, 5]),
            ("a\u{ad}b\u{3164}c\u{2800}", &[1, 3, 5]),
            ("a\u{e0041}\u{fe0f}", &[1, 2]),
            ("a\u{2028}\u{e000}", &[1, 2]),
            ("สวัสดี\u{200b}ครับ ⠛\u{2800}⠛ 葛\u{e0101}城", &[]),
            ("hi\u{200b}ครับ a\u{2800}⠛ 城a\u{e0101}", &[2, 9, 14]),
        ] {
            let found: Vec<_> = unsafe_characters(text).iter().map(|found| found.offset).collect();
            assert_eq!(found, offsets, "{text:?}");
        }
    }
}
