//! How a text is read: without the dress that hides a word from a pattern and not from a person.
//!
//! Compatibility forms, accents, capitals and invisible characters go; letters that look like ours are read as ours; words
//! that are spelled with spaces, dots or digits are read as the words that they stand for. The text as it was goes elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use chimera_text::bare;

/// From how many on single letters in a row are one word that was pulled apart.
const PULLED_APART: usize = 3;

/// From how many on letters in a row are one letter that was drawn out; no English word has so many.
const DRAWN_OUT: usize = 3;

/// The text in one form: compatible characters, accents, capitals, invisible characters and look-alikes are gone.
pub(super) fn fold(text: &str, letters: &BTreeMap<char, char>) -> String {
    bare(text).map(|letter| letters.get(&letter).copied().unwrap_or(letter)).collect()
}

/// The words of a folded text, without apostrophes.
pub(super) fn words(folded: &str) -> impl Iterator<Item = String> {
    folded
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .map(|word| word.replace('\'', ""))
        .filter(|word| !word.is_empty())
}

/// What the sender says in words: no links, no names of accounts, no hashtags.
pub(super) fn speech(folded: &str) -> String {
    let said = |part: &&str| !is_link(part) && !part.starts_with(['@', '#']);
    folded.split_whitespace().filter(said).collect::<Vec<_>>().join(" ")
}

/// The text without links, whose punctuation means nothing. Lines stay.
pub(super) fn without_links(folded: &str) -> String {
    let kept = |part: &&str| !is_link(part.trim());
    folded.split_inclusive(char::is_whitespace).filter(kept).collect()
}

fn is_link(part: &str) -> bool {
    part.contains("://") || part.starts_with("www.")
}

/// The readings of a text in which patterns are looked for: as it stands, with digits and signs as letters, and with single
/// letters as one word. Plain words have one reading.
pub(super) fn readings(text: &str, letters: &BTreeMap<char, char>) -> BTreeSet<String> {
    let folded = fold(&open_hashtags(text), letters);
    // A digit one is an i or an l, and letters that are drawn out stand for one or for two: each twice, not all four.
    let [one, two] = [('i', 1), ('l', 2)].map(|(one, kept)| squeeze(&with_letters(&folded, one), kept));
    let texts = [squeeze(&folded, 2), one, two];
    texts.iter().flat_map(|text| [line(text, usize::MAX), line(text, PULLED_APART)]).collect()
}

/// Parts the words of hashtags, which begin with capitals.
fn open_hashtags(text: &str) -> String {
    let mut opened = String::with_capacity(text.len());
    let (mut inside, mut small) = (false, false);
    for letter in text.chars() {
        inside = letter == '#' || (inside && letter.is_alphanumeric());
        if inside && small && letter.is_uppercase() {
            opened.push(' ');
        }
        small = letter.is_lowercase();
        opened.push(letter);
    }
    opened
}

/// Digits beside a letter, and signs before one, are the letters that they look like; so is a one that stands alone.
fn with_letters(folded: &str, one: char) -> String {
    let mut read = String::with_capacity(folded.len());
    let mut rest = folded.chars().peekable();
    let mut last = ' ';
    while let Some(letter) = rest.next() {
        let before =
            rest.peek().is_some_and(|next| next.is_alphanumeric() || looks_like(*next, one).is_some());
        let after = letter.is_ascii_digit() && last.is_alphabetic();
        let alone = letter == '1' && !last.is_alphanumeric();
        last = looks_like(letter, one).filter(|_| before || after || alone).unwrap_or(letter);
        read.push(last);
    }
    read
}

const fn looks_like(sign: char, one: char) -> Option<char> {
    match sign {
        '0' => Some('o'),
        '1' | '!' | '|' => Some(one),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' => Some('t'),
        _ => None,
    }
}

/// Leaves `kept` of letters that are drawn out.
fn squeeze(text: &str, kept: usize) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut run = (None, 0_usize);
    let mut end = |(letter, count): (Option<char>, usize)| {
        let kept = if count < DRAWN_OUT || !letter.is_some_and(char::is_alphabetic) { count } else { kept };
        squeezed.extend(std::iter::repeat_n(letter, kept).flatten());
    };
    for letter in text.chars() {
        if run.0 == Some(letter) {
            run.1 = run.1.saturating_add(1);
        } else {
            end(std::mem::replace(&mut run, (Some(letter), 1)));
        }
    }
    end(run);
    squeezed
}

/// The words with one space between them; from so many on, single letters in a row are one word.
fn line(text: &str, pulled_apart: usize) -> String {
    let mut line = String::with_capacity(text.len());
    let mut apart = Vec::new();
    for word in words(text) {
        if word.chars().nth(1).is_none() {
            apart.push(word);
            continue;
        }
        close(&mut line, &mut apart, pulled_apart);
        push(&mut line, &word);
    }
    close(&mut line, &mut apart, pulled_apart);
    line
}

fn close(line: &mut String, apart: &mut Vec<String>, pulled_apart: usize) {
    if apart.len() >= pulled_apart {
        push(line, &apart.concat());
    } else {
        apart.iter().for_each(|letter| push(line, letter));
    }
    apart.clear();
}

fn push(line: &mut String, word: &str) {
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_of_many_dresses() {
        let letters = [('а', 'a'), ('’', '\'')].into();
        for (text, expected) in [
            ("Naïve ＣＡＦÉ", "naive cafe"),
            ("𝓴𝓲𝓵𝓵 ⓨⓞⓤ", "kill you"),
            ("ki\u{200b}ll\u{ad} \u{202e}you", "kill you"),
            ("Pаypal isn’t", "paypal isn't"),
            ("ﬁne… ½", "fine... 1⁄2"),
        ] {
            assert_eq!(fold(text, &letters), expected);
        }
    }

    #[test]
    fn words_that_were_pulled_apart_or_dressed_up_are_read() {
        for (text, expected) in [
            ("Plain words, as they stand.", &["plain words as they stand"][..]),
            ("I'll k-i-l-l it", &["ill k i l l it", "ill kill it"]),
            ("a.a. I know", &["a a i know", "aai know"]),
            ("a b or C3 PO", &["a b or c3 po", "a b or ce po"]),
            ("k1ll y0u ar3 3 $00", &["k1ll y0u ar3 3 00", "kill you are 3 soo", "kll you are 3 soo"]),
            ("1 kn0w", &["1 kn0w", "i know"]),
            ("looser killlll", &["looser kil", "looser kill"]),
            ("#VoteNow #nowOrNever iPhone", &["vote now now or never iphone"]),
        ] {
            let found = readings(text, &BTreeMap::new());
            let missed: Vec<_> = expected.iter().filter(|line| !found.contains(**line)).collect();
            assert!(missed.is_empty(), "{text}: {missed:?} not in {found:?}");
        }
        assert_eq!(readings("Plain words.", &BTreeMap::new()).len(), 1);
    }

    #[test]
    fn links_accounts_and_hashtags_are_no_speech() {
        assert_eq!(speech("@ann see https://a.example/?q=1 and #rust www.b.example"), "see and");
        assert_eq!(without_links("a\nhttps://a.example/?q b"), "a\nb");
    }
}
