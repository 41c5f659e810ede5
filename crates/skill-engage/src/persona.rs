//! Personas: names for rules that a text can be checked against (ENG-09).
//!
//! The rules are data ([`Personas::seed`], `data/personas.toml`). A broken rule is named with what it allows and what was
//! found; a persona without rules on the text counts for relevance, which the scorer judges.

mod measure;

use std::collections::BTreeMap;

use chimera_contracts::{Fault, Faults};
use serde::Deserialize;

const SEED: &str = include_str!("../data/personas.toml");

/// What a persona asks of a text. What is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonaRules {
    /// The most characters (Unicode scalar values).
    pub max_characters: Option<usize>,
    /// The most sentences; a line break ends one.
    pub max_sentences: Option<usize>,
    /// The most emoji, as they are seen: a flag, a family, a hand of any colour is one.
    pub max_emoji: Option<usize>,
    /// The most exclamation marks.
    pub max_exclamations: Option<usize>,
    /// No words of four and more letters in capitals throughout, unless all of the text's letters are like that by script.
    #[serde(default)]
    pub no_shouting: bool,
    /// Words and phrases that may not stand in it, whatever their case, accents, white space, hyphens and look-alike letters.
    #[serde(default)]
    pub banned: Vec<String>,
}

/// A persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Its name in inputs, in lower case.
    pub name: String,
    /// Its rules.
    pub rules: PersonaRules,
}

/// A rule that a text breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBroken {
    /// The persona.
    pub persona: String,
    /// The rule, as it stands in the data.
    pub rule: &'static str,
    /// What it allows.
    pub expected: String,
    /// What was found.
    pub got: String,
}

/// The personas that inputs may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personas(BTreeMap<String, PersonaRules>);

/// Personas that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the personas cannot be used: {0}")]
pub struct PersonasError(#[from] Faults);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    personas: BTreeMap<String, PersonaRules>,
}

impl Personas {
    /// The personas of seed 001.
    ///
    /// # Errors
    /// Never with the data as they are; a test holds them to that.
    pub fn seed() -> Result<Self, PersonasError> {
        Self::parse(SEED)
    }

    /// Reads personas from TOML, in the form of `data/personas.toml`.
    ///
    /// # Errors
    /// When the text is not TOML of that form; or with every name that is not in lower case, every banned phrase without words
    /// and every limit that no text keeps.
    pub fn parse(text: &str) -> Result<Self, PersonasError> {
        let document: Document = toml::from_str(text)
            .map_err(|error| Faults::from(Fault::new("", "a document of personas", error.message())))?;
        let mut faults: Vec<_> =
            document.personas.iter().flat_map(|(name, rules)| faults(name, rules)).collect();
        if document.version != 1 {
            faults.push(Fault::new("/version", "1", document.version.to_string()));
        }
        Faults::check(faults)?;
        Ok(Self(document.personas))
    }

    /// These personas and those; of two with one name the other's counts.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The persona of this name, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Persona> {
        let name = name.to_lowercase();
        self.0.get(&name).map(|rules| Persona { name, rules: rules.clone() })
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What is wrong with a persona.
fn faults(name: &str, rules: &PersonaRules) -> Vec<Fault> {
    let place = format!("/personas/{}", name.replace('~', "~0").replace('/', "~1"));
    let mut faults = Vec::new();
    if name.is_empty() || name != name.to_lowercase() {
        faults.push(Fault::new(&*place, "a name in lower case", format!("`{name}`")));
    }
    if rules.max_characters == Some(0) {
        faults.push(Fault::new(format!("{place}/max_characters"), "at least 1", "0"));
    }
    let blank = rules.banned.iter().enumerate().filter(|(_, phrase)| measure::plain(phrase).is_empty());
    faults.extend(blank.map(|(index, phrase)| {
        Fault::new(format!("{place}/banned/{index}"), "a phrase that can be seen", format!("{phrase:?}"))
    }));
    faults
}

impl Persona {
    /// Every rule on words that somebody else's text breaks, which is to be shared: how long it is and how it is made up is
    /// not ours to say.
    #[must_use]
    pub fn broken_by_shared(&self, text: &str) -> Vec<RuleBroken> {
        let words = PersonaRules { banned: self.rules.banned.clone(), ..PersonaRules::default() };
        Self { name: self.name.clone(), rules: words }.broken_by(text)
    }

    /// Every rule that a text breaks.
    #[must_use]
    pub fn broken_by(&self, text: &str) -> Vec<RuleBroken> {
        let rules = &self.rules;
        let broken = |rule, expected: String, got: String| RuleBroken {
            persona: self.name.clone(),
            rule,
            expected,
            got,
        };
        let counted = [
            ("max_characters", rules.max_characters, text.chars().count()),
            ("max_sentences", rules.max_sentences, chimera_text::sentence_count(text)),
            ("max_emoji", rules.max_emoji, chimera_text::emoji_count(text)),
            ("max_exclamations", rules.max_exclamations, measure::exclamations(text)),
        ];
        let over = counted.into_iter().filter_map(|(rule, most, found)| {
            let most = most.filter(|most| found > *most)?;
            Some(broken(rule, format!("at most {most}"), found.to_string()))
        });
        let shouted = rules.no_shouting.then(|| measure::shouted(text)).flatten();
        let shouted = shouted.map(|word| {
            broken("no_shouting", "no words in capitals throughout".to_owned(), format!("`{word}`"))
        });
        let plain = measure::plain(text);
        let banned = rules.banned.iter().filter(|phrase| measure::holds(&plain, &measure::plain(phrase)));
        let banned = banned.map(|phrase| broken("banned", format!("not `{phrase}`"), format!("`{phrase}`")));
        over.chain(shouted).chain(banned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(persona: &str, text: &str) -> Vec<&'static str> {
        let persona = Personas::seed().unwrap().get(persona).unwrap();
        persona.broken_by(text).into_iter().map(|broken| broken.rule).collect()
    }

    #[test]
    fn the_seeds_examples_keep_their_personas() {
        let thanks = "Thanks for the feedback! We're always working to improve. What specific feature would you like to see?";
        let great =
            "Great question! We're planning to release that feature next month. Stay tuned! \u{1f680}";
        for (text, personas) in [
            (thanks, ["professional", "helpful", "concise"]),
            (great, ["helpful", "enthusiastic", "concise"]),
        ] {
            for persona in personas {
                assert_eq!(broken(persona, text), [""; 0], "{persona}");
            }
        }
    }

    #[test]
    fn each_rule_can_be_broken() {
        for (persona, text, expected) in [
            ("professional", "lol, sure", vec!["banned"]),
            ("professional", "Wow!!!", vec!["max_exclamations"]),
            ("professional", "Nice \u{1f600}\u{1f600}", vec!["max_emoji"]),
            ("professional", "This is GREAT news", vec!["no_shouting"]),
            ("concise", &"word ".repeat(41), vec!["max_characters"]),
            ("professional", "Wow\u{203c}\u{203c}\u{203c}", vec!["max_exclamations"]),
            ("professional", "\u{263a}\u{263a}", vec!["max_emoji"]),
            ("professional", "Nice 👍🏽", vec![]),
            ("professional", "Go 🇩🇪", vec![]),
            ("professional", "Well done 👨🏽\u{200d}💻", vec![]),
            ("helpful", "That is not\u{a0}our pr\u{43e}blem.", vec!["banned"]),
            ("concise", "One. Two. Three. Four. Five.", vec!["max_sentences"]),
            ("concise", "One\nTwo\nThree\nFour\nFive\nSix", vec!["max_sentences"]),
            ("authentic", "As an AI, I care", vec!["banned"]),
            ("strategic", "LOL!!!! \u{1f600}", vec![]),
        ] {
            assert_eq!(broken(persona, text), expected, "{persona}: {text}");
        }
    }

    #[test]
    fn a_host_adds_its_own() {
        let own = Personas::parse("version = 1\n[personas.pirate]\nbanned = [\"hello\"]\n").unwrap();
        let both = Personas::seed().unwrap().and(own);
        assert_eq!(both.get("Pirate").unwrap().broken_by("Hello there").len(), 1);
        assert!(both.get("professional").is_some());
        for bad in [
            "version = 2\n[personas]",
            "version = 1\n[personas.Loud]",
            "version = 1\n[personas.x]\nmax_emojis = 1",
        ] {
            assert!(Personas::parse(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn every_fault_is_named() {
        let bad = r#"
            version = 1
            [personas.x]
            banned = ["fine", "", " - ", "\u200b"]
            [personas."A/b"]
            max_characters = 0
            max_emoji = 0
        "#;
        let PersonasError(faults) = Personas::parse(bad).unwrap_err();
        let pointers: Vec<_> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
        let expected = [
            "/personas/A~1b",
            "/personas/A~1b/max_characters",
            "/personas/x/banned/1",
            "/personas/x/banned/2",
            "/personas/x/banned/3",
        ];
        assert_eq!(pointers, expected, "{faults}");
    }

    #[test]
    fn an_own_phrase_is_read_like_the_text() {
        let own = Personas::parse("version = 1\n[personas.x]\nbanned = [\"ain\u{2019}t\"]\n").unwrap();
        for text in ["it ain\u{2019}t so", "it ain't so", "it AIN\u{2018}T so"] {
            assert_eq!(own.get("x").unwrap().broken_by(text).len(), 1, "{text}");
        }
    }
}
