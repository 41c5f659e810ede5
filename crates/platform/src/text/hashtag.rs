//! Hashtags and mentions: their syntax, and which of them a text holds already.
//!
//! The syntax is that of X, the only one that is published in whole (twitter-text, `hashtags` of `conformance/extract.yml`);
//! the other platforms here differ from it in little.

use chimera_text::caseless;
use unicode_normalization::char::is_combining_mark;

use super::{TextFault, invalid};

/// The signs that begin a hashtag; Japanese keyboards write the second.
const SIGNS: [char; 2] = ['#', '＃'];

/// Whether it is a hashtag: `#` or `＃`, then letters, marks, digits, underscores and what parts or joins the letters of a word
/// in some script, at least one of them a letter, a mark or an underscore.
///
/// Marks count as letters: without them Hindi or Thai could not be written.
#[must_use]
pub fn is_hashtag(tag: &str) -> bool {
    let Some(body) = tag.strip_prefix(SIGNS) else { return false };
    // `#` with one of these behind is an emoji.
    !body.starts_with(['\u{fe0f}', '\u{20e3}'])
        && body.chars().all(is_part)
        && body.chars().any(|character| is_word(character) && !character.is_numeric())
}

/// The hashtags in a text, in order, as they are written.
#[must_use]
pub fn hashtags_of(text: &str) -> Vec<&str> {
    marked(text, &SIGNS, is_part)
        .filter(|(tag, after)| is_hashtag(tag) && !after.starts_with("://"))
        .map(|(tag, _)| tag)
        .collect()
}

/// How many accounts a text mentions.
pub(super) fn mentions_of(text: &str) -> usize {
    marked(text, &['@'], is_word).filter(|(mention, _)| mention.len() > 1).count()
}

/// What is wrong with the hashtags that were given.
pub(super) fn faults(hashtags: &[String]) -> Vec<TextFault> {
    hashtags
        .iter()
        .filter(|tag| !is_hashtag(&with_sign(tag)))
        .map(|tag| {
            invalid(format!(
                "`{tag}` is no hashtag: letters, digits and `_` are allowed, and not digits alone"
            ))
        })
        .collect()
}

/// The hashtags, each with its sign, that a text does not hold yet; letter case, composition and the width of the sign make no
/// difference.
pub(super) fn missing_from(text: &str, hashtags: &[String]) -> Vec<String> {
    let mut known: Vec<String> = hashtags_of(text).into_iter().map(key).collect();
    let mut missing = Vec::new();
    for tag in hashtags.iter().map(|tag| with_sign(tag)) {
        let key = key(&tag);
        if !known.contains(&key) {
            known.push(key);
            missing.push(tag);
        }
    }
    missing
}

fn with_sign(tag: &str) -> String {
    if tag.starts_with(SIGNS) { tag.to_owned() } else { format!("#{tag}") }
}

/// What tags are told apart by.
fn key(tag: &str) -> String {
    caseless(tag.strip_prefix(SIGNS).unwrap_or(tag))
}

/// Every word that begins with one of the signs where no word stood before it, the sign included; and what follows it.
fn marked<'a>(
    text: &'a str,
    signs: &'a [char],
    is_part: fn(char) -> bool,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(signs).filter_map(move |(at, sign)| {
        let before = text.get(..at)?.chars().next_back();
        let body = text.get(at.saturating_add(sign.len())..)?;
        let length: usize = body.chars().take_while(|next| is_part(*next)).map(char::len_utf8).sum();
        // These end an emoji.
        let ends_emoji = matches!(before, Some('\u{fe0e}' | '\u{fe0f}'));
        let free = before.is_none_or(|before| !is_part(before) && before != '&' && before != '/');
        let end = at.saturating_add(sign.len()).saturating_add(length);
        (free || ends_emoji).then(|| Some((text.get(at..end)?, text.get(end..)?))).flatten()
    })
}

fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character == '_' || character.is_ascii_alphanumeric();
    }
    character == '_' || character.is_alphanumeric() || is_combining_mark(character)
}

/// Whether a character may stand in a hashtag: beside those of words what joins or parts letters within one.
fn is_part(character: char) -> bool {
    is_word(character)
        || matches!(
            character,
            // Non-joiner and joiner: Persian, Sinhala.
            '\u{200c}' | '\u{200d}'
            // The middle dots of Catalan and Japanese, the latter narrow as well; the double hyphen of foreign names.
            | '·' | '・' | '･' | '゠'
            // Drawn-out vowels of Japanese, by two code pages; voicing by itself; *the same as above*.
            | '〜' | '～' | '゛' | '゜' | '〃'
            // Maqaf, geresh and gershayim of Hebrew; what parts syllables in Tibetan; a sign of Church Slavonic.
            | '־' | '׳' | '״' | '་' | '༌' | '꙾'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtag_syntax() {
        for (tag, expected) in [
            ("#ai", true),
            ("#ai_2", true),
            ("#日本", true),
            ("#हिन्दी", true),
            ("#_", true),
            ("#2024", false),
            ("#", false),
            ("ai", false),
            ("#a b", false),
            ("#a-b", false),
            ("##a", false),
            // X1: Persian (mastodon#11761, pixelfed#2378) and Sinhala (twitter-text#29).
            ("#می\u{200c}خواهم", true),
            ("#نرم\u{200c}افزار_آزاد", true),
            ("#ශ්\u{200d}රීලංකා", true),
            // Japanese: twicli#84, linkifyjs#492, cjk-regex#189, mastodon#15323; half width, and digits in full width (twicli#122).
            ("#スター・ウォーズ", true),
            ("#ｽﾀｰ･ｳｫｰｽﾞ", true),
            ("#サン゠サーンス", true),
            ("#トロピカル〜ジュ", true),
            ("#トロピカル～ジュ", true),
            ("#各〃", true),
            ("#２０２６年", true),
            // Catalan: twitter-text-conformance#63, mastodon#10934.
            ("#il·lusió", true),
            ("#one·two·three", true),
            // Hebrew and Tibetan: twitter-text, `extract.yml`.
            ("#מ״כ", true),
            ("#עַל־יְדֵי", true),
            ("#བོད་སྐད་", true),
            // The forms of a Chinese character, and marks that are not composed.
            ("#葛\u{e0100}城市", true),
            ("#cafe\u{301}", true),
            // X2: full width.
            ("＃新作", true),
            ("＃＃新作", false),
            ("＃", false),
            // What joins has to join something (twicli#85); an emoji is no tag (misskey#5431).
            ("#・", false),
            ("#\u{200d}", false),
            ("#1・2", false),
            ("#〜", false),
            ("#\u{fe0f}\u{20e3}", false),
            ("#\u{20e3}", false),
            // Signs that part words.
            ("#a.b", false),
            ("#a+b", false),
            ("#a–b", false),
            ("#c•d", false),
            ("#a、b", false),
            ("#a\u{200b}b", false),
            ("#a\u{2060}b", false),
            ("#a&b", false),
        ] {
            assert_eq!(is_hashtag(tag), expected, "{tag:?}");
        }
    }

    #[test]
    fn hashtags_in_a_text() {
        assert_eq!(hashtags_of("#a x#b (#c) #1 https://h.example/#d"), ["#a", "#c"]);
        assert_eq!(hashtags_of("本日発売！＃新作、#スター・ウォーズ。"), ["＃新作", "#スター・ウォーズ"]);
        assert_eq!(hashtags_of("ok ❤\u{fe0f}#love #\u{fe0f}\u{20e3} #a#b #http://c"), ["#love", "#a"]);
        assert_eq!(mentions_of("@a b@c.example (@d) @"), 2);
    }

    /// X2, and the tags that are told apart.
    #[test]
    fn one_tag_in_two_spellings_is_not_added_again() {
        for (text, tag, missing) in [
            ("Hi #cafe\u{301}", "café", None),
            ("Hi #café", "#cafe\u{301}", None),
            ("＃新作", "＃新作", None),
            ("＃新作", "#新作", None),
            ("#新作", "＃新作", None),
            ("#STRASSE", "Straße", None),
            ("#ΣΊΣΥΦΟΣ", "σίσυφος", None),
            ("#İstanbul", "istanbul", None),
            ("#می\u{200c}خواهم", "می\u{200c}خواهم", None),
            ("#cafe", "café", Some("#café")),
            ("#می\u{200c}خواهم", "میخواهم", Some("#میخواهم")),
            ("#スターウォーズ", "スター・ウォーズ", Some("#スター・ウォーズ")),
            ("#新作情報", "＃新作", Some("＃新作")),
            ("新作", "新作", Some("#新作")),
        ] {
            let found = missing_from(text, &[tag.to_owned(), tag.to_owned()]);
            assert_eq!(found, Vec::from_iter(missing), "{text:?} {tag:?}");
        }
    }
}
