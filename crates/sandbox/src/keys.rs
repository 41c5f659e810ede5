//! Which platforms honour `idempotency_key`.
//!
//! All of them unless told otherwise: the seeds demand it of their tools, and the profile that comes with them takes them at
//! their word. A stand-in that kept the word less well than the tools that it stands in for would post twice after a lost
//! answer, and nothing in its tools would tell.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
};

use crate::{error::SandboxError, platform::Platform};

/// What the platforms do with a key that they have seen before. In JSON `"enforced"`, `"advisory"` or a list of platforms; on
/// the command line the same words, or names with commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Keys {
    /// Every platform answers the same content as the first time and refuses other content.
    #[default]
    Enforced,
    /// No platform does: a key is noted and the call acts a second time, as on most servers.
    Advisory,
    /// These platforms honour keys, the others note them.
    EnforcedOn(BTreeSet<Platform>),
}

impl Keys {
    /// These platforms alone.
    pub fn enforced_on(platforms: impl IntoIterator<Item = Platform>) -> Self {
        Self::EnforcedOn(platforms.into_iter().collect())
    }

    /// Whether this platform honours them.
    #[must_use]
    pub fn honoured_on(&self, platform: Platform) -> bool {
        match self {
            Self::Enforced => true,
            Self::Advisory => false,
            Self::EnforcedOn(platforms) => platforms.contains(&platform),
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word {
            "enforced" => Some(Self::Enforced),
            "advisory" => Some(Self::Advisory),
            _ => None,
        }
    }
}

impl FromStr for Keys {
    type Err = SandboxError;

    fn from_str(text: &str) -> Result<Self, SandboxError> {
        if let Some(keys) = Self::of_word(text) {
            return Ok(keys);
        }
        let named = text.split(',').map(|name| {
            let unknown = || SandboxError::config(format!("`{name}` is neither {WORDS} nor a platform"));
            Platform::from_name(name).ok_or_else(unknown)
        });
        named.collect::<Result<_, _>>().map(Self::EnforcedOn)
    }
}

/// The words, for messages.
const WORDS: &str = "`enforced` nor `advisory`";

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Enforced => serializer.serialize_str("enforced"),
            Self::Advisory => serializer.serialize_str("advisory"),
            Self::EnforcedOn(platforms) => platforms.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrPlatforms)
    }
}

struct WordOrPlatforms;

impl<'de> Visitor<'de> for WordOrPlatforms {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`enforced`, `advisory` or a list of platforms")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Keys, E> {
        Keys::of_word(word).ok_or_else(|| E::custom(format!("`keys` is neither {WORDS}, but `{word}`")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Keys, A::Error> {
        let mut platforms = BTreeSet::new();
        while let Some(platform) = names.next_element::<Platform>()? {
            if !platforms.insert(platform) {
                return Err(A::Error::custom(format!("`{}` is named twice", platform.name())));
            }
        }
        Ok(Keys::EnforcedOn(platforms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, option: Option<&str>, expected: &Keys) {
        let read: Keys = serde_json::from_str(json).expect("it reads");
        assert_eq!(read, *expected, "{json}");
        assert_eq!(serde_json::to_string(&read).ok().as_deref(), Some(json));
        if let Some(option) = option {
            assert_eq!(option.parse::<Keys>().ok().as_ref(), Some(expected), "{option}");
        }
    }

    #[test]
    fn words_and_platforms_are_read_and_written() {
        check(r#""enforced""#, Some("enforced"), &Keys::Enforced);
        check(r#""advisory""#, Some("advisory"), &Keys::Advisory);
        check(r#"["linkedin"]"#, Some("linkedin"), &Keys::enforced_on([Platform::LinkedIn]));
        let two = Keys::enforced_on([Platform::Threads, Platform::Twitter]);
        check(r#"["twitter","threads"]"#, Some("threads,twitter"), &two);
        check("[]", None, &Keys::enforced_on([]));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [r#""enforce""#, r#"["x"]"#, r#"["twitter","twitter"]"#, "true", "null", "{}"] {
            assert!(serde_json::from_str::<Keys>(text).is_err(), "{text}");
        }
        for text in ["", "enforce", "twitter,", "advisory,twitter", "Twitter"] {
            assert!(text.parse::<Keys>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_is_what_the_seeds_demand() {
        let honoured = |keys: &Keys| Platform::ALL.into_iter().filter(|at| keys.honoured_on(*at)).count();
        assert_eq!(honoured(&Keys::default()), Platform::ALL.len());
        assert_eq!(honoured(&Keys::Advisory), 0);
        assert_eq!(honoured(&Keys::enforced_on([Platform::TikTok])), 1);
    }
}
