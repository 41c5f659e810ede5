//! How alike two texts are, and when one is clearly another than the other.
//!
//! An error to one side calls a form of our text another, and a second post follows; an error to the other side asks a person.
//! The numbers are measured on real texts (see the README of this crate) and lean to the person.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::Folded;

/// The most that two texts overlap which are clearly different ones.
const CLEAR: f64 = 0.3;
/// With fewer letters than this, chance decides how many 3-grams are shared.
const TELLING: usize = 12;
/// How many characters a gram has.
const GRAM: usize = 3;
/// A character has no more bits.
const BITS: u32 = 21;

/// The share of the 3-grams of the shorter text that the other has too, each counted once: 0.0 to 1.0. Without a 3-gram, 0.0.
#[must_use]
pub fn overlap(a: &Folded, b: &Folded) -> f64 {
    share(&grams(a.as_str()), &grams(b.as_str()))
}

/// How much of the smaller set is in the other one.
fn share(a: &[u64], b: &[u64]) -> f64 {
    if a.len() <= b.len() { part(a, b) } else { part(b, a) }
}

/// How much of the first set is in the second.
fn part(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() { 0.0 } else { as_f64(shared(a, b)) / as_f64(a.len()) }
}

/// Whether two texts are clearly different ones, so that neither is a form of the other: at most 0.3 of their 3-grams
/// overlap; where one has fewer than 12 letters, no 3-gram and no word is shared, and neither holds the other.
///
/// Never of a text that is empty or cut: what is not seen may be a form of anything.
#[must_use]
pub fn is_clearly_other(a: &Folded, b: &Folded) -> bool {
    if [a, b].into_iter().any(|text| text.is_empty() || text.is_cut()) {
        return false;
    }
    // Servers for other letters than these leave the marks out (docker-planefence#130).
    let marked = [a, b].into_iter().any(|text| !text.as_str().is_ascii());
    is_apart(a, b) && (!marked || is_apart(&a.unmarked(), &b.unmarked()))
}

fn is_apart(a: &Folded, b: &Folded) -> bool {
    let [grams_a, grams_b] = [a, b].map(|text| grams(text.as_str()));
    let telling = |text: &Folded| text.letters() >= TELLING;
    let most = if telling(a) && telling(b) { CLEAR } else { 0.0 };
    // A text that breaks off within a link shows a part of one, which is no link any more.
    let in_links = |grams: &[u64], of: &Folded| part(grams, &self::grams(of.links())) > most;
    share(&grams_a, &grams_b) <= most
        && !in_links(&grams_a, b)
        && !in_links(&grams_b, a)
        && (most > 0.0 || !shares_a_part(a, b))
}

/// Whether short texts have a word in common, or one holds the other.
fn shares_a_part(a: &Folded, b: &Folded) -> bool {
    let [text_a, text_b] = [a.as_str(), b.as_str()];
    let short = [a, b].into_iter().all(|text| text.letters() < TELLING);
    !words(text_a).is_disjoint(&words(text_b))
        || [text_a, a.links()].iter().any(|whole| whole.contains(text_b))
        || [text_b, b.links()].iter().any(|whole| whole.contains(text_a))
        // As when emoji are left out that letters stood between. In a long text any short one is found so.
        || (short && (is_scattered(text_a, text_b) || is_scattered(text_b, text_a)))
}

/// Whether all characters of a text are in another one, in their order.
fn is_scattered(text: &str, within: &str) -> bool {
    let mut within = within.chars();
    text.chars().all(|character| within.any(|next| next == character))
}

/// The distinct 3-grams, in order.
fn grams(text: &str) -> Vec<u64> {
    let mask = (1_u64 << (BITS.saturating_mul(3))) - 1;
    let mut packed = 0_u64;
    let rolled = text.chars().map(|character| {
        packed = ((packed << BITS) | u64::from(character)) & mask;
        packed
    });
    let mut grams: Vec<u64> = rolled.skip(GRAM.saturating_sub(1)).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// How many are in both, which are in order.
fn shared(a: &[u64], b: &[u64]) -> usize {
    let (fewer, more) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut more = more.iter().peekable();
    let is_shared = |gram: &&u64| {
        while more.next_if(|next| next < gram).is_some() {}
        more.peek() == Some(gram)
    };
    fewer.iter().filter(is_shared).count()
}

/// The words of a text, emoji and the characters of Chinese among them.
fn words(text: &str) -> BTreeSet<&str> {
    let is_word = |part: &&str| !part.trim().is_empty() && !part.chars().all(|c| c.is_ascii_punctuation());
    text.split_word_bounds().filter(is_word).collect()
}

/// Counts of 3-grams are far below the integers that a float holds exactly.
fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod measured;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn overlap_is_the_share_of_the_smaller_set() {
        for (a, b, expected) in [
            ("", "", 0.0),
            ("ab", "ab", 0.0),
            ("abc", "abc", 1.0),
            ("abc", "xyzabcuvw", 1.0),
            ("abcabcabc", "abcxyz", 1.0 / 3.0),
            ("ABC", "abc", 1.0),
            ("abcd", "bcde", 0.5),
            ("日本語です", "日本語", 1.0),
        ] {
            let [a, b] = [a, b].map(Folded::new);
            assert!((overlap(&a, &b) - expected).abs() < 1e-9, "{a:?} {b:?}");
            assert!((overlap(&b, &a) - expected).abs() < 1e-9, "{b:?} {a:?}");
        }
    }

    #[test]
    fn what_is_clearly_another() {
        // Of the ten 3-grams of `abcdefghijkl`, so many are in the other text.
        let twelve = "abcdefghijkl";
        for (a, b, expected) in [
            (twelve, "abcde7890123456", true),
            (twelve, "abcdef890123456", false),
            (twelve, "mnopqrstuvwx", true),
            // Of eleven letters one 3-gram is enough, or one word.
            ("abcdefghijk", "abc0123456789012", false),
            ("abcdefghijk", "ab 0123456789012", true),
            ("go now, please", "we go", false),
            ("we stay", "they go far away", true),
            ("新作", "新作発売", false),
            ("日本", "東京", true),
            ("hi", "ohio", false),
            ("🎉", "🎉🎉", false),
            ("🎉", "🔥", true),
            // Without its emoji, and by chance in a long text.
            ("n🥚ro👨🏾", "nro", false),
            ("nro", "we never run in our own town", true),
            // Cut off within a link.
            ("see https://launchofthespring.example.com/a", "launchofthespri", false),
            ("https://a.example see you there all of you", "the launch of spring", true),
            // Without their accents and vowel signs.
            ("\u{e9}t\u{e9}", "ete", false),
            ("\u{e9}t\u{e9}", "fin", true),
            ("שָׁלוֹם לְכֻלָּם, הַמִּבְצָע מַתְחִיל", "שלום לכלם, המבצע מתחיל", false),
            ("", twelve, false),
            ("https://example.com", twelve, false),
            (twelve, twelve, false),
        ] {
            let [a, b] = [a, b].map(Folded::new);
            assert_eq!(is_clearly_other(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(is_clearly_other(&b, &a), expected, "{b:?} {a:?}");
        }
        let long = Folded::new(&"abc ".repeat(10_000));
        assert!(!is_clearly_other(&long, &Folded::new("mnopqrstuvwx")));
    }

    proptest! {
        #[test]
        fn it_goes_both_ways(a in "[a-d #.]{0,30}", b in "[a-d #.]{0,30}") {
            let [a, b] = [a, b].map(|text| Folded::new(&text));
            let overlap = overlap(&a, &b);
            prop_assert!((0.0..=1.0).contains(&overlap));
            prop_assert_eq!(is_clearly_other(&a, &b), is_clearly_other(&b, &a));
            prop_assert!(!(a.is_same(&b) && is_clearly_other(&a, &b)));
        }

        #[test]
        fn a_part_is_never_clearly_another(text in "[a-zA-Z0-9 ,!?#@éß日本語🎉👍]{1,40}", from in 0..20_usize, length in 1..40_usize) {
            let part: String = text.chars().skip(from).take(length).collect();
            let [text, part] = [text, part].map(|text| Folded::new(&text));
            prop_assert!(!is_clearly_other(&text, &part), "{:?} {:?}", text, part);
        }
    }
}
