//! X weighted length, as the published configurations of twitter-text define it
//! (<https://github.com/twitter/twitter-text/tree/master/config>).
//!
//! Ours, because the crates that count are for other languages or years behind; it is held to the published cases.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::{emoji, link};

/// A link weighs as the short link that X puts in its place.
const LINK: u32 = 2_300;
const SCALE: u32 = 100;

/// A version of the published configuration. They share ranges and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightConfig {
    /// 2017: every code point of an emoji is weighed.
    V2,
    /// 2018 until today: an emoji sequence weighs 2, of however many code points.
    V3,
}

/// The weighted length of a text, after normalisation to NFC. The limit is 280.
///
/// ```
/// use chimera_text::{WeightConfig, weighted_length};
///
/// assert_eq!(weighted_length("日本 https://example.com/a/very/long/path", WeightConfig::V3), 4 + 1 + 23);
/// ```
#[must_use]
pub fn weighted_length(text: &str, config: WeightConfig) -> u32 {
    // Most texts are in NFC already; that is seen without building another.
    let text = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    };
    let mut weight = 0_u32;
    let mut at = 0;
    for link in link::links(&text) {
        let before = text.get(at..link.start).unwrap_or_default();
        weight = weight.saturating_add(weigh(before, config)).saturating_add(LINK);
        at = link.end;
    }
    weight = weight.saturating_add(weigh(text.get(at..).unwrap_or_default(), config));
    weight / SCALE
}

/// The length of a text where an emoji counts as the bytes of its UTF-8 and everything else as one, as Threads does.
#[must_use]
pub fn characters_and_emoji_bytes(text: &str) -> u32 {
    let bytes = |emoji: &[char]| {
        emoji
            .iter()
            .map(|part| u32::try_from(part.len_utf8()).unwrap_or(u32::MAX))
            .fold(0, u32::saturating_add)
    };
    fold(text, bytes, |_| 1)
}

fn weigh(text: &str, config: WeightConfig) -> u32 {
    match config {
        WeightConfig::V2 => text.chars().map(character).fold(0, u32::saturating_add),
        WeightConfig::V3 => fold(text, |_| 200, character),
    }
}

fn fold(text: &str, sequence: impl Fn(&[char]) -> u32, single: impl Fn(char) -> u32) -> u32 {
    let chars: Vec<char> = text.chars().collect();
    let mut rest = chars.as_slice();
    let mut sum = 0_u32;
    while let [first, after @ ..] = rest {
        let taken = emoji::sequence(rest);
        let (weight, next) = match rest.split_at_checked(taken) {
            Some((emoji, next)) if taken > 0 => (sequence(emoji), next),
            _ => (single(*first), after),
        };
        sum = sum.saturating_add(weight);
        rest = next;
    }
    sum
}

fn character(character: char) -> u32 {
    match u32::from(character) {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 100,
        _ => 200,
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::published::published;
    use crate::{emoji_count, hides_characters, unsafe_characters};

    #[test]
    fn what_a_text_weighs() {
        for (text, weight) in [
            ("", 0),
            ("abc", 3),
            ("e\u{301}", 1),
            ("日", 2),
            ("👨‍👩‍👧‍👦", 2),
            ("see example.com.", 4 + 23 + 1),
            ("end.And so on", 13),
            ("mail me@example.com", 19),
            ("(https://example.com/a_(b))", 25),
            ("https://t.co/abc", 23),
            ("https://example.comです", 23 + 4),
            ("http://example.nothingsuch/long", 31),
        ] {
            assert_eq!(weighted_length(text, WeightConfig::V3), weight, "{text:?}");
        }
    }

    /// `emoji-test.txt` of Unicode. Emoji newer than the tables of the properties crate are not known to it yet; none is too
    /// long by it.
    #[test]
    fn published_emoji_weigh_two_and_are_safe() {
        let files = published("platform-text/unicode", "", ".txt");
        let mut seen = 0;
        for (_, file) in &files {
            for line in file.lines().filter(|line| line.contains("; fully-qualified")) {
                let (points, rest) = line.split_once(';').unwrap();
                let emoji: String = points
                    .split_whitespace()
                    .map(|point| char::from_u32(u32::from_str_radix(point, 16).unwrap()).unwrap())
                    .collect();
                assert_eq!(weighted_length(&emoji, WeightConfig::V3), 2, "{rest}");
                assert_eq!(unsafe_characters(&emoji), [], "{rest}");
                assert!(!hides_characters(&emoji), "{rest}");
                assert_eq!(emoji_count(&emoji), 1, "{rest}");
                seen += 1;
            }
        }
        assert!(files.is_empty() || seen > 0, "no file holds an emoji");
    }
}
