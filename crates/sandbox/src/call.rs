//! What came of each write call, so that a test can count attempts as well as posts.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{platform::Platform, tools::ToolName};

/// A call of a tool that writes, as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The tool.
    pub tool: ToolName,
    /// The platform; `None` when the arguments did not fit and the tool serves more than one.
    pub platform: Option<Platform>,
    /// What came of it.
    pub outcome: Outcome,
    /// The id of the post, comment or share it created, or for a replay of the one it was answered with.
    pub post_id: Option<String>,
    /// What it was to engage with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The `idempotency_key` argument.
    pub idempotency_key: Option<String>,
    /// The value of a `_meta` entry whose name ends in `/call-key`.
    pub call_meta_key: Option<String>,
    /// When it was handled.
    pub at: DateTime<Utc>,
}

/// What came of a write call. A fault that struck is named after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A post was made and the answer said so.
    Posted,
    /// An engagement was made and the answer said so.
    Engaged,
    /// A like or follow that was there already: answered as the first one, nothing made.
    Again,
    /// Media was stored.
    Uploaded,
    /// A key was known: the first answer again, nothing made.
    Replayed,
    /// The arguments did not fit the schema.
    BadArguments,
    /// Too long, too large, or a checksum that does not match.
    ContentRefused,
    /// The same text again, where the configuration refuses that.
    DuplicateRefused,
    /// A known key with other content.
    KeyConflict,
    /// A media id the platform does not know.
    UnknownMedia,
    /// Nothing of that id to engage with.
    TargetMissing,
    /// Refused for the rate; nothing made.
    RateLimit,
    /// A 5xx; nothing made.
    ServerError,
    /// A 5xx after the work was done.
    ServerErrorAfterPosting,
    /// Never answered; nothing made.
    LostBefore,
    /// Never answered after the work was done.
    LostAfter,
    /// The process ended; nothing made.
    DieBefore,
    /// The process ended after the work was done.
    DieAfter,
    /// An error in a successful envelope; nothing made.
    SoftError,
    /// A 401; nothing made.
    Auth,
    /// A 403 on content policy; nothing made.
    Policy,
    /// Held back: the work is done later, unless the session ends first.
    Slow,
    /// Answered as a draft; nothing made public.
    DraftOnly,
}

impl Outcome {
    /// The label in the record, such as `lost_after`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Engaged => "engaged",
            Self::Again => "again",
            Self::Uploaded => "uploaded",
            Self::Replayed => "replayed",
            Self::BadArguments => "bad_arguments",
            Self::ContentRefused => "content_refused",
            Self::DuplicateRefused => "duplicate_refused",
            Self::KeyConflict => "key_conflict",
            Self::UnknownMedia => "unknown_media",
            Self::TargetMissing => "target_missing",
            Self::RateLimit => "rate_limit",
            Self::ServerError => "server_error",
            Self::ServerErrorAfterPosting => "server_error_after_posting",
            Self::LostBefore => "lost_before",
            Self::LostAfter => "lost_after",
            Self::DieBefore => "die_before",
            Self::DieAfter => "die_after",
            Self::SoftError => "soft_error",
            Self::Auth => "auth",
            Self::Policy => "policy",
            Self::Slow => "slow",
            Self::DraftOnly => "draft_only",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}
