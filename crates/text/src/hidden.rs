//! Invisible characters that nothing in the writing explains: they turn the direction, spell an unseen text or part a word.
//!
//! Joiners and selectors stand where a writing system or an emoji needs them; everywhere else they carry what a reviewer does not
//! see. One rule for what is refused before it is sent and for what is flagged in what others wrote.

use icu_properties::CodePointMapData;
use icu_properties::props::{JoiningType, Script};
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::emoji::{self, EMOJI_PRESENTATION, KEYCAP, ZWJ, is_emoji};
use crate::is_invisible;

const BYTE_ORDER_MARK: char = '\u{feff}';
const BRAILLE_BLANK: char = '\u{2800}';
const WORD_BREAK: char = '\u{200b}';
const END_OF_TAGS: char = '\u{e007f}';
/// The combining class of signs that join two consonants to one (UAX #44, *Virama*).
const VIRAMA: u8 = 9;

/// Whether there is a character in a text that has no shape and no reason to be there. A byte order mark at the start hides
/// nothing.
#[must_use]
pub fn hides_characters(text: &str) -> bool {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    unexplained(text).into_iter().any(|(_, character)| is_invisible(character))
}

/// What the tags in a text spell, which look like nothing and are read by machines; one word for each run that is ended.
#[must_use]
pub fn spelled_in_tags(text: &str) -> String {
    let spelled = |letter| match letter {
        '\u{e0020}'..='\u{e007e}' => u32::from(letter).checked_sub(0xe0000).and_then(char::from_u32),
        END_OF_TAGS => Some(' '),
        _ => None,
    };
    text.chars().filter_map(spelled).collect()
}

/// The characters that are part of no emoji and no joiner or selector in its place, each with its place in characters from 0;
/// without the printed ones of ASCII, which show what they are.
pub(crate) fn unexplained(text: &str) -> Vec<(usize, char)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut offset = 0;
    // What stands right before, and the last that is no mark on another.
    let (mut last, mut base) = (None, None);
    while let Some([character, after @ ..]) = chars.get(offset..) {
        // Printed ASCII, unless what follows makes an emoji of it: most of most texts, and no property of it needs to be searched.
        if matches!(character, ' '..='~') && after.first().is_none_or(char::is_ascii) {
            offset = offset.saturating_add(1);
            (last, base) = (Some(*character), Some(*character));
            continue;
        }
        let sequence = emoji::sequence(chars.get(offset..).unwrap_or_default());
        if sequence == 0 && !is_at_home(last, base, *character, after.first().copied()) {
            found.push((offset, *character));
        }
        offset = offset.saturating_add(sequence.max(1));
        last = offset.checked_sub(1).and_then(|at| chars.get(at)).copied();
        base = last.filter(|last| !is_combining_mark(*last) && !is_invisible(*last)).or(base);
    }
    found
}

/// Whether a joiner or selector has a reason to stand where it stands: a visible character right before it that takes it.
fn is_at_home(last: Option<char>, base: Option<char>, character: char, next: Option<char>) -> bool {
    let Some((last, base)) = last.zip(base) else { return false };
    match character {
        // A digit is an emoji on a key only.
        '\u{fe0e}' | EMOJI_PRESENTATION if last.is_ascii() => is_emoji(last) && next == Some(KEYCAP),
        '\u{fe0e}' | EMOJI_PRESENTATION => is_emoji(last),
        ZWJ if is_picture(last) || last == EMOJI_PRESENTATION => next.is_some_and(is_picture),
        // Zero-width: RFC 5892, appendix A.1 and A.2, read generously. Persian parts a suffix from a word in Latin letters or in
        // quotes so, and Arabic shows the beginning of a word by a letter with nothing behind it.
        '\u{200c}' | ZWJ => {
            !is_invisible(last) && [Some(last), Some(base), next].into_iter().flatten().any(takes_joiners)
        }
        // The forms of a Chinese character, as names of people and places have them (UTS #37).
        '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => script(last) == Script::Han,
        '\u{180b}'..='\u{180f}' => script(last) == Script::Mongolian,
        // These are written without spaces; keyboards put a break between words, and lines are broken by it. A space or the end
        // of the text may follow.
        WORD_BREAK => {
            !is_invisible(last) && has_no_spaces(base) && next.is_none_or(|next| !is_invisible(next))
        }
        // The space of Braille, between two of its signs.
        BRAILLE_BLANK => is_braille(last) && next.is_some_and(is_braille),
        _ => false,
    }
}

/// Whether a character is of a script that parts no words by spaces (BloomDesktop#8336, tinymce#2859, w3c/i18n-drafts#155).
fn has_no_spaces(character: char) -> bool {
    matches!(script(character), Script::Khmer | Script::Thai | Script::Lao | Script::Myanmar)
}

/// Whether a character is a sign of Braille with dots.
fn is_braille(character: char) -> bool {
    matches!(character, '\u{2801}'..='\u{28ff}')
}

/// An emoji that is no digit.
fn is_picture(character: char) -> bool {
    !character.is_ascii() && is_emoji(character)
}

/// Whether it joins consonants, or is of a script whose letters are joined, as those of Arabic.
fn takes_joiners(character: char) -> bool {
    use JoiningType as Joining;
    let joining = CodePointMapData::<JoiningType>::new().get(character);
    canonical_combining_class(character) == VIRAMA
        || matches!(joining, Joining::DualJoining | Joining::LeftJoining | Joining::RightJoining)
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
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
            ("این API\u{200c}ها «کتاب»\u{200c}ها ۱۴۴۰ ه\u{200d} ක්\u{200d}ෂ", false),
            ("葛\u{e0100}城市 神\u{fe00} ᠠ\u{180b}", false),
            ("葛\u{e0100}\u{e0101} ", true),
            ("A\u{e0100} ", true),
            ("😀\u{200d}😀\u{200d}😀\u{200d}😀\u{200d}😀\u{200d}😀", false),
            ("\u{200c}کتاب", true),
            // OmniRoute#12186, defuddle#103, jsoup#1227: what sanitizers took out of Persian; and Latin words parted by it.
            ("می\u{200c}روم کتاب\u{200c}ها نیمه\u{200c}شب ۱۰\u{200c}تا (API)\u{200c}ها", false),
            ("pass\u{200c}word", true),
            ("Auf\u{200c}lage", true),
            // jquery.ime#244: halant of Indic scripts; Malayalam, Kannada, Bengali, Tamil.
            ("ന്\u{200d} ര\u{200d}്യ ಕ್\u{200c}ಷ ক্\u{200c}ষ க்\u{200c}ஷ", false),
            // github-mcp-server#3110, unihandecode#35: names with a selected form; behind anything but an ideograph it is none.
            ("葛\u{e0100}飾区 葛\u{e0101}城 渡邉\u{e0101} 𠮷\u{e0101}野家 々\u{e0100}", false),
            ("か\u{e0100} 한\u{e0100}", true),
            ("葛\u{fe0f}", true),
            // agent-sanitizer#126: emoji in their forms, and what only looks like one.
            ("🏳\u{fe0f}\u{200d}🌈 👁\u{fe0f}\u{200d}🗨\u{fe0f} 👩🏽\u{200d}🚀 🧑\u{200d}🤝\u{200d}🧑", false),
            ("\u{200d}🌈", true),
            ("👩\u{200c}👧", true),
            // BloomDesktop#8336, mpdf#1113, elm-format#452: breaks between words of Khmer, Thai, Lao, Burmese.
            ("សួស្តី\u{200b}ពិភពលោក ផ្លូវ\u{200b} ១០៦ ສະ\u{200b}ບາຍດີ ภาษา\u{200b}ไทย မြန်မာ\u{200b}စာ\u{200b}", false),
            ("សួស្តី\u{200b}\u{200b}ពិភពលោក", true),
            ("ok \u{200b}ភាសា", true),
            ("日\u{200b}本", true),
            // book-to-skill#178: the blank of Braille between its signs.
            ("⠛⠑⠇⠇⠕\u{2800}⠺⠕⠗⠇⠙", false),
            ("⠛\u{2800}\u{2800}⠛", true),
            ("⠛\u{2800}a", true),
            ("a\u{2800}b", true),
            ("a\u{1d159}b", true),
            ("a\0", true),
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
}
