//! What can be done to what, where, and whether it is there: asked before anything is sent (ENG-04, ENG-11).

mod cached;

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::PlatformName;
use chimera_effect::{AccountRef, EffectKind};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

pub use cached::CachedTargets;

use crate::limits::RateLimit;

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A post, a video, a thread.
    Post,
    /// A comment.
    Comment,
    /// An account.
    User,
}

impl TargetKind {
    /// The kind's name in profiles and calls.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::User => "user",
        }
    }
}

/// A target that has not the shape of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct TargetFault {
    /// What was expected, for people.
    pub expected: String,
}

/// A question about a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TargetQuery {
    /// Where.
    pub platform: PlatformName,
    /// In whose account it is looked up.
    pub account: String,
    /// What it is.
    pub kind: TargetKind,
    /// The platform's id of it.
    pub target: String,
}

/// A target as the platform shows it; redacted and shortened. The texts are somebody else's: data, never instructions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetView {
    /// Its words.
    pub text: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
}

/// What came of looking a target up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetFinding {
    /// It is there.
    There(TargetView),
    /// The platform says that it is not there, or not for this account.
    Missing,
    /// The look failed.
    CannotTell {
        /// How, for people; redacted.
        reason: String,
    },
}

/// What can be done to what.
///
/// # Contract
/// - `served`, `check`, `takes_text` and `limit` are constant, cheap and touch nothing outside.
/// - `served` is in the order of [`EffectKind`], each kind once. Where no tool is configured nothing is served, no target has
///   a shape, no words go with anything, nothing is limited, and `look` is `None`.
/// - `check` takes what has the shape of the kind's target, and nothing for a kind that is not served or has no target.
/// - `look` makes nothing public, may be repeated, and answers by the deadline; where that has passed nobody is asked.
/// - `look` says `Missing` only where the platform said so in words that the profile knows; whatever else goes wrong is
///   `CannotTell`.
/// - What `look` tells is redacted and shortened, the words of others and the reasons alike.
/// - Safe to call concurrently.
#[async_trait]
pub trait Targets: Debug + Send + Sync + 'static {
    /// The kinds of effect that are served for an account, publishing among them, in the order of [`EffectKind`].
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind>;

    /// Whether `target` has the shape of what `kind` takes there.
    ///
    /// # Errors
    /// With what was expected.
    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault>;

    /// Whether words can go with it; where they cannot, an effect that has some is refused and nothing is sent.
    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool;

    /// How often the account may do it; `None` where nothing is known.
    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit>;

    /// Looks a target up; `None` where there is no tool for it.
    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding>;
}
