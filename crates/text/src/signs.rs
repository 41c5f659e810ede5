//! Signs that platforms, keyboards and editors put in each other's place: quotes, dashes, spaces.

/// The one sign for all that are shown for it.
///
/// Before decomposition as well as after it: some of these decompose to a space and an accent.
pub(crate) const fn sign(character: char) -> char {
    match character {
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '`' | '´' | '‹' | '›' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '׳'
        | '❛' | '❜' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' | '〝' | '〞' | '〟' | 'ʺ' | '״' | '❝' | '❞' => {
            '"'
        }
        '\u{2010}'..='\u{2015}' | '⁃' | '−' | '\u{2e3a}' | '\u{2e3b}' => '-',
        // Two code pages have two of them for one sign.
        '〜' => '~',
        '⁄' | '∕' => '/',
        _ if character.is_whitespace() => ' ',
        _ => character,
    }
}
