//! What an event says: ids, words, bounded integers, times and digests, and nothing else.
//!
//! INVARIANT: free text has no way into a [`Statement`]. The log is kept for ever and is given to strangers, so what
//! must be erasable (content, names, what a platform said) may not stand in it; it goes into an
//! [`Attachment`](crate::Attachment), and the statement holds its digest at most. The types keep this, not a review:
//! an [`Atom`] has no variant for text, and a [`Token`] has no space in its alphabet.
//!
//! Names and words written in the program are `&'static str`: such text cannot carry a person's data, so it is cleaned
//! (a character outside the alphabet becomes `_`) instead of refused, which keeps the builder free of errors.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chimera_contracts::Digest;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The longest token, in bytes.
const MAX_TOKEN: usize = 128;

/// The largest integer that every JSON reader holds exactly, 2^53 - 1 (RFC 7493 §2.2).
const MAX_INTEGER: i64 = (1 << 53) - 1;

/// A short machine word: 1 to 128 of `[A-Za-z0-9_.:/+-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(Cow<'static, str>);

/// The text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token: expected 1 to 128 of letters, digits and `_.:/+-`")]
pub struct TokenError;

impl Token {
    /// Takes text that came from outside.
    ///
    /// # Errors
    /// When the text is empty, longer than 128 bytes, or holds another character.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if is_token(text) { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(TokenError) }
    }

    /// Takes text written in the program, without copying it.
    ///
    /// # Errors
    /// As [`Token::parse`]. [`Token::word`] cleans instead of refusing.
    pub fn from_static(text: &'static str) -> Result<Self, TokenError> {
        if is_token(text) { Ok(Self(Cow::Borrowed(text))) } else { Err(TokenError) }
    }

    /// Takes text written in the program; what is outside the alphabet becomes `_`, what is too long is cut.
    #[must_use]
    pub fn word(text: &'static str) -> Self {
        Self(cleaned(text))
    }

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An integer within ±(2^53 - 1), the range in which canonical JSON is exact (RFC 8785 §3.2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i64);

/// The integer lies beyond ±(2^53 - 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an integer beyond 2^53 - 1 cannot stand in a statement: `{0}`")]
pub struct IntegerError(pub i64);

impl Integer {
    /// The value.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Takes a count or an amount; what lies beyond 2^53 - 1 is recorded as 2^53 - 1.
    #[must_use]
    pub fn saturating(value: u64) -> Self {
        Self(i64::try_from(value).unwrap_or(MAX_INTEGER).min(MAX_INTEGER))
    }
}

impl From<u32> for Integer {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl From<i32> for Integer {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl TryFrom<i64> for Integer {
    type Error = IntegerError;

    fn try_from(value: i64) -> Result<Self, Self::Error> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&value) { Ok(Self(value)) } else { Err(IntegerError(value)) }
    }
}

/// One value in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// An id, printed with hyphens in lower case.
    Id(Uuid),
    /// A machine word.
    Token(Token),
    /// A bounded integer.
    Integer(Integer),
    /// A time, printed in UTC with microseconds (`2026-01-02T03:04:05.000006Z`); what is finer is cut off.
    Time(DateTime<Utc>),
    /// A digest, printed as 64 lower-case hex digits.
    Digest(Digest),
    /// A list of values, in order; lists lie at most eight deep.
    List(Vec<Atom>),
}

impl Atom {
    /// A word known when the program was written, such as the name of an enum's variant; cleaned as [`Token::word`].
    #[must_use]
    pub fn word(text: &'static str) -> Self {
        Self::Token(Token::word(text))
    }

    /// How many lists lie within each other.
    fn depth(&self) -> usize {
        match self {
            Self::List(atoms) => 1 + atoms.iter().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl From<Token> for Atom {
    fn from(token: Token) -> Self {
        Self::Token(token)
    }
}

impl From<Digest> for Atom {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl From<Uuid> for Atom {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl Serialize for Atom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => serializer.collect_str(&id.as_hyphenated()),
            Self::Token(token) => serializer.serialize_str(token.as_str()),
            Self::Integer(integer) => serializer.serialize_i64(integer.get()),
            Self::Time(time) => serializer.serialize_str(&print_time(*time)),
            Self::Digest(digest) => serializer.collect_str(digest),
            Self::List(atoms) => serializer.collect_seq(atoms),
        }
    }
}

/// What one event says, as named values. A name given twice keeps the later value.
///
/// ```
/// use chimera_audit::Statement;
///
/// let statement = Statement::new().word("status", "published").integer("attempt", 1_u32);
/// assert_eq!(statement.get("status"), Some(&chimera_audit::Atom::word("published")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement(BTreeMap<Cow<'static, str>, Atom>);

impl Statement {
    /// A statement that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value of any kind.
    #[must_use]
    pub fn atom(mut self, name: &'static str, atom: impl Into<Atom>) -> Self {
        self.0.insert(cleaned(name), atom.into());
        self
    }

    /// Adds an id.
    #[must_use]
    pub fn id(self, name: &'static str, id: Uuid) -> Self {
        self.atom(name, Atom::Id(id))
    }

    /// Adds a machine word that came from outside.
    #[must_use]
    pub fn token(self, name: &'static str, token: &Token) -> Self {
        self.atom(name, Atom::Token(token.clone()))
    }

    /// Adds a word known when the program was written; cleaned as [`Token::word`].
    #[must_use]
    pub fn word(self, name: &'static str, word: &'static str) -> Self {
        self.atom(name, Atom::word(word))
    }

    /// Adds a small integer; larger ones come as `Integer::try_from(i64)` or [`Integer::saturating`].
    #[must_use]
    pub fn integer(self, name: &'static str, integer: impl Into<Integer>) -> Self {
        self.atom(name, Atom::Integer(integer.into()))
    }

    /// Adds an amount in millionths; what lies beyond 2^53 - 1 is recorded as 2^53 - 1.
    #[must_use]
    pub fn micros(self, name: &'static str, micros: u64) -> Self {
        self.atom(name, Atom::Integer(Integer::saturating(micros)))
    }

    /// Adds a time.
    #[must_use]
    pub fn time(self, name: &'static str, time: DateTime<Utc>) -> Self {
        self.atom(name, Atom::Time(time))
    }

    /// Adds a digest.
    #[must_use]
    pub fn digest(self, name: &'static str, digest: Digest) -> Self {
        self.atom(name, Atom::Digest(digest))
    }

    /// Adds a list.
    #[must_use]
    pub fn list(self, name: &'static str, atoms: Vec<Atom>) -> Self {
        self.atom(name, Atom::List(atoms))
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Atom> {
        self.0.get(name)
    }

    /// How many lists lie within each other at most.
    pub(crate) fn depth(&self) -> usize {
        self.0.values().map(Atom::depth).max().unwrap_or(0)
    }

    /// All values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Atom)> {
        self.0.iter().map(|(name, atom)| (name.as_ref(), atom))
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}

/// RFC 3339 in UTC with microseconds: one width for every time up to the year 9999, so that times sort as text.
pub(crate) fn print_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Whether text is a token.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN).contains(&text.len()) && text.chars().all(is_token_char)
}

/// The program's own text, made a token.
pub(crate) fn cleaned(text: &'static str) -> Cow<'static, str> {
    if is_token(text) {
        return Cow::Borrowed(text);
    }
    let clean: String =
        text.chars().take(MAX_TOKEN).map(|letter| if is_token_char(letter) { letter } else { '_' }).collect();
    if clean.is_empty() { Cow::Borrowed("_") } else { Cow::Owned(clean) }
}

const fn is_token_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | ':' | '/' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use chimera_contracts::canonical::to_statement;

    #[test]
    fn tokens_hold_no_prose() {
        for good in ["a", "mastodon", "skill.publish:v1/x+y-z_0", &"a".repeat(128)] {
            assert_eq!(Token::parse(good).map(|token| token.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "two words", "ümlaut", "a@b.example", "\"", "a\n", &"a".repeat(129)] {
            assert_eq!(Token::parse(bad), Err(TokenError), "{bad}");
        }
        assert_eq!(Token::from_static("two words"), Err(TokenError));
    }

    #[test]
    fn static_words_are_cleaned() {
        for (text, expected) in [("ok", "ok"), ("not ok", "not_ok"), ("é", "_"), ("", "_")] {
            assert_eq!(Token::word(text).as_str(), expected);
        }
    }

    #[test]
    fn integers_stay_exact() {
        assert_eq!(Integer::saturating(u64::MAX).get(), MAX_INTEGER);
        assert_eq!(Integer::saturating(7).get(), 7);
        assert_eq!(Integer::try_from(-MAX_INTEGER).map(Integer::get), Ok(-MAX_INTEGER));
        assert!(Integer::try_from(MAX_INTEGER + 1).is_err());
        assert!(Integer::try_from(i64::MIN).is_err());
    }

    #[test]
    fn canonical_bytes_show_every_kind() {
        let statement = Statement::new()
            .id("task_id", Uuid::nil())
            .token("platform", &Token::parse("mastodon").unwrap())
            .word("status", "published")
            .integer("attempt", 2_u32)
            .integer("delta", -3_i32)
            .micros("cost", u64::MAX)
            .time("at", DateTime::from_timestamp(0, 1_999).unwrap())
            .digest("content", Digest::from_bytes([0xab; 32]))
            .list("platforms", vec![Atom::word("a"), Atom::word("b")]);
        let expected = format!(
            "{{\"at\":\"1970-01-01T00:00:00.000001Z\",\"attempt\":2,\"content\":\"{}\",\"cost\":9007199254740991,\
             \"delta\":-3,\"platform\":\"mastodon\",\"platforms\":[\"a\",\"b\"],\"status\":\"published\",\
             \"task_id\":\"00000000-0000-0000-0000-000000000000\"}}",
            "ab".repeat(32)
        );
        assert_eq!(String::from_utf8(to_statement(&statement).unwrap()).unwrap(), expected);
    }
}
