//! What an event is about: what a reader follows, in one short form that stands in the entry.
//!
//! INVARIANT: a subject holds ids, words and digests, as a [`Statement`](crate::Statement) does. An account is named by its
//! platform and the digest of its name, a proposal by the digest of its id, because both names are free text.

use std::fmt;
use std::str::FromStr;

use chimera_contracts::{Digest, EffectId, PlatformName, RequestId, ReviewId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an event is about.
///
/// In an entry, and wherever it is written: `request:<uuid>`, `effect:<uuid of the request>/<uuid>`, `review:<uuid>`,
/// `proposal:<digest>`, `account:<platform>/<digest>`, `namespace`, `all`; uuids with hyphens, all in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A request as a whole.
    Request(RequestId),
    /// One effect of a request.
    Effect {
        /// The request that it belongs to.
        request: RequestId,
        /// The effect.
        effect: EffectId,
    },
    /// Something that a person is to decide about.
    Review(ReviewId),
    /// A proposal: SHA-256 of its id in UTF-8, as [`Subject::proposal`] makes it.
    Proposal(Digest),
    /// An account on a platform, of all tenants that use it, as [`Subject::account`] makes it.
    Account {
        /// The platform.
        platform: PlatformName,
        /// SHA-256 of the account's name in UTF-8, as in statements.
        account: Digest,
    },
    /// The tenant whose namespace the entry has, and nothing narrower.
    Namespace,
    /// Everything of every tenant.
    All,
}

/// The text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a subject: expected `request:`, `effect:`, `review:`, `proposal:` or `account:` with what is named, `namespace` or `all`"
)]
pub struct ParseSubjectError;

impl Subject {
    /// An account, by its name.
    #[must_use]
    pub fn account(platform: PlatformName, name: &str) -> Self {
        Self::Account { platform, account: Digest::of(name.as_bytes()) }
    }

    /// A proposal, by its id in the words of its answer.
    #[must_use]
    pub fn proposal(id: &str) -> Self {
        Self::Proposal(Digest::of(id.as_bytes()))
    }

    /// What it is a part of: the request of an effect; itself where it is a part of nothing.
    #[must_use]
    pub const fn whole(self) -> Self {
        match self {
            Self::Effect { request, .. } => Self::Request(request),
            whole => whole,
        }
    }

    /// Whether a query for this gives what is told of `other`: of itself and of its parts. A request gives its
    /// effects; `Namespace` and `All` are subjects of their own and give nothing else.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || self == other.whole()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => write!(f, "request:{request}"),
            Self::Effect { request, effect } => write!(f, "effect:{request}/{effect}"),
            Self::Review(review) => write!(f, "review:{review}"),
            Self::Proposal(id) => write!(f, "proposal:{id}"),
            Self::Account { platform, account } => write!(f, "account:{platform}/{account}"),
            Self::Namespace => f.write_str("namespace"),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for Subject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let subject = match text.split_once(':') {
            None if text == "namespace" => Some(Self::Namespace),
            None if text == "all" => Some(Self::All),
            None => None,
            Some(("request", id)) => id.parse().ok().map(Self::Request),
            Some(("review", id)) => id.parse().ok().map(Self::Review),
            Some(("proposal", digest)) => digest.parse().ok().map(Self::Proposal),
            Some(("effect", ids)) => ids.split_once('/').and_then(|(request, effect)| {
                Some(Self::Effect { request: request.parse().ok()?, effect: effect.parse().ok()? })
            }),
            Some(("account", named)) => named.split_once('/').and_then(|(platform, account)| {
                Some(Self::Account { platform: platform.parse().ok()?, account: account.parse().ok()? })
            }),
            Some(_) => None,
        };
        // A UUID is read in several spellings and has one here.
        subject.filter(|subject| subject.to_string() == text).ok_or(ParseSubjectError)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::is_token;
    use uuid::Uuid;

    const ONE: &str = "00000000-0000-0000-0000-00000000000a";
    const TWO: &str = "00000000-0000-0000-0000-00000000000b";

    #[test]
    fn every_subject_has_one_form() {
        let request = RequestId::from_uuid(Uuid::from_u128(10));
        let effect = EffectId::from_uuid(Uuid::from_u128(11));
        let digest = Digest::of(b"@us");
        for (subject, text) in [
            (Subject::Request(request), format!("request:{ONE}")),
            (Subject::Effect { request, effect }, format!("effect:{ONE}/{TWO}")),
            (Subject::Review(ReviewId::from_uuid(Uuid::from_u128(10))), format!("review:{ONE}")),
            (Subject::proposal("@us"), format!("proposal:{digest}")),
            (Subject::account(PlatformName::YouTube, "@us"), format!("account:youtube/{digest}")),
            (Subject::Namespace, "namespace".to_owned()),
            (Subject::All, "all".to_owned()),
        ] {
            assert_eq!(subject.to_string(), text);
            assert_eq!(text.parse(), Ok(subject));
            assert!(is_token(&text), "a leaf holds it: {text}");
            assert_eq!(serde_json::to_string(&subject).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Subject>(&format!("\"{text}\"")).unwrap(), subject);
            assert!(subject.covers(subject));
        }
    }

    #[test]
    fn no_other_form_is_read() {
        let simple = ONE.replace('-', "");
        let digest = Digest::of(b"x").to_string();
        for text in [
            "",
            "request",
            "request:",
            "nobody:x",
            "all:",
            &format!("request:{simple}"),
            &format!("request:{}", ONE.to_ascii_uppercase()),
            &format!("request:{{{ONE}}}"),
            &format!("request:{ONE}/{TWO}"),
            &format!("effect:{ONE}"),
            &format!("effect:{ONE}/{TWO}/"),
            &format!("account:twitter:{digest}"),
            &format!("account:mastodon/{digest}"),
            &format!("account:twitter/{}", digest.to_ascii_uppercase()),
            "account:twitter/@us",
        ] {
            assert_eq!(text.parse::<Subject>(), Err(ParseSubjectError), "{text}");
        }
    }

    #[test]
    fn a_request_covers_its_effects_and_nothing_else_does() {
        let [one, two] = [1, 2].map(|n| RequestId::from_uuid(Uuid::from_u128(n)));
        let effect = Subject::Effect { request: one, effect: EffectId::from_uuid(Uuid::from_u128(3)) };
        assert!(Subject::Request(one).covers(effect));
        for other in [Subject::Request(two), Subject::Namespace, Subject::All] {
            assert!(!other.covers(effect), "{other}");
        }
        assert!(!effect.covers(Subject::Request(one)));
    }
}
