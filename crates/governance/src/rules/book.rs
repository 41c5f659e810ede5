//! The rules as data: patterns for each flag, words for sentiment and language, letters that look like others.

use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::{Fault, Faults};
use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use crate::flag::Flag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    parts: BTreeMap<String, String>,
    flags: BTreeMap<Flag, Written>,
    words: Lists,
    #[serde(default)]
    letters: BTreeMap<char, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    text: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    positive: String,
    negative: String,
    negations: String,
    english: String,
}

/// The rules, ready to be held against texts.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) version: u32,
    /// Over the words of a text.
    pub(super) words: Patterns,
    /// Over a text with its punctuation.
    pub(super) text: Patterns,
    pub(super) positive: BTreeSet<String>,
    pub(super) negative: BTreeSet<String>,
    pub(super) negations: BTreeSet<String>,
    /// Words by which English is known, those above included.
    pub(super) english: BTreeSet<String>,
    pub(super) letters: BTreeMap<char, char>,
}

/// Many patterns, each for a flag; a text is read once for all of them.
#[derive(Debug)]
pub(super) struct Patterns {
    set: RegexSet,
    flags: Vec<Flag>,
}

impl Patterns {
    /// The flags whose patterns are in the text.
    pub(super) fn raised<'a>(&'a self, text: &str) -> impl Iterator<Item = Flag> + use<'a> {
        self.set.matches(text.as_bytes()).into_iter().filter_map(|index| self.flags.get(index).copied())
    }
}

impl Book {
    /// Reads the rules.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub(super) fn read(text: &str) -> Result<Self, Faults> {
        let document: Document = toml::from_str(text)
            .map_err(|error| Fault::new("", "a document of rules", error.message().to_owned()))?;
        let (mut words, mut plain) = (Vec::new(), Vec::new());
        for (flag, written) in &document.flags {
            let filled = |pattern: &String| fill(pattern, &document.parts);
            // Whole words; and whoever writes words together says the same.
            let whole = |pattern| format!(r"\b(?:{})\b", filled(pattern).replace(' ', " ?"));
            words.extend(placed(*flag, "words", written.words.iter().map(whole)));
            plain.extend(placed(*flag, "text", written.text.iter().map(filled)));
        }
        let (words, text) = match (compiled(&words), compiled(&plain)) {
            (Ok(words), Ok(text)) => (words, text),
            (words, text) => {
                let faults = [words, text].into_iter().filter_map(Result::err).flatten().collect();
                return Err(Faults::check(faults).err().unwrap_or_else(unbearable));
            }
        };
        let Lists { positive, negative, negations, english } = &document.words;
        let all = [english, positive, negative, negations];
        Ok(Self {
            version: document.version,
            words,
            text,
            positive: list(positive),
            negative: list(negative),
            negations: list(negations),
            english: all.into_iter().flat_map(|words| list(words)).collect(),
            letters: looks(&document.letters),
        })
    }
}

/// A pattern with the place where it is written.
struct Placed {
    flag: Flag,
    pointer: String,
    pattern: String,
}

fn placed(flag: Flag, list: &str, patterns: impl Iterator<Item = String>) -> Vec<Placed> {
    let place = |(index, pattern)| Placed { flag, pointer: format!("/flags/{flag}/{list}/{index}"), pattern };
    patterns.enumerate().map(place).collect()
}

/// The pattern with its parts filled in; a part may hold parts that come before it in the alphabet.
fn fill(pattern: &str, parts: &BTreeMap<String, String>) -> String {
    let fill_one =
        |pattern: String, (name, part): (&String, &String)| pattern.replace(&format!("{{{name}}}"), part);
    parts.iter().rev().fold(pattern.to_owned(), fill_one)
}

/// All patterns as one; or each that is none.
fn compiled(patterns: &[Placed]) -> Result<Patterns, Vec<Fault>> {
    let set = compile(patterns.iter().map(|placed| placed.pattern.as_str()));
    let set = set.map_err(|_| patterns.iter().filter_map(fault).collect::<Vec<_>>())?;
    Ok(Patterns { set, flags: patterns.iter().map(|placed| placed.flag).collect() })
}

fn fault(placed: &Placed) -> Option<Fault> {
    let error = compile([placed.pattern.as_str()]).err()?;
    let reason = error.to_string().lines().last().unwrap_or_default().to_owned();
    Some(Fault::new(
        placed.pointer.clone(),
        "a pattern of the crate `regex`, without its Unicode classes",
        reason,
    ))
}

/// Each is a pattern, and together they are too much.
fn unbearable() -> Faults {
    Fault::new("/flags", "patterns that are small enough together", "more").into()
}

/// Texts are read folded, so that the classes of ASCII are enough and no Unicode tables are needed.
fn compile<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns).unicode(false).dfa_size_limit(16 << 20).build()
}

fn list(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// Only the look-alike letters of rules; none when the text is none.
pub(super) fn look_alikes(text: &str) -> BTreeMap<char, char> {
    #[derive(Deserialize)]
    struct Letters {
        letters: BTreeMap<char, String>,
    }
    toml::from_str::<Letters>(text).map(|rules| looks(&rules.letters)).unwrap_or_default()
}

fn looks(letters: &BTreeMap<char, String>) -> BTreeMap<char, char> {
    letters.iter().flat_map(|(ours, others)| others.chars().map(|other| (other, *ours))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_filled_in() {
        let parts = [("you", "(you|u)"), ("threat", "hurt {you}")];
        let parts = parts.map(|(name, part)| (name.to_owned(), part.to_owned())).into();
        assert_eq!(fill("will {you} x{2,} {yours}", &parts), "will (you|u) x{2,} {yours}");
    }

    #[test]
    fn every_bad_pattern_is_named() {
        let text = r#"
            version = 1
            [flags.crisis]
            words = ["fine", "(open", "a{2,1}"]
            text = ["[", "\\p{Greek}"]
            [words]
            positive = ""
            negative = ""
            negations = ""
            english = ""
        "#;
        let faults = Book::read(text).unwrap_err();
        let pointers: Vec<_> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
        let expected = [
            "/flags/crisis/text/0",
            "/flags/crisis/text/1",
            "/flags/crisis/words/1",
            "/flags/crisis/words/2",
        ];
        assert_eq!(pointers, expected, "{faults}");
        for bad in ["version = 1", &text.replace("crisis", "crises"), &text.replace("english", "englisch")] {
            assert_eq!(Book::read(bad).unwrap_err().as_slice()[0].pointer, "");
        }
    }
}
