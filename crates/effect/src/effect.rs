//! An effect: one thing that becomes public, as a document of its own with a digest (PUB-21).
//!
//! It is not the input type of a skill, so that an additive field of a contract changes nothing until it changes a post.

use std::sync::Arc;

use chimera_contracts::canonical::{CanonicalError, to_statement};
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
    /// Where it is.
    #[serde(rename = "ref")]
    pub url: String,
    /// Which bytes it is.
    pub identity: MediaIdentity,
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectV1 {
    /// The tenant.
    pub namespace: Namespace,
    /// The campaign that pays.
    pub campaign: CampaignId,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// Where.
    pub platform: PlatformName,
    /// In whose account.
    pub account: String,
    /// What it is about, for kinds that have a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The text as it is sent, hashtags and label included.
    pub text: String,
    /// The media, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The disclosure label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<Disclosure>,
    /// Not to happen before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// Not to happen after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<DateTime<Utc>>,
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
        let bytes = to_statement(&content)?;
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

impl Approvable for Effect {
    fn namespace(&self) -> &Namespace {
        &self.content.namespace
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}
