//! What came of an attempt, and what an answer leaves open. Outcomes are no `Result`s: `?` must not drop a verdict.

use chimera_contracts::{ErrorCode, Money};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A post as the platform names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExternalPost {
    /// The platform's id.
    pub id: String,
    /// The public URL, from the answer or the profile's template.
    pub url: Option<String>,
    /// When the platform says that it was published.
    pub published_at: Option<DateTime<Utc>>,
}

/// What the platform said, redacted; kept beside the evidence, never in it.
pub type Said = Option<String>;

/// It is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The post.
    pub post: ExternalPost,
    /// What the platform said.
    pub said: Said,
    /// What it says that the effect cost; `None`: what was held for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

/// How it became known that an effect is public. A direct answer is proof; what a look found may be corrected by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// The answer of a call of this very effect named it.
    #[default]
    Answer,
    /// A look recognised it.
    Look,
    /// A person settled it.
    Person,
}

impl FoundBy {
    /// Whether it is a direct answer, as it is almost always; left out of stored documents.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        *self == Self::Answer
    }

    /// The word in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Look => "look",
            Self::Person => "person",
        }
    }
}

/// It did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code on the wire.
    pub code: ErrorCode,
    /// What was the matter, for people; redacted.
    pub message: String,
    /// When it may be tried again, where the platform said so or its usual limit tells.
    pub retry_at: Option<DateTime<Utc>>,
    /// What the platform said.
    #[serde(skip)]
    pub said: Said,
}

/// It was accepted and is not public yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The id to poll.
    pub pending_id: String,
    /// What the platform said.
    pub said: Said,
}

/// A post that an answer named without settling anything: an id beside an error word, the earlier post of a duplicate. It is
/// looked up first, and is this effect's only if author, kind, target and text agree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Candidate {
    /// The platform's id.
    pub id: String,
    /// Its public URL, where the answer or the profile's template gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the answer refuses a duplicate: what it names may be older than the attempt, so that its own time has to tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_older: bool,
}

/// It may have happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnknownOutcome {
    /// What came and why it settles nothing, or how the answer was lost; for people, redacted.
    pub reason: String,
    /// What the platform said, where it said something that settles nothing.
    pub said: Said,
    /// The post that the answer named.
    pub candidate: Option<Candidate>,
    /// What the answer says if nothing happened: told once a look knows that nothing did.
    pub refusal: Option<Refusal>,
}

impl UnknownOutcome {
    /// An outcome of which only the reason is known.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is public.
    Done(Evidence),
    /// It provably did not happen.
    NotDone(Refusal),
    /// It was accepted for later.
    Accepted(Pending),
    /// It may have happened.
    Unknown(UnknownOutcome),
}
