//! Secrets that are known exactly: what a host gave to a server, taken out of whatever is kept or shown.
//!
//! The first line of defence, before [`redact`](crate::redact) guesses by pattern. A pattern may take an honest id for a
//! credential; an exact secret is one wherever it stands.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::redact;

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// Shorter values (`1`, `true`, `dev`) stand in every text by chance, and keep nobody out.
const SHORTEST: usize = 6;

/// Secrets of one server. `Debug` tells how many there are and nothing else.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// These values; those of fewer than 6 bytes are left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        Self(values.into_iter().filter(|value| value.len() >= SHORTEST).collect())
    }

    /// These and one more.
    #[must_use]
    pub fn and(mut self, value: impl Into<String>) -> Self {
        let value = value.into();
        if value.len() >= SHORTEST {
            self.0.insert(value);
        }
        self
    }

    /// Whether a text contains one of them.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// The text with `[redacted]` in the place of each secret.
    #[must_use]
    pub fn removed_from<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.are_in(text) {
            return Cow::Borrowed(text);
        }
        // The longest first: one that contains another goes whole.
        let mut secrets: Vec<_> = self.0.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Cow::Owned(secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MARK)))
    }

    /// The text without these secrets and then without what looks like a credential: fit to be kept or shown.
    ///
    /// Exact first, because a pattern that takes half of a secret leaves a half that is not known any more.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.removed_from(text) {
            Cow::Borrowed(text) => redact(text),
            Cow::Owned(text) => Cow::Owned(redact(&text).into_owned()),
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_secrets_go() {
        let secrets = Secrets::new(["hunter2".to_owned(), "hunter2-and-more".to_owned(), "true".to_owned()]);
        for (text, expected) in [
            ("a=hunter2&b", "a=[redacted]&b"),
            ("hunter2-and-more hunter2", "[redacted] [redacted]"),
            ("true hunter", "true hunter"),
            ("", ""),
        ] {
            assert_eq!(secrets.removed_from(text), expected);
            assert_eq!(secrets.are_in(text), text != expected);
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
        assert!(!Secrets::default().are_in("anything"));
    }

    #[test]
    fn exact_secrets_go_before_patterns_are_looked_for() {
        let secrets = Secrets::new(["EAAB12&x=3;rest".to_owned()]);
        for (text, expected) in [
            // The pattern alone would stop at `&` and leave the rest.
            ("GET /me?access_token=EAAB12&x=3;rest failed", "GET /me?access_token=[redacted] failed"),
            ("EAAB12&x=3;rest and api_key=other", "[redacted] and api_key=[redacted]"),
            ("api_key=other", "api_key=[redacted]"),
            ("a plain sentence", "a plain sentence"),
        ] {
            assert_eq!(secrets.redact(text), expected);
        }
    }
}
