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
    let (a, b) = (grams(a.as_str()), grams(b.as_str()));
    let fewer = a.len().min(b.len());
    if fewer == 0 { 0.0 } else { as_f64(shared(&a, &b)) / as_f64(fewer) }
}

/// Whether two texts are clearly different ones, so that neither is a form of the other: at most 0.3 of their 3-grams
/// overlap; where one has fewer than 12 letters, no 3-gram, no word and no beginning of one is shared.
///
/// Never of a text that is empty or cut: what is not seen may be a form of anything.
#[must_use]
pub fn is_clearly_other(a: &Folded, b: &Folded) -> bool {
    if [a, b].into_iter().any(|text| text.is_empty() || text.is_cut()) {
        return false;
    }
    if a.letters().min(b.letters()) >= TELLING {
        return overlap(a, b) <= CLEAR;
    }
    let contained = a.as_str().contains(b.as_str()) || b.as_str().contains(a.as_str());
    let alike = shared(&grams(a.as_str()), &grams(b.as_str())) > 0;
    !contained && !alike && words(a).is_disjoint(&words(b))
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
fn words(text: &Folded) -> BTreeSet<&str> {
    let is_word = |part: &&str| !part.trim().is_empty() && !part.chars().all(|c| c.is_ascii_punctuation());
    text.as_str().split_word_bounds().filter(is_word).collect()
}

/// Counts of 3-grams are far below the integers that a float holds exactly.
fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
