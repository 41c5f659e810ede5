//! Words made of letters from two scripts, as look-alikes are put in place of what a reader believes to see.

use unicode_security::MixedScript as _;

/// Whether a word of a text is made of letters of two scripts that no language writes together (UTS #39, section 5.1).
#[must_use]
pub fn mixes_scripts(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| !word.is_ascii() && !word.is_single_script())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_words_are_mixed() {
        for (text, mixes) in
            [("pаypal", true), ("paypal Привет", false), ("x² 𝓴𝓲𝓵𝓵 B2B", false), ("ΟK", true), ("", false)]
        {
            assert_eq!(mixes_scripts(text), mixes, "{text}");
        }
    }
}
