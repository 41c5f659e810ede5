//! What a text hides from whoever looks at it: characters without a shape, and words of letters from two scripts.

use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether characters are hidden in it that turn the direction, spell an invisible text or part a word.
///
/// Joiners of scripts that need them, selectors after an emoji and the tags of a flag hide nothing.
pub(super) fn hides_characters(text: &str) -> bool {
    let turns = CodePointSetData::new::<BidiControl>();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let (mut before, mut gap, mut flag) = (None::<char>, None::<char>, false);
    for letter in text.chars() {
        let tag = matches!(letter, '\u{e0020}'..='\u{e007f}');
        if turns.contains(letter) || (tag && !flag) {
            return true;
        }
        flag = letter == '\u{1f3f4}' || (flag && tag);
        if ignorable.contains(letter) {
            gap = Some(letter);
            continue;
        }
        if gap.is_some_and(|gap| before.is_some_and(|before| parts(before, gap, letter))) {
            return true;
        }
        (before, gap) = (Some(letter), None);
    }
    false
}

/// Whether an invisible character between these two parts a word that has no need of it.
fn parts(before: char, gap: char, after: char) -> bool {
    let joins = matches!(gap, '\u{200c}' | '\u{200d}') && !before.is_ascii() && !after.is_ascii();
    before.is_alphanumeric() && after.is_alphanumeric() && !joins
}

/// Whether a word is made of letters of two scripts, as look-alikes are put in place of what a reader believes to see.
pub(super) fn mixes_scripts(text: &str) -> bool {
    let scripts = CodePointMapData::<Script>::new();
    text.split(|letter: char| !letter.is_alphanumeric()).any(|word| {
        let own = |script: &Script| !matches!(*script, Script::Common | Script::Inherited);
        let mut found = word.chars().map(|letter| scripts.get(letter)).filter(own);
        let first = found.next();
        found.any(|script| Some(script) != first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_and_what_does_not() {
        for (text, hides) in [
            ("plain text, naïve 日本 العربية", false),
            ("👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3} ok", false),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} won", false),
            ("می\u{200c}خواهم", false),
            ("\u{feff}a byte order mark", false),
            ("ki\u{200b}ll", true),
            ("ki\u{200d}ll", true),
            ("so\u{ad}ft", true),
            ("abc\u{202e}def", true),
            ("hello\u{e0069}\u{e0067}", true),
        ] {
            assert_eq!(hides_characters(text), hides, "{text:?}");
        }
    }

    #[test]
    fn which_words_are_mixed() {
        for (text, mixes) in
            [("pаypal", true), ("paypal Привет", false), ("x² 𝓴𝓲𝓵𝓵 B2B", false), ("ΟK", true), ("", false)]
        {
            assert_eq!(mixes_scripts(text), mixes, "{text}");
        }
    }
}
