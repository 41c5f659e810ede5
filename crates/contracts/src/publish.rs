//! `skill_publish_content` (seed 002): what it takes and what it answers.
//!
//! Inputs refuse unknown members at every level; outputs may gain members, so a reader must ignore those it does not know.
//! An input without an approval record is well-formed on purpose: the skill answers it with `NO_APPROVAL_RECORD`
//! (PUB-03), which says more than a `VALIDATION_ERROR` would.

mod rules;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::confidence::Confidence;
use crate::error::ErrorCode;
use crate::fault::Fault;
use crate::id::{AgentId, CampaignId, CorrelationId, DecisionId, EventId, TaskId};
use crate::platform::PlatformName;
use crate::skill::{RetryAfter, SkillOutput};

/// The contract id on the wire (seed 002, head).
pub const CONTRACT_ID: &str = "skill_publish_content";

/// The version of the contract (seed 002, document control).
pub const CONTRACT_VERSION: &str = "1.0.0";

// Bounds of an input. They keep a mistake or an attack from being stored and hashed; what a platform takes is far less.
const MAX_PLATFORMS: usize = 16;
const MAX_KEY: usize = 255;
const MAX_BUNDLE_ID: usize = 200;
const MAX_TEXT: usize = 100_000;
const MAX_DISCLOSURE: usize = 2_000;
const MAX_LIST: usize = 100;
const MAX_MEDIA_REF: usize = 4_096;
const MAX_HASHTAG: usize = 500;
const MAX_ATTESTATION: usize = 65_536;

/// What to publish, where, for whom (seed 002 §3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishInput {
    /// Trace id; in every event, record and tool call.
    pub correlation_id: CorrelationId,
    /// The planner's task behind this request.
    pub task_id: TaskId,
    /// The agent that publishes; decides the account.
    pub agent_id: AgentId,
    /// The campaign that pays.
    pub campaign_id: CampaignId,
    /// The approved content, one variant for each target platform.
    pub content_bundle: ContentBundle,
    /// Where to publish: at least one platform, each once, each with a variant in the bundle.
    #[schemars(length(min = 1, max = MAX_PLATFORMS))]
    pub target_platforms: Vec<PlatformName>,
    /// The caller's key: the same key never posts twice. 1 to 255 characters, none of them a control character.
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub idempotency_key: String,
    /// Whether platforms are served one after the other or at once.
    #[serde(default)]
    pub publish_strategy: PublishStrategy,
    /// Whether some platforms may succeed while others fail; otherwise what was posted is taken back where possible.
    #[serde(default = "yes")]
    pub partial_success_allowed: bool,
    /// When to publish; now when absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_time: Option<DateTime<Utc>>,
    /// Go through every check and post nothing.
    #[serde(default)]
    pub dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// Content for one or more platforms with the claim that it was approved (seed 002 §3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentBundle {
    /// The bundle's identifier, opaque: the seed's own example is no plain UUID (PUB-01). 1 to 200 characters.
    #[schemars(length(min = 1, max = MAX_BUNDLE_ID))]
    pub bundle_id: String,
    /// The content, at most one variant for a platform.
    #[schemars(length(max = MAX_PLATFORMS))]
    pub variants: Vec<ContentVariant>,
    /// Who approved the content. A claim, never proof: it is checked against the approval authority (PUB-03).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_record: Option<ApprovalRecord>,
}

/// The content as it is meant for one platform (seed 002 §3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentVariant {
    /// The platform that this content is for.
    pub platform: PlatformName,
    /// The text, without hashtags and disclosure label. The platform's own limit is far below this bound.
    #[schemars(length(max = MAX_TEXT))]
    pub text_content: String,
    /// Where the media lie: URLs, in the order in which they are shown.
    #[serde(default)]
    #[schemars(length(max = MAX_LIST), inner(length(min = 1, max = MAX_MEDIA_REF)))]
    pub media_refs: Vec<String>,
    /// Hashtags, with or without the leading `#`.
    #[serde(default)]
    #[schemars(length(max = MAX_LIST), inner(length(min = 1, max = MAX_HASHTAG)))]
    pub hashtags: Vec<String>,
    /// What tells the audience that the content is generated (seed 002 §6, constraint 4).
    #[schemars(length(max = MAX_DISCLOSURE))]
    pub disclosure_label: String,
}

/// The claim that a bundle was approved (seed 002 §3, PUB-03).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRecord {
    /// In which role it was approved.
    pub approved_by: ApprovedBy,
    /// When it was approved.
    pub approved_at: DateTime<Utc>,
    /// The judge's confidence; kept as evidence and not judged a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<Confidence>,
    /// The decision, where the caller knows its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<DecisionId>,
    /// A signed decision, for approvals made where the store cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_ATTESTATION))]
    pub attestation: Option<String>,
}

/// Who can approve a bundle (seed 002 §6, precondition 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedBy {
    /// The judge.
    Judge,
    /// A human reviewer.
    HitlReviewer,
}

impl ApprovedBy {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Judge => "judge",
            Self::HitlReviewer => "hitl_reviewer",
        }
    }
}

/// In which order platforms are served (seed 002 §3).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PublishStrategy {
    /// One platform after the other, in the order of `target_platforms`.
    #[default]
    Sequential,
    /// All platforms at once.
    Parallel,
}

impl PublishStrategy {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Parallel => "parallel",
        }
    }
}

/// What became of a request (seed 002 §4); also the error shape, with `status: "failure"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishOutput {
    /// What became of the whole (PUB-25).
    pub status: PublishStatus,
    /// What became of it on each platform, in the order of `target_platforms`; empty when nothing was looked at.
    #[serde(default)]
    pub publications: Vec<PublicationResult>,
    /// Counts and times; absent when the input was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PublishMetadata>,
    /// The worst code of all platforms: unknown, then credentials, then terminal, then retryable (PUB-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    /// The error in words, with the next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Whether asking again with the same key may succeed and cannot post twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_eligible: Option<bool>,
    /// With `VALIDATION_ERROR`: everything that is wrong with the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<Fault>>,
}

impl PublishOutput {
    /// A refusal before any platform was looked at; `retry_eligible` as the code says.
    #[must_use]
    pub fn refusal(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: PublishStatus::Failure,
            publications: Vec::new(),
            metadata: None,
            error_code: Some(code),
            error_message: Some(message.into()),
            retry_eligible: Some(code.retryable()),
            faults: None,
        }
    }
}

impl SkillOutput for PublishOutput {
    fn is_error(&self) -> bool {
        self.status == PublishStatus::Failure
    }

    fn code(&self) -> Option<ErrorCode> {
        self.error_code
    }

    fn retryable(&self) -> bool {
        self.retry_eligible == Some(true)
    }

    /// The earliest time at which a platform may be asked again.
    fn retry_after(&self) -> Option<RetryAfter> {
        let eligible = self.publications.iter().filter(|result| result.retry_eligible == Some(true));
        // `None` sorts first: a platform that names no time may be asked at once.
        let earliest = eligible.map(|result| result.next_attempt_at).min().flatten();
        earliest.filter(|_| self.retryable()).map(RetryAfter::At)
    }
}

/// What became of a whole request (seed 002 §4; the last three are additive, PUB-25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishStatus {
    /// Published everywhere, or a dry run without fault.
    Success,
    /// Published on some platforms, and that is allowed.
    PartialSuccess,
    /// Not published, or taken back where that was possible.
    Failure,
    /// On some platform it may have been published; ask for the status with the same key.
    Unknown,
    /// Not finished; ask again with the same key.
    Processing,
    /// Accepted for `schedule_time`.
    Scheduled,
}

impl PublishStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::PartialSuccess => "partial_success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
            Self::Processing => "processing",
            Self::Scheduled => "scheduled",
        }
    }
}

/// What became of a request on one platform (seed 002 §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationResult {
    /// The platform.
    pub platform: PlatformName,
    /// What became of it there.
    pub status: PublicationStatus,
    /// The platform's id of the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The post's public URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_url: Option<String>,
    /// When the post went live: the platform's time where it gives one, else ours (PUB-25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// Why it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Whether asking again with the same key may succeed and cannot post twice (seed 002 §7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_eligible: Option<bool>,
    /// When we try again by ourselves, where policy lets us (PUB-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The decision that allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<PublicationApproval>,
    /// The audit event that tells this outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
}

impl PublicationResult {
    /// A result with nothing but its status.
    #[must_use]
    pub const fn new(platform: PlatformName, status: PublicationStatus) -> Self {
        Self {
            platform,
            status,
            external_id: None,
            external_url: None,
            published_at: None,
            error_code: None,
            error_message: None,
            retry_eligible: None,
            next_attempt_at: None,
            approval: None,
            event_id: None,
        }
    }
}

/// What became of a request on one platform (seed 002 §4; from `unknown` on additive, PUB-25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicationStatus {
    /// It is public.
    Published,
    /// It is not public; `error_code` tells why.
    Failed,
    /// Not attempted: a dry run, or another platform failed first.
    Skipped,
    /// It may be public.
    Unknown,
    /// Under way.
    Processing,
    /// Waiting for its time.
    Scheduled,
    /// Stopped until a person lets it go on.
    Held,
    /// It was public and has been taken back.
    RolledBack,
}

impl PublicationStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Processing => "processing",
            Self::Scheduled => "scheduled",
            Self::Held => "held",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// The decision that allowed a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PublicationApproval {
    /// The decision.
    pub decision_id: DecisionId,
    /// In which role it was made.
    pub approved_by: ApprovedBy,
    /// Whether a machine or a human made it.
    pub approval_type: ApprovalType,
}

/// Whether a machine or a human decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalType {
    /// The judge, by itself.
    Auto,
    /// A human in the loop.
    Hitl,
}

/// Counts and times of one request (seed 002 §4). The counts that are given, with what was skipped, make up the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishMetadata {
    /// The caller's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// How many platforms were asked for.
    pub total_platforms: u32,
    /// On how many it is published.
    pub successful_platforms: u32,
    /// On how many it failed.
    pub failed_platforms: u32,
    /// On how many it may be published (additive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_platforms: Option<u32>,
    /// On how many it is not finished (additive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_platforms: Option<u32>,
    /// How long the call took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_duration_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(second, 0)
    }

    fn result(retry_eligible: bool, next_attempt_at: Option<DateTime<Utc>>) -> PublicationResult {
        let base = PublicationResult::new(PlatformName::Twitter, PublicationStatus::Failed);
        PublicationResult { retry_eligible: Some(retry_eligible), next_attempt_at, ..base }
    }

    #[test]
    fn the_earliest_platform_says_when_to_ask_again() {
        for (results, after) in [
            (vec![], None),
            (vec![result(true, at(9)), result(true, at(5))], at(5)),
            // One may be asked at once.
            (vec![result(true, at(9)), result(true, None)], None),
            // What is looked up by itself is no reason to wait.
            (vec![result(true, at(9)), result(false, at(5))], at(9)),
        ] {
            let code = ErrorCode::PlatformTransientError;
            let answer = PublishOutput { publications: results, ..PublishOutput::refusal(code, "later") };
            assert_eq!((answer.code(), answer.retryable()), (Some(code), true));
            assert_eq!(answer.retry_after(), after.map(RetryAfter::At), "{answer:?}");
            let never = PublishOutput { retry_eligible: Some(false), ..answer };
            assert_eq!((never.retryable(), never.retry_after()), (false, None));
        }
    }
}
