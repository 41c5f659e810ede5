//! What a text hides from whoever looks at it: characters without a shape, and words of letters from two scripts.

use icu_properties::props::{CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, JoiningType, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

const BYTE_ORDER_MARK: char = '\u{feff}';
const JOINER: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const END_OF_TAGS: char = '\u{e007f}';

/// Whether there is a character in it that nobody sees: it turns the direction, spells an invisible text or parts a word.
///
/// A byte order mark at the start, joiners of scripts and emoji that need them, a selector after an emoji and the tags of a
/// flag hide nothing.
pub(super) fn hides_characters(text: &str) -> bool {
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let chars: Vec<char> = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).chars().collect();
    let mut rest = chars.as_slice();
    let (mut last, mut base) = (None, None);
    while let [letter, after @ ..] = rest {
        if !unseen.contains(*letter) {
            base = if is_mark(*letter) { base } else { Some(*letter) };
        } else if !is_at_home(last, base, *letter, after.first().copied()) {
            return true;
        }
        let tags = flag_tags(rest);
        last = rest.get(tags).copied();
        rest = after.get(tags..).unwrap_or_default();
    }
    false
}

/// What the tags in it spell, which look like nothing and are read by machines; one word for each run that is ended.
pub(super) fn spelled_in_tags(text: &str) -> String {
    let spelled = |letter| match letter {
        '\u{e0020}'..='\u{e007e}' => u32::from(letter).checked_sub(0xe0000).and_then(char::from_u32),
        END_OF_TAGS => Some(' '),
        _ => None,
    };
    text.chars().filter_map(spelled).collect()
}

/// Whether an invisible character has a reason to stand between these: `last` is right before it, `base` the last that is
/// no mark on another.
fn is_at_home(last: Option<char>, base: Option<char>, letter: char, next: Option<char>) -> bool {
    let Some((last, base)) = last.zip(base) else { return false };
    match letter {
        '\u{fe0e}' | EMOJI_STYLE if last.is_ascii() => is_emoji(last) && next == Some(KEYCAP),
        '\u{fe0e}' | EMOJI_STYLE => is_emoji(last),
        JOINER if is_picture(last) || last == EMOJI_STYLE => next.is_some_and(is_picture),
        '\u{200c}' | JOINER => {
            is_virama(last) || next.is_some_and(is_virama) || (joins(base) && next.is_some_and(joins))
        }
        _ => false,
    }
}

/// How many tags follow the flag that a text begins with, their end included: England, Scotland, Wales. No more than the
/// name of a region, because whole messages have been hidden in them.
fn flag_tags(rest: &[char]) -> usize {
    let ['\u{1f3f4}', after @ ..] = rest else { return 0 };
    let tag = |tag: &&char| matches!(tag, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    let tags = after.iter().take_while(tag).count();
    let flag = (3..=6).contains(&tags) && after.get(tags) == Some(&END_OF_TAGS);
    if flag { tags.saturating_add(1) } else { 0 }
}

fn is_emoji(letter: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(letter)
}

/// An emoji that is no digit.
fn is_picture(letter: char) -> bool {
    !letter.is_ascii() && is_emoji(letter)
}

fn is_virama(letter: char) -> bool {
    combining(letter) == CanonicalCombiningClass::Virama
}

fn is_mark(letter: char) -> bool {
    combining(letter) != CanonicalCombiningClass::NotReordered
}

fn combining(letter: char) -> CanonicalCombiningClass {
    CodePointMapData::<CanonicalCombiningClass>::new().get(letter)
}

/// Whether it is of a script whose letters are joined, as those of Arabic.
fn joins(letter: char) -> bool {
    use JoiningType as Joining;
    let joining = CodePointMapData::<JoiningType>::new().get(letter);
    matches!(joining, Joining::DualJoining | Joining::LeftJoining | Joining::RightJoining)
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
            ("क्\u{200d}ष র\u{200d}্য بِّ\u{200d}ب ☎\u{fe0e} 👍🏽\u{200d}❤\u{fe0f}", false),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}", true),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", true),
            ("🏴\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}\u{e0061}\u{e007f}", true),
            ("🏴\u{e0047}\u{e0042}\u{e0045}\u{e007f}", true),
            ("the end\u{e0151}", true),
            ("😀\u{e0151}\u{e0152}", true),
            ("😀\u{fe0f}\u{fe0f}", true),
            ("a\u{fe0f}", true),
            ("1\u{fe0f}2", true),
            ("the end \u{200b}", true),
            ("a \u{2060}\u{3164} b", true),
            ("😀\u{200d}", true),
            ("😀\u{200d}\u{200d}😀", true),
            ("e\u{301}\u{200d}\u{301}", true),
            ("م\u{200c}\u{200c}خ", true),
            ("a\u{feff}", true),
            ("\u{feff}\u{feff}", true),
        ] {
            assert_eq!(hides_characters(text), hides, "{text:?}");
        }
    }

    #[test]
    fn tags_are_spelled_out() {
        for (text, spelled) in [
            ("nothing", ""),
            ("a\u{e0001}\u{e0048}b\u{e0069}", "Hi"),
            ("🏴\u{e0061}\u{e006c}\u{e006c}\u{e007f}🏴\u{e007e}", "all ~"),
        ] {
            assert_eq!(spelled_in_tags(text), spelled, "{text:?}");
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
