//! A review: something that a person is to decide about, durable until decided or expired (GOV-01, GOV-03).
//!
//! The rules are pure: [`transition`] says which state follows which, [`enqueue`] and [`step`] what a queue writes and
//! what evidence it leaves. Every queue calls them inside its own transaction, so that no two queues differ.

mod evidence;
mod queue;
mod state;
mod step;

use chimera_contracts::{
    AgentId, CampaignId, Confidence, CorrelationId, Digest, Namespace, RequestId, ReviewId, SkillName,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::decision::{Approver, Decision};

pub use queue::{Enqueued, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep, Stepped};
pub use state::{IllegalReview, ReviewEvent, ReviewState, transition};
pub use step::{Changed, ReviewDenial, ReviewMove, enqueue, step};

/// Something to be decided about, as it is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReview {
    /// Derived from what it stands for, the tenant included, so that asking twice is one review and no two tenants share one.
    pub id: ReviewId,
    /// The tenant.
    pub namespace: Namespace,
    /// The skill that asks.
    pub skill: SkillName,
    /// The request, where there is one.
    pub request: Option<RequestId>,
    /// The trace.
    pub correlation: Option<CorrelationId>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// What a decision is said to be about: an engagement id, a bundle id.
    pub artifact: String,
    /// The digest of what would become public, or of the proposed action.
    pub subject: Digest,
    /// What the reviewer is shown and whoever executes reads back: a JSON document with a version of its own.
    pub document: String,
    /// The principal that asks; it may not decide.
    pub requested_by: String,
    /// The agent that is to act; a decision about it permits effects of this agent alone. `None`: of whoever acts.
    pub agent: Option<AgentId>,
    /// Why a person is asked, as tokens.
    pub reasons: Vec<String>,
    /// The scorer's confidence, where there is one.
    pub confidence: Option<Confidence>,
    /// 0 to 9; higher goes first.
    pub priority: u8,
    /// Only listed, because it was refused: nobody can decide about it any more.
    pub refused: bool,
    /// How long it may wait, by the queue's clock.
    pub within: TimeDelta,
}

/// Who holds a review, and until when nobody else may decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReviewClaim {
    /// Who.
    pub reviewer: Approver,
    /// By the queue's clock.
    pub until: DateTime<Utc>,
}

/// What a reviewer changed: both texts stay (ENG-07).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The digest of what would become public now.
    pub subject: Digest,
    /// The document that replaces the first one.
    pub document: String,
    /// The difference of the texts, as a unified diff.
    pub diff: String,
}

/// One review in a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The version of this document: 1.
    pub v: u32,
    /// Derived from what it stands for.
    pub id: ReviewId,
    /// The tenant.
    pub namespace: Namespace,
    /// The skill that asked.
    pub skill: SkillName,
    /// The request, where there is one.
    pub request: Option<RequestId>,
    /// The trace.
    pub correlation: Option<CorrelationId>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// What a decision is said to be about.
    pub artifact: String,
    /// The digest of what was to become public at first.
    pub subject: Digest,
    /// What was shown at first.
    pub document: String,
    /// The principal that asked.
    pub requested_by: String,
    /// The agent that is to act; the decision about it permits effects of this agent alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Why a person is asked.
    pub reasons: Vec<String>,
    /// The scorer's confidence.
    pub confidence: Option<Confidence>,
    /// 0 to 9; higher goes first.
    pub priority: u8,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it expires; expiry never approves.
    pub expires_at: DateTime<Utc>,
    /// Where it stands.
    pub state: ReviewState,
    /// Raised by every step.
    pub version: u64,
    /// Who holds it.
    pub claim: Option<ReviewClaim>,
    /// Not shown before this, where it was deferred.
    pub deferred_until: Option<DateTime<Utc>>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// What the reviewer changed.
    pub edit: Option<Edit>,
    /// When the latest step was taken.
    pub changed_at: DateTime<Utc>,
}

impl Review {
    /// The document that counts: the edited one, where there is one.
    #[must_use]
    pub fn current_document(&self) -> &str {
        self.edit.as_ref().map_or(&self.document, |edit| &edit.document)
    }

    /// The digest that counts: the edited one, where there is one.
    #[must_use]
    pub fn current_subject(&self) -> Digest {
        self.edit.as_ref().map_or(self.subject, |edit| edit.subject)
    }

    /// When it runs out as it stands: an open review at its own end, an approved one with its approval; `None` when it is
    /// settled, or its approval holds until revoked.
    #[must_use]
    pub fn runs_out_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            state if state.open() => Some(self.expires_at),
            ReviewState::Approved => self.decision.as_ref().and_then(|decision| decision.expires_at),
            _ => None,
        }
    }

    /// Who may decide at `now`: the holder of a claim that still holds; `None` when anybody may claim.
    #[must_use]
    pub fn held_by(&self, now: DateTime<Utc>) -> Option<&Approver> {
        self.claim.as_ref().filter(|claim| claim.until > now).map(|claim| &claim.reviewer)
    }
}
