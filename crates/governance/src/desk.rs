//! The desk: what a review tool calls. It turns a reviewer's word into a decision, and a decision into an approval.
//!
//! The decision is written into the queue first, in one step with its evidence, and then recorded with the approval
//! authority. Where the second fails, [`ReviewDesk::settle`] does it again: the review holds the decision.

mod batch;
mod sweep;

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera_contracts::{Clock, Digest, Namespace, ReviewId, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

use crate::approval::{ApprovalStore, Recorded};
use crate::decision::{Approver, ApproverRole, Decision, Verdict};
use crate::review::{
    Edit, Review, ReviewDenial, ReviewMove, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep, Stepped,
};

pub use batch::{Ruled, Ruling};

/// A reviewer's step that did not count.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeskError {
    /// It may not be.
    #[error(transparent)]
    Denied(#[from] ReviewDenial),
    /// Somebody else moved the review in the meantime.
    #[error("somebody else was first: the review is {}", .0.state.as_str())]
    Stale(Box<Review>),
    /// There is no such review.
    #[error("there is no such review")]
    Missing,
    /// The role decides nothing.
    #[error("a {0} decides about no review")]
    Role(ApproverRole),
    /// The approval authority holds another decision under this id.
    #[error("the approval authority holds another decision under the id of this one")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    /// Who was first, where somebody was: who decided, or who holds the review.
    #[must_use]
    pub fn first(&self) -> Option<&Approver> {
        match self {
            Self::Stale(review) => {
                let decided = review.decision.as_ref().map(|decision| &decision.approver);
                decided.or(review.claim.as_ref().map(|claim| &claim.reviewer))
            }
            Self::Denied(ReviewDenial::Held { holder, .. }) => Some(holder),
            _ => None,
        }
    }
}

/// What goes with an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Digests that are approved beside the subject, such as the effects of the bundle behind a proposed action.
    pub also: BTreeSet<Digest>,
    /// How long the approval holds.
    pub holds: TimeDelta,
    /// The version of the spec under which it is decided, where the artifact is a proposal.
    pub spec_version: Option<String>,
}

/// The desk of a review queue. Cloning is cheap and gives the same desk.
#[derive(Clone, Debug)]
pub struct ReviewDesk {
    queue: Arc<dyn ReviewQueue>,
    approvals: Arc<dyn ApprovalStore>,
    clock: Arc<dyn Clock>,
}

impl ReviewDesk {
    /// A desk over these ports.
    #[must_use]
    pub fn new(
        queue: Arc<dyn ReviewQueue>,
        approvals: Arc<dyn ApprovalStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { queue, approvals, clock }
    }

    /// Lists reviews, those first that should be decided first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.queue.list(query, page).await
    }

    /// One review.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Review, DeskError> {
        self.queue.review(namespace, id).await?.ok_or(DeskError::Missing)
    }

    /// Takes a review for so long; the same reviewer may take it again.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn claim(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
        lease: TimeDelta,
    ) -> Result<Review, DeskError> {
        check_role(reviewer)?;
        let review = self.review(namespace, id).await?;
        self.step(&review, ReviewMove::Claim { reviewer: reviewer.clone(), lease }).await
    }

    /// Puts a review back.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn release(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        self.step(&review, ReviewMove::Release { reviewer: reviewer.clone() }).await
    }

    /// Hands a review to someone with more authority.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn escalate(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        self.step(&review, ReviewMove::Escalate { reviewer: reviewer.clone() }).await
    }

    /// Puts a review off.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn defer(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
        until: DateTime<Utc>,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        self.step(&review, ReviewMove::Defer { reviewer: reviewer.clone(), until }).await
    }

    /// Says no.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn reject(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        let decision = self.decision(&review, reviewer, Verdict::Reject, review.subject, None);
        self.decide(&review, decision, None).await
    }

    /// Says yes to exactly what was shown.
    ///
    /// # Errors
    /// When the step did not count. After [`DeskError::Store`] it may have: [`ReviewDesk::review`] tells.
    pub async fn approve(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
        terms: Terms,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        let decision = self.decision(&review, reviewer, Verdict::Approve, review.subject, Some(terms));
        self.decide(&review, decision, None).await
    }

    /// Says yes to what the reviewer made of it, and to nothing else.
    ///
    /// # Errors
    /// When the step did not count. After [`DeskError::Store`] it may have: [`ReviewDesk::review`] tells.
    pub async fn approve_edited(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
        edit: Edit,
        terms: Terms,
    ) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        // What was there before is not approved by an edit, by no other way either (GOV-01).
        if edit.subject != review.subject && terms.also.contains(&review.subject) {
            return Err(ReviewDenial::Unfit("an edit does not approve what was there before").into());
        }
        let decision = self.decision(&review, reviewer, Verdict::ApproveWithEdit, edit.subject, Some(terms));
        self.decide(&review, decision, Some(edit)).await
    }

    /// Cancels a review, for its requester.
    ///
    /// # Errors
    /// When the step did not count.
    pub async fn cancel(&self, namespace: &Namespace, id: ReviewId) -> Result<Review, DeskError> {
        let review = self.review(namespace, id).await?;
        self.step(&review, ReviewMove::Cancel).await
    }

    /// Records the decision of a review with the approval authority; again where that was done before. Nothing for a review
    /// without one.
    ///
    /// # Errors
    /// When the store fails, or holds another decision under this id.
    pub async fn settle(&self, review: &Review) -> Result<(), DeskError> {
        let Some(decision) = &review.decision else { return Ok(()) };
        match self.approvals.record(decision.clone()).await? {
            Recorded::New | Recorded::Already => Ok(()),
            Recorded::Conflict => Err(DeskError::Conflict),
        }
    }

    /// Notes that what follows from an approval stands in the journal. A review that somebody else noted it of stays as it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hand_over(&self, review: &Review) -> Result<(), StoreError> {
        self.queue.step(step_of(review, ReviewMove::Execute)).await.map(|_| ())
    }

    /// Writes the decision into the queue, then records it with the approval authority.
    async fn decide(
        &self,
        review: &Review,
        decision: Decision,
        edit: Option<Edit>,
    ) -> Result<Review, DeskError> {
        check_role(&decision.approver)?;
        let decided = self.step(review, ReviewMove::Decide { decision, edit }).await?;
        self.settle(&decided).await?;
        Ok(decided)
    }

    async fn step(&self, review: &Review, to: ReviewMove) -> Result<Review, DeskError> {
        match self.queue.step(step_of(review, to)).await? {
            Stepped::Applied(review) => Ok(*review),
            Stepped::Stale(review) => Err(DeskError::Stale(review)),
            Stepped::Denied(denial) => Err(denial.into()),
            Stepped::Missing => Err(DeskError::Missing),
        }
    }

    /// The decision of a reviewer about a review as it stands: the same step has the same id.
    fn decision(
        &self,
        review: &Review,
        reviewer: &Approver,
        verdict: Verdict,
        subject: Digest,
        terms: Option<Terms>,
    ) -> Decision {
        let now = self.clock.now();
        let (also, holds, spec_version) = match terms {
            Some(Terms { also, holds, spec_version }) => (also, Some(holds), spec_version),
            None => (BTreeSet::new(), None, None),
        };
        Decision {
            id: review.decision_id(),
            namespace: review.namespace.clone(),
            artifact: review.artifact.clone(),
            verdict,
            approver: reviewer.clone(),
            requested_by: Some(review.requested_by.clone()),
            agent: review.agent,
            decided_at: now,
            // An end that no calendar has is no end that never comes: such an approval holds for nothing.
            expires_at: holds.map(|holds| now.checked_add_signed(holds).unwrap_or(now)),
            revoked_at: None,
            effects: also.into_iter().chain([subject]).collect(),
            confidence: review.confidence,
            spec_version,
            takes_back: false,
        }
    }
}

fn step_of(review: &Review, to: ReviewMove) -> ReviewStep {
    ReviewStep { namespace: review.namespace.clone(), id: review.id, version: review.version, to }
}

/// Who may decide: a person or an authenticated judge. A policy decided already that it does not (GOV-07).
const fn check_role(reviewer: &Approver) -> Result<(), DeskError> {
    match reviewer.role {
        ApproverRole::HitlReviewer | ApproverRole::Judge => Ok(()),
        ApproverRole::Policy => Err(DeskError::Role(reviewer.role)),
    }
}
