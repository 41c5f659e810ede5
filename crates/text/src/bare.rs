//! A text in the letters that its words are made of, for finding words in it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::is_invisible;

/// The characters of a text without compatibility forms, accents, capitals and invisible characters. One character can become
/// eighteen.
///
/// ```
/// assert_eq!(chimera_text::bare("Naïve ＣＡＦÉ").collect::<String>(), "naive cafe");
/// ```
pub fn bare(text: &str) -> impl Iterator<Item = char> {
    text.nfkd()
        .filter(|letter| !is_combining_mark(*letter) && !is_invisible(*letter))
        .flat_map(char::to_lowercase)
}
