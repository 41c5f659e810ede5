//! The first classifier: rules that everybody can read, in a data file. It knows English and no irony.
//!
//! It calls a person too often rather than too seldom, and what it does not understand is [`Flag::UnclearIntent`]. No verdict
//! of it opens anything: see [`Classifier`].

mod book;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use async_trait::async_trait;
use chimera_contracts::Faults;
use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization as _;

use crate::classifier::{Classified, Classifier, ClassifierError, Sentiment};
use crate::flag::Flag;
use book::Book;

/// The rules that come with the crate.
const BUILT_IN: &str = include_str!("../data/rules.toml");

/// The longest text that is read, in characters.
const LONGEST: usize = 100_000;

/// The longest text that is read, in characters of its compatible form: one ligature can stand for eighteen, and whoever
/// waits for the answer waits for all of them.
const LONGEST_NORMALISED: usize = 200_000;

/// The fewest letters by which anything can be meant.
const FEWEST_LETTERS: usize = 3;

/// A text is English where at least one word in so many is a common one; prose has one in two.
const ENGLISH_ONE_IN: usize = 4;

/// How many words before a word a negation turns it.
const NEGATION_REACHES: usize = 2;

/// A text in the form in which words are looked for: without compatibility forms, accents, capitals and invisible characters,
/// and with letters that look like Latin ones as those, by the table that comes with the crate.
///
/// For comparing only, with a phrase in the same form. Unbounded as its input is; a character can become eighteen.
#[must_use]
pub fn folded(text: &str) -> String {
    static LETTERS: LazyLock<BTreeMap<char, char>> = LazyLock::new(|| book::look_alikes(BUILT_IN));
    reading::fold(text, &LETTERS)
}

/// A classifier by patterns and lists of words, without a model and without a network.
#[derive(Debug)]
pub struct RuleClassifier {
    name: String,
    book: Book,
}

impl RuleClassifier {
    /// The rules that come with the crate.
    ///
    /// # Errors
    /// Never with the rules as they are; a test holds them to that.
    pub fn new() -> Result<Self, Faults> {
        Self::from_toml(BUILT_IN)
    }

    /// A host's own rules, in the form of `data/rules.toml`. Compiles the patterns, so make one and keep it.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub fn from_toml(rules: &str) -> Result<Self, Faults> {
        let book = Book::read(rules)?;
        Ok(Self { name: format!("rules@{}", book.version), book })
    }

    fn read(&self, text: &str) -> Classified {
        let folded = reading::fold(text, &self.book.letters);
        let mut flags = self.raised(text, &folded);
        let spelled = chimera_text::spelled_in_tags(text);
        if !spelled.is_empty() {
            flags.extend(self.raised(&spelled, &reading::fold(&spelled, &self.book.letters)));
        }
        if chimera_text::hides_characters(text) {
            flags.insert(Flag::Instruction);
        }
        let words: Vec<String> = reading::words(&reading::speech(&folded)).collect();
        if chimera_text::mixes_scripts(text) || !self.understands(&words) {
            flags.insert(Flag::UnclearIntent);
        }
        let sentiment =
            if flags.contains(&Flag::Harassment) { Sentiment::Negative } else { self.feeling(&words) };
        Classified { flags, sentiment }
    }

    /// The flags whose patterns are in a text, in any of its readings.
    fn raised(&self, text: &str, folded: &str) -> BTreeSet<Flag> {
        let readings = reading::readings(text, &self.book.letters);
        let words = readings.iter().flat_map(|line| self.book.words.raised(line));
        words.chain(self.book.text.raised(&reading::without_links(folded))).collect()
    }

    /// Whether it is said in English, and in more than a sound.
    fn understands(&self, words: &[String]) -> bool {
        let letters = |word: &&String| word.chars().any(char::is_alphabetic);
        let spoken: Vec<_> = words.iter().filter(letters).collect();
        let known = spoken.iter().filter(|word| self.book.english.contains(word.as_str())).count();
        let length: usize = spoken.iter().map(|word| word.chars().count()).sum();
        length >= FEWEST_LETTERS && known.saturating_mul(ENGLISH_ONE_IN) >= spoken.len()
    }

    /// Friendly words against unfriendly ones; a negation shortly before a word turns it.
    fn feeling(&self, words: &[String]) -> Sentiment {
        let (mut friendly, mut unfriendly) = (0_usize, 0_usize);
        let mut since_negation = usize::MAX;
        for word in words {
            since_negation = since_negation.saturating_add(1);
            let turned = since_negation <= NEGATION_REACHES;
            let felt = (self.book.positive.contains(word), self.book.negative.contains(word));
            match (felt, turned) {
                ((true, _), false) | ((_, true), true) => friendly = friendly.saturating_add(1),
                ((true, _), true) | ((_, true), false) => unfriendly = unfriendly.saturating_add(1),
                _ => {}
            }
            if self.book.negations.contains(word) {
                since_negation = 0;
            }
        }
        match friendly.cmp(&unfriendly) {
            std::cmp::Ordering::Greater => Sentiment::Positive,
            std::cmp::Ordering::Equal => Sentiment::Neutral,
            std::cmp::Ordering::Less => Sentiment::Negative,
        }
    }
}

#[async_trait]
impl Classifier for RuleClassifier {
    fn name(&self) -> &str {
        &self.name
    }

    /// Answers at once: the work is linear in a text whose length is bounded, and nobody is asked.
    async fn classify(&self, text: &str, _deadline: DateTime<Utc>) -> Result<Classified, ClassifierError> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(ClassifierError(format!("the text has more than {LONGEST} characters")));
        }
        if text.nfkd().nth(LONGEST_NORMALISED).is_some() {
            let message =
                format!("the text has more than {LONGEST_NORMALISED} characters in its compatible form");
            return Err(ClassifierError(message));
        }
        Ok(self.read(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Classified {
        RuleClassifier::new().unwrap().read(text)
    }

    #[test]
    fn the_built_in_rules_are_sound() {
        let rules = RuleClassifier::new().unwrap();
        assert_eq!(rules.name(), "rules@1");
        assert!(RuleClassifier::from_toml("version = 1").is_err());
    }

    #[test]
    fn look_alikes_are_folded_by_the_built_in_table() {
        for (text, expected) in
            [("ＮＯＴ 𝐨𝐮𝐫 pr\u{43e}ble\u{301}m", "not our problem"), ("ain\u{2019}t", "ain't"), ("", "")]
        {
            assert_eq!(folded(text), expected);
        }
    }

    #[test]
    fn feelings_are_counted_and_turned() {
        use Sentiment::{Negative, Neutral, Positive};
        for (text, expected) in [
            ("Thanks, this is great!", Positive),
            ("This is terrible and slow.", Negative),
            ("Not good, really.", Negative),
            ("It isn't bad at all.", Positive),
            ("It is not that I think it is a good idea", Positive),
            ("We ship on Monday.", Neutral),
            ("Great start, awful end.", Neutral),
            ("You are such an amazing, wonderful idiot", Negative),
            ("", Neutral),
        ] {
            assert_eq!(read(text).sentiment, expected, "{text}");
        }
    }
}
