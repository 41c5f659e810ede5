//! Which characters have no shape of their own.
//!
//! Unicode's *default ignorable* characters, and those that it does not call so and that are shown as nothing all the same.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Whether a character is shown as nothing: zero-width characters, direction controls, joiners, variation selectors, tags,
/// fillers of Hangul and Khitan, Braille without dots, controls that are no white space.
///
/// White space is none of them: it parts words visibly.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    match character {
        ' '..='~' => false,
        // Blank Braille, annotation marks, the place of an object (dictation leaves it behind, zulip-mobile#4522), the null
        // notehead of music (notofonts/music#5), the Khitan filler: not ignorable by their property, and fonts show nothing.
        '\u{2800}' | '\u{fff9}'..='\u{fffc}' | '\u{1d159}' | '\u{16fe4}' => true,
        _ if character.is_control() => !character.is_whitespace(),
        _ => CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_as_nothing() {
        for character in [
            '\0',
            '\u{7}',
            '\u{7f}',
            '\u{90}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{180b}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0e}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fffa}',
            '\u{fffc}',
            '\u{1d159}',
            '\u{1d173}',
            // vscode-gremlins#268.
            '\u{17b4}',
            '\u{17b5}',
            '\u{180e}',
            '\u{2061}',
            '\u{2064}',
            '\u{206a}',
            '\u{206f}',
            '\u{1d17a}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            assert!(is_invisible(character), "U+{:04X}", u32::from(character));
        }
        for character in [
            'a',
            ' ',
            '\n',
            '\t',
            '\u{85}',
            '\u{a0}',
            '\u{3000}',
            '\u{301}',
            'é',
            '日',
            '😀',
            '\u{600}',
            '\u{20e3}',
            '\u{fffd}',
            '\u{2801}',
            '\u{1d158}',
            '\u{1d15a}',
            '\u{25a1}',
            '\u{2205}',
        ] {
            assert!(!is_invisible(character), "U+{:04X}", u32::from(character));
        }
    }
}
