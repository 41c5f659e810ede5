//! Identifiers. Each kind is a type of its own, so that one cannot be passed for another.
//!
//! Ids that stand for something already known are *derived* (SHA-256 with a domain tag, shaped as a `UUIDv8`, RFC 9562 §5.8),
//! so that a replay names the same thing by the same id. Only what is new gets a fresh `UUIDv7`.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Digest;
use crate::entropy::{Entropy, EntropyError};

/// Derives a `UUIDv8` from the parts of what it stands for.
///
/// Each part is preceded by its length (eight bytes, big endian), so that no two lists of parts share an encoding.
#[must_use]
pub fn derive_uuid(domain: &str, parts: &[&[u8]]) -> Uuid {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    let digest = Digest::tagged(domain, &bytes);
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(half).into_uuid()
}

/// A fresh `UUIDv7` from a time and ten random bytes.
///
/// # Errors
/// When the source of randomness fails.
pub fn fresh_uuid(now: DateTime<Utc>, entropy: &dyn Entropy) -> Result<Uuid, EntropyError> {
    let mut random = [0; 10];
    entropy.fill(&mut random)?;
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as an id of this kind.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

uuid_id! {
    /// Trace id that the caller gives; in every event, record and tool call (seed 002 §9).
    CorrelationId;
    /// The planner's task behind a request (seed 002 §3).
    TaskId;
    /// The agent in whose name something happens; decides the account (seed 002 §3).
    AgentId;
    /// The campaign that pays and is traced (seed 002 §3).
    CampaignId;
    /// One request: (namespace, skill, caller's key). Derived.
    RequestId;
    /// One effect of a request. Derived from the request and the effect's digest.
    EffectId;
    /// One thing that a person is to decide about. Derived from what it stands for.
    ReviewId;
    /// One decision of a judge or a reviewer.
    DecisionId;
    /// One error, as it was answered and audited (PRO-12). Fresh.
    ErrorId;
    /// One event in the audit ledger. Derived from what it tells.
    EventId;
    /// One opener of a store; what it holds is free when it is gone.
    InstanceId;
}

/// A tenant. Stands in every key, index and event; lower-case letters, digits, `-`, `_`; 1 to 64 of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[a-z0-9_-]{1,64}$"))]
pub struct Namespace(String);

/// The text is not 1 to 64 of `[a-z0-9_-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a namespace: expected 1 to 64 of lower-case letters, digits, `-` and `_`")]
pub struct ParseNamespaceError;

impl Namespace {
    /// The namespace as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Namespace {
    type Error = ParseNamespaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if fits { Ok(Self(text)) } else { Err(ParseNamespaceError) }
    }
}

impl FromStr for Namespace {
    type Err = ParseNamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> Self {
        namespace.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_version_8_and_depend_on_every_part() {
        let id = derive_uuid("test", &[b"a", b"b"]);
        assert_eq!(id.get_version_num(), 8);
        assert_eq!(id, derive_uuid("test", &[b"a", b"b"]));
        for other in [
            derive_uuid("test", &[b"ab"]),
            derive_uuid("test", &[b"a", b"b", b""]),
            derive_uuid("test2", &[b"a", b"b"]),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn namespaces_are_checked() {
        for good in ["default", "a", "tenant-1_x"] {
            assert!(good.parse::<Namespace>().is_ok(), "{good}");
        }
        for bad in ["", "A", "a b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
    }
}
