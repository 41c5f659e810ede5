//! A text as it is compared: without what platforms, servers and keyboards change on the way.
//!
//! Both sides are folded alike, so folding may drop more than it has to, and never less on one side than on the other. It is
//! a fixed point: what is folded folds to itself, or it says of itself that it was cut.

use unicode_normalization::UnicodeNormalization as _;

use crate::{caseless, link, unescape::unescaped};

/// How many characters of a text are looked at: several times the longest post of any platform, its escapes included.
const LOOKED_AT: usize = 20_000;
/// How often a text is folded until it stays as it is. Two do for all but hostile ones: one that folds, and one that finds
/// nothing more.
const PASSES: usize = 6;

/// A text folded for comparison: compatibility forms, case, escapes, quotes, dashes, invisible characters, links and white
/// space make no difference any more. Look-alike letters of two scripts do.
///
/// Two are equal when their folded texts are; whether two *texts* are the same says [`Folded::is_same`].
///
/// ```
/// use chimera_text::Folded;
///
/// let ours = Folded::new("It's out — see https://example.com/long");
/// assert!(ours.is_same(&Folded::new("It&#039;s out -- see https://t.co/abc")));
/// assert!(!ours.is_same(&Folded::new("Reminder: it's out - see https://t.co/abc")));
/// ```
#[derive(Clone, Debug)]
pub struct Folded {
    text: String,
    /// The links that were taken out.
    links: String,
    cut: bool,
    capitals: bool,
}

impl Folded {
    /// Folds the first 20,000 characters of a text. Takes time in proportion to their number, for hostile texts too.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let (looked_at, mut cut) = beginning(text, LOOKED_AT);
        let (plain, mut links) = plain(looked_at);
        let capitals = plain.chars().any(char::is_uppercase) && !plain.chars().any(char::is_lowercase);
        let mut text = caseless(&plain);
        let mut stable = false;
        for _ in 0..PASSES {
            let (next, more) = self::plain(&text);
            links.push_str(&more);
            let next = caseless(&next);
            stable = next == text;
            text = next;
            if stable {
                break;
            }
        }
        let links = caseless(&links);
        if let (_, true) = beginning(&text, LOOKED_AT) {
            text = beginning(&text, LOOKED_AT).0.to_owned();
            cut = true;
        }
        Self { text, links, cut: cut || !stable, capitals }
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same without accents and vowel signs.
    pub(crate) fn unmarked(&self) -> Self {
        Self { text: crate::bare(&self.text).collect(), ..self.clone() }
    }

    /// The links that were taken out of it. A link whose end is missing is no link, and its beginning is then in the text.
    pub(crate) fn links(&self) -> &str {
        &self.links
    }

    /// Whether nothing is left to compare: the text is empty, or links only, which platforms replace.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether there is more of the text than was looked at.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// How many letters and digits it has.
    #[must_use]
    pub fn letters(&self) -> usize {
        self.text.chars().filter(|character| character.is_alphanumeric()).count()
    }

    /// Whether both are forms of one text: equal, whole and not empty. Where one is all capitals and the other is not, more
    /// was changed than platforms do, and they are not the same for certain.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self == other && !self.cut && !self.is_empty() && self.capitals == other.capitals
    }

    /// The text without an end that is no part of what it says, such as a disclosure label; as it is where it does not end so.
    #[must_use]
    pub fn without_end(&self, end: &Self) -> Self {
        let known = !self.cut && !end.cut && !end.is_empty();
        let rest = self.text.strip_suffix(end.as_str()).filter(|_| known);
        let rest = rest.filter(|rest| rest.is_empty() || rest.ends_with(' '));
        Self { text: rest.unwrap_or(&self.text).trim_end().to_owned(), ..self.clone() }
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.cut) == (&other.text, other.cut)
    }
}

impl Eq for Folded {}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.text, self.cut).cmp(&(&other.text, other.cut))
    }
}

impl std::hash::Hash for Folded {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.text, self.cut).hash(state);
    }
}

/// The first characters of a text, and whether there are more.
fn beginning(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
        None => (text, false),
    }
}

/// The text without escapes, links and more than one space at a time, composed (NFKC); and its links.
fn plain(text: &str) -> (String, String) {
    let composed: String = unescaped(text).nfc().collect();
    let (mut rest, mut links) = (String::with_capacity(composed.len()), String::new());
    let mut at = 0;
    for link in link::links(&composed) {
        rest.push_str(composed.get(at..link.start).unwrap_or_default());
        rest.push(' ');
        let after = composed.get(link.end..).unwrap_or_default();
        // Where a link is shown shortened, dots stand at its end.
        at = composed.len().saturating_sub(after.strip_prefix("...").unwrap_or(after).len());
        links.push_str(composed.get(link).unwrap_or_default());
        links.push(' ');
    }
    rest.push_str(composed.get(at..).unwrap_or_default());
    let rest = link::without_schemes(rest).split_whitespace().collect::<Vec<_>>().join(" ");
    (rest, links)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::is_clearly_other;

    fn check(ours: &str, shown: &str, same: bool) {
        let [ours, shown] = [ours, shown].map(Folded::new);
        assert_eq!(ours.is_same(&shown), same, "{ours:?} {shown:?}");
        assert_eq!(shown.is_same(&ours), same, "{shown:?} {ours:?}");
        assert!(!same || !is_clearly_other(&ours, &shown), "{ours:?} {shown:?}");
    }

    #[test]
    fn the_same_however_it_is_shown() {
        for (ours, shown) in [
            // L1: entities, however often escaped.
            ("it's", "it&#039;s"),
            ("it's", "it&#x27;s"),
            ("it's", "it&apos;s"),
            ("salt & pepper", "salt &amp;amp; pepper"),
            ("salt & pepper", "salt &amp;amp;amp;amp;amp;amp;amp;amp; pepper"),
            // L2: LinkedIn's little text.
            ("release (version 2) is out", r"release \(version 2\) is out"),
            ("see #launch", r"see {hashtag|\#|launch}"),
            ("thanks @Ann Lee", "thanks @[Ann Lee](urn:li:person:abc)"),
            // L3: typographic signs.
            (r#"she said "it's""#, "she said “it’s”"),
            ("out now -- at last", "out now — at last"),
            ("wait...", "wait…"),
            // L4: emoji without their selectors and joiners.
            ("we \u{2764}\u{fe0f} it", "we \u{2764} it"),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} day", "\u{1f468}\u{1f469}\u{1f467} day"),
            // Links that platforms put in each other's place.
            ("See https://example.com/long now", "See https://t.co/abc now"),
            ("See example.com now", "See https://t.co/abc now https://t.co/media"),
            ("See https://example.com/a/very/long/path", "See example.com/a/very/lo…"),
            ("end.And so", "end.And  so"),
            // Forms, spaces, case.
            ("Caf\u{e9} & more", "Cafe\u{301} &amp; more\n"),
            ("ﬁrst ｔｅｓｔ", "first test"),
            ("Straße", "STRASSE".to_lowercase().as_str()),
            ("Straße", "Strasse"),
            ("İstanbul", "istanbul"),
            ("ışık", "IŞık"),
            ("one\n\ntwo", "<p>one</p><p>two</p>"),
            ("one\ntwo é", r"one\ntwo \u00e9"),
        ] {
            check(ours, shown, true);
        }
    }

    #[test]
    fn not_the_same_for_certain() {
        for (ours, shown) in [
            ("Our spring sale starts today", "Reminder: Our spring sale starts today"),
            ("Our spring sale starts today", "Our spring sale starts today!"),
            ("paypal", "p\u{430}ypal"),
            ("end.And so", "end so"),
            ("", ""),
            ("https://example.com", "https://example.com"),
            // Capitals are more than a platform changes.
            ("Our spring sale", "OUR SPRING SALE"),
        ] {
            check(ours, shown, false);
        }
    }

    /// L5 and L6: what a shortened or emptied text was is not known.
    #[test]
    fn neither_the_same_nor_clearly_another() {
        let text = "Our spring sale starts today in all shops, and online #sale #spring";
        let shortened: String = text.chars().take(40).collect();
        let empty = String::new();
        for shown in [
            shortened.clone(),
            format!("{shortened} [...]"),
            format!("{shortened}…"),
            text.to_uppercase(),
            text.replace(" #sale #spring", ""),
            empty,
        ] {
            let [ours, shown] = [text, &shown].map(Folded::new);
            assert!(!ours.is_same(&shown), "{shown:?}");
            assert!(!is_clearly_other(&ours, &shown), "{shown:?}");
        }
    }

    #[test]
    fn an_end_is_taken_off() {
        for (text, end, expected) in [
            ("Hello there\n\nAI-generated content", "AI-generated content", "hello there"),
            ("Hello there AI—generated  CONTENT ", "AI-generated content", "hello there"),
            ("AI-generated content", "AI-generated content", ""),
            ("Hello thereAI-generated content", "AI-generated content", "hello thereai-generated content"),
            ("Hello", "AI", "hello"),
            ("Hello", "", "hello"),
        ] {
            let rest = Folded::new(text).without_end(&Folded::new(end));
            assert_eq!(rest.as_str(), expected, "{text:?}");
            assert_eq!(Folded::new(rest.as_str()), rest, "{text:?}");
        }
    }

    /// Every letter and sign that may change: without those of Chinese and Korean, and the planes of private use.
    #[test]
    fn each_character_folds_to_itself_once_it_is_folded() {
        let skipped = |c: &char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{e000}'..='\u{f8ff}');
        let changing: Vec<char> = ('\0'..='\u{1ffff}').filter(|c| !skipped(c)).collect();
        for characters in changing.chunks(200) {
            for around in [["", " "], ["a", "\u{307}b"]] {
                let text: String =
                    characters.iter().map(|c| format!("{}{c}{}", around[0], around[1])).collect();
                let once = Folded::new(&text);
                assert!(!once.is_cut(), "{text:?}");
                assert_eq!(Folded::new(once.as_str()), once, "{text:?}");
            }
        }
    }

    /// With a folding that takes the square of a length none of these would end.
    #[test]
    fn a_hostile_megabyte_is_looked_at_in_part() {
        for unit in [
            "Hello wo",
            "&amp;amp;",
            "&#59",
            "&",
            ";",
            "a\u{301}\u{327}",
            "\u{301}",
            "\u{307}",
            "i\u{307}",
            "a.com.",
            "http://",
            "http://a.com/(",
            "a.com?",
            " \n",
            "<b",
            "<",
            "<<b>b>",
            "<a x",
            ">",
            "{hashtag|#|",
            "{",
            "}",
            "@[",
            "@[x](urn:",
            ")",
            "](urn:li:1)",
            "\\",
            "\\u",
            "\\ud83d",
            "--",
            "''",
            "\u{fdfa}",
            "\u{e0041}",
        ] {
            let text = unit.repeat(1_000_000 / unit.len());
            let folded = Folded::new(&text);
            assert!(folded.is_cut(), "{unit:?}");
            assert!(!folded.is_same(&folded), "{unit:?}");
            assert!(!is_clearly_other(&folded, &Folded::new("Hello world, all")), "{unit:?}");
        }
        let nested = format!("{}x{}", "{hashtag|#|".repeat(1_000), "}".repeat(1_000));
        assert!(!Folded::new(&nested).is_empty());
    }

    fn part() -> impl Strategy<Value = String> {
        let escapes = prop::sample::select(vec![
            "&amp;",
            "&",
            "amp;",
            "#39;",
            "&#x26;",
            "&semi;",
            "\\",
            "\\u0026",
            "\\ud83d",
            "\\ude00",
            "u00e9",
            "{",
            "}",
            "|",
            "hashtag|#|",
            "mention|",
            "@[",
            "](urn:li:person:1)",
            "<",
            ">",
            "<p>",
            "</a",
            "br",
            "https://",
            "www.",
            "t.co/a",
            "a.com",
            ".",
            "...",
            "…",
            "-",
            "'",
            "\"",
            "``",
            "\u{307}",
            "\u{345}",
            "ß",
            "İ",
            "ı",
            "ς",
            "\u{fe0f}",
            "\u{200d}",
            " ",
            "\n",
            "\u{a8}",
            "\u{1e9e}",
            "\u{149}",
            "\u{3164}",
            "n",
            "K",
        ]);
        prop_oneof![3 => escapes.prop_map(str::to_owned), 1 => "\\PC{1,3}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn what_is_folded_folds_to_itself(parts in prop::collection::vec(part(), 0..24)) {
            let once = Folded::new(&parts.concat());
            let twice = Folded::new(once.as_str());
            prop_assert!(once.is_cut() || twice == once, "{:?} {:?}", once, twice);
        }

        #[test]
        fn one_part_escaped_is_the_same(text in "[a-zA-Z&<>\"' ]{1,40}", times in 1..6) {
            let mut shown = text.clone();
            for _ in 0..times {
                shown = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;").replace('"', "&quot;");
            }
            prop_assert_eq!(Folded::new(&text), Folded::new(&shown));
        }
    }
}
