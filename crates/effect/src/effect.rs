//! An effect: one thing that becomes public, as a document of its own with a digest (PUB-21).
//!
//! It is not the input type of a skill, so that an additive field of a contract changes nothing until it changes a post.

use std::sync::Arc;

use chimera_contracts::canonical::CanonicalError;
use chimera_contracts::{CampaignId, Digest, Namespace, PlatformName};
use chimera_governance::Approvable;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The domain of effect digests.
const DOMAIN: &str = "chimera/effect/v1";

/// What kind of thing becomes public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// A post of our own.
    Publish,
    /// An answer to a post or a comment.
    Reply,
    /// A comment on a post.
    Comment,
    /// A like.
    Like,
    /// A follow.
    Follow,
    /// A repost.
    Share,
    /// Taking back a post of the account; its target is the platform's id of that post.
    Undo,
}

impl EffectKind {
    /// The kind's name in evidence and in profiles.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Reply => "reply",
            Self::Comment => "comment",
            Self::Like => "like",
            Self::Follow => "follow",
            Self::Share => "share",
            Self::Undo => "undo",
        }
    }
}

/// Which bytes a medium is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaIdentity {
    /// Exactly these bytes.
    Sha256(Digest),
    /// Whatever the platform pulls from the URL; shown as such to the reviewer, no byte identity is claimed.
    ByReference,
}

/// One medium of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Which bytes it is.
    pub identity: MediaIdentity,
    /// Where it is.
    #[serde(rename = "ref")]
    pub url: String,
}

/// How the disclosure label becomes public (PUB-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisclosurePlacement {
    /// It stands in the text.
    Text,
    /// The platform has a field for it.
    Field,
}

/// The disclosure label of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// The label.
    pub label: String,
    /// Where it stands.
    pub placement: DisclosurePlacement,
}

/// Everything that becomes public by one effect, and when it may. Absent members are omitted from the hashed form.
///
/// The members stand in the order of their names, here and in what they hold, and none of them is a number: written down as it
/// stands the document is canonical (RFC 8785), at a third of the work.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectV1 {
    /// In whose account.
    pub account: String,
    /// The campaign that pays.
    pub campaign: CampaignId,
    /// The disclosure label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<Disclosure>,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// The media, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The tenant.
    pub namespace: Namespace,
    /// Not to happen after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<DateTime<Utc>>,
    /// Not to happen before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// Where.
    pub platform: PlatformName,
    /// What it is about, for kinds that have a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The text as it is sent, hashtags and label included.
    pub text: String,
}

impl EffectV1 {
    /// Whether it sets a state and makes nothing with words: a like, a follow, a share without words, an undo. A share with
    /// words is a post: sharing again makes another.
    #[must_use]
    pub const fn is_state(&self) -> bool {
        match self.kind {
            EffectKind::Like | EffectKind::Follow | EffectKind::Undo => true,
            EffectKind::Share => self.text.is_empty(),
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment => false,
        }
    }
}

/// An effect with its canonical bytes and digest, which nothing can change any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    content: Arc<EffectV1>,
    bytes: Arc<[u8]>,
    digest: Digest,
}

impl Effect {
    /// Fixes the content.
    ///
    /// # Errors
    /// When the content has no canonical form; contract types always have one.
    pub fn new(content: EffectV1) -> Result<Self, CanonicalError> {
        let bytes = canonical_bytes(&content)?;
        let digest = Digest::tagged(DOMAIN, &bytes);
        Ok(Self { content: Arc::new(content), bytes: bytes.into(), digest })
    }

    /// Reads an effect back from its canonical bytes.
    ///
    /// # Errors
    /// When the bytes are not the canonical form of an effect: what is stored was altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let content: EffectV1 =
            serde_json::from_slice(bytes).map_err(|error| CanonicalError::NotJson(error.to_string()))?;
        let effect = Self::new(content)?;
        if *effect.bytes == *bytes {
            Ok(effect)
        } else {
            Err(CanonicalError::NotJson("the bytes are not the canonical form of an effect".to_owned()))
        }
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &EffectV1 {
        &self.content
    }

    /// The canonical bytes that the digest is over.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256("chimera/effect/v1" 0x00 canonical bytes).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// More than the members of an effect without its text take, mostly.
const MEMBERS: usize = 448;

fn canonical_bytes(content: &EffectV1) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::with_capacity(content.text.len().saturating_add(MEMBERS));
    serde_json::to_writer(&mut bytes, content).map_err(|error| CanonicalError::NotJson(error.to_string()))?;
    Ok(bytes)
}

impl Approvable for Effect {
    fn namespace(&self) -> &Namespace {
        &self.content.namespace
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use chimera_contracts::canonical::to_statement;
    use proptest::prelude::*;

    use super::*;

    fn contents() -> impl Strategy<Value = EffectV1> {
        let words = "(\\PC|[\u{0}-\u{1f}\"\\\\/\u{7f}\u{2028}\u{10ffff}]){0,24}";
        let identity = prop_oneof![
            Just(MediaIdentity::ByReference),
            any::<[u8; 32]>().prop_map(|bytes| MediaIdentity::Sha256(Digest::from_bytes(bytes))),
        ];
        let media = (words, identity).prop_map(|(url, identity)| Media { identity, url });
        let placement = prop_oneof![Just(DisclosurePlacement::Text), Just(DisclosurePlacement::Field)];
        let disclosure = (words, placement).prop_map(|(label, placement)| Disclosure { label, placement });
        let time = prop::option::of(
            (0..4_000_000_000_000_000_i64).prop_filter_map("a time", DateTime::from_timestamp_micros),
        );
        let who = (words, words, prop::option::of(words), any::<u128>());
        (who, prop::collection::vec(media, 0..3), prop::option::of(disclosure), time.clone(), time).prop_map(
            |((account, text, target, campaign), media, disclosure, not_before, not_after)| EffectV1 {
                account,
                campaign: CampaignId::from_uuid(chimera_contracts::derive_uuid(
                    "test",
                    &[&campaign.to_be_bytes()],
                )),
                disclosure,
                kind: EffectKind::Reply,
                media,
                namespace: Namespace::default(),
                not_after,
                not_before,
                platform: PlatformName::LinkedIn,
                target,
                text,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_down_is_canonical(content in contents()) {
            let effect = Effect::new(content.clone()).unwrap();
            prop_assert_eq!(effect.bytes(), to_statement(&content).unwrap());
            prop_assert_eq!(Effect::from_bytes(effect.bytes()).unwrap(), effect);
        }
    }
}
