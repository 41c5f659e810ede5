//! Looking for an earlier attempt: the question, what a look saw, and what it proves.
//!
//! A look proves *there* by an item that is this effect's, and *absent* only when every newcomer of the account is
//! explained over a whole list. Likeness proves neither.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{EffectId, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::effect::{Effect, EffectKind};
use crate::outcome::{Candidate, Evidence};
use crate::platform::Trace;
use crate::record::CallKey;

/// The most items that a report shows; a person who has to read more reads the platform.
pub const SHOWN_ITEMS: usize = 10;

/// A question about an earlier attempt.
#[derive(Clone, Debug)]
pub struct LookUp {
    /// What was to become public.
    pub effect: Effect,
    /// The effect's id in the journal.
    pub effect_id: EffectId,
    /// The key that every attempt carried.
    pub call_key: CallKey,
    /// When the first attempt began that is not settled, of this effect and of those that equal it.
    pub since: DateTime<Utc>,
    /// The last moment at which an attempt of them may still have become public.
    pub until: DateTime<Utc>,
    /// Posts that answers named.
    pub candidates: Vec<Candidate>,
    /// What the latest look that saw anything left in doubt. One of them that a list shows no longer may have been ours.
    pub doubted: Vec<DoubtfulItem>,
    /// How many effects of the account with an equal text, target and kind are unknown: 1 for this one alone.
    pub equals: usize,
    /// The place of this one among them, by the beginning of their attempts, from 0.
    pub place: usize,
    /// Whether another effect of the account is unknown whose post may show the same words: an equal one of another kind, a
    /// longer text that the platform cut off where this one ends or showed without its hashtags, any where this one has none.
    pub has_lookalike: bool,
    /// Whose request it is.
    pub trace: Trace,
}

/// A post of the account that an effect owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedPost {
    /// The platform's id.
    pub external_id: String,
    /// The effect.
    pub effect: EffectId,
    /// Its kind.
    pub kind: EffectKind,
    /// Its target.
    pub target: Option<String>,
    /// Its text as it was sent.
    pub text: String,
    /// When it was known at the latest to be that effect's, by our own clock: the post is no newer.
    pub known_at: DateTime<Utc>,
}

/// Which posts of the look's account belong to effects.
#[async_trait]
pub trait PostOwners: Debug + Send + Sync {
    /// The owners of those of `ids` that have one.
    ///
    /// # Errors
    /// When the store fails.
    async fn owners(&self, ids: &[String]) -> Result<Vec<OwnedPost>, StoreError>;
}

/// An item that a look could not explain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DoubtfulItem {
    /// The platform's id, where the item has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it shows, shortened and redacted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it was made, by the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// Why it is in doubt.
    pub why: String,
}

/// What a look asked, what it saw and what is missing; for the status, and for the person that it may end at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LookReport {
    /// What was asked.
    pub asked: String,
    /// What it saw.
    pub saw: String,
    /// What is missing to settle it; `None` when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The items in doubt, at most [`SHOWN_ITEMS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_doubt: Vec<DoubtfulItem>,
}

/// What one look proves at the moment at which it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is public: this is the post.
    There(Evidence),
    /// It is not public now: the list is whole and every newcomer is explained. Whether it may still appear is a matter of
    /// time, and not the look's to say.
    Absent(LookReport),
    /// The look failed, or saw too little: a later one may see more.
    Open(LookReport),
    /// The look saw all that it can see, and something stands unexplained: a person has to, unless a later look does.
    InDoubt(LookReport),
    /// This platform offers nothing to look with.
    Blind {
        /// Why, for people.
        reason: String,
    },
}

impl LookReport {
    /// A report that only says what is missing.
    #[must_use]
    pub fn missing(asked: impl Into<String>, missing: impl Into<String>) -> Self {
        Self { asked: asked.into(), missing: Some(missing.into()), ..Self::default() }
    }
}
