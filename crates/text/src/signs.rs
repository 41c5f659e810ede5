//! Signs that platforms, keyboards and editors put in each other's place: quotes, dashes, stops, spaces.

use icu_properties::CodePointSetData;
use icu_properties::props::Dash;

/// Whether a character is a hyphen or a dash of any script.
#[must_use]
pub fn is_dash(character: char) -> bool {
    if character.is_ascii() { character == '-' } else { CodePointSetData::new::<Dash>().contains(character) }
}

/// The one sign for all that are shown for it.
///
/// Before decomposition as well as after it: some of these decompose to a space and an accent.
pub(crate) fn sign(character: char) -> char {
    match character {
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '`' | '´' | '‹' | '›' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '׳'
        | '❛' | '❜' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' | '〝' | '〞' | '〟' | 'ʺ' | '״' | '❝' | '❞' => {
            '"'
        }
        // A full stop and a comma of Chinese and Japanese, which editors and translations put for ours and back.
        '。' => '.',
        '、' => ',',
        // Two code pages have two of them for one sign.
        '〜' => '~',
        '⁄' | '∕' => '/',
        _ if character.is_whitespace() => ' ',
        // A bullet in the shape of one stands where a list was made of hyphens.
        _ if is_dash(character) || character == '⁃' => '-',
        _ => character,
    }
}
