//! What the cases of the review queue have in common: reviewers, and the steps that they take.

use chimera_contracts::Clock as _;
use chimera_governance::Verdict;
use chimera_governance::review::{Edit, Enqueued, NewReview, Review, ReviewMove, ReviewStep, Stepped};
use chrono::TimeDelta;

use super::ports::GivesReviews;
use super::stage::Stage;
use crate::scene::{decision_about, reviewer, sample_review};

/// How long a claim holds.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(5);

/// The two people who review.
pub(super) const ANN: &str = "ann";
pub(super) const BOB: &str = "bob";

pub(super) fn claim(by: &str) -> ReviewMove {
    ReviewMove::Claim { reviewer: reviewer(by), lease: LEASE }
}

pub(super) fn release(by: &str) -> ReviewMove {
    ReviewMove::Release { reviewer: reviewer(by) }
}

pub(super) fn escalate(by: &str) -> ReviewMove {
    ReviewMove::Escalate { reviewer: reviewer(by) }
}

/// What a reviewer made of a review.
pub(super) fn edit(review: &Review) -> Edit {
    let document = format!("{} edited", review.document);
    let subject = chimera_contracts::Digest::of(document.as_bytes());
    Edit { subject, document, diff: "-before +after".to_owned() }
}

impl<P: GivesReviews> Stage<'_, P> {
    pub(super) fn defer(&self, by: &str, span: TimeDelta) -> ReviewMove {
        ReviewMove::Defer { reviewer: reviewer(by), until: self.clock.now() + span }
    }

    pub(super) fn decide(&self, review: &Review, by: &str, verdict: Verdict) -> ReviewMove {
        let edit = (verdict == Verdict::ApproveWithEdit).then(|| edit(review));
        let decision = decision_about(review, &reviewer(by), verdict, edit.as_ref(), self.clock.now());
        ReviewMove::Decide { decision, edit }
    }

    /// Every kind of step that a reviewer may want to take.
    pub(super) fn reviewers_steps(&self, review: &Review, by: &str) -> Vec<ReviewMove> {
        let verdicts = [Verdict::Approve, Verdict::ApproveWithEdit, Verdict::Reject];
        let steps = [claim(by), release(by), escalate(by), self.defer(by, LEASE)];
        steps.into_iter().chain(verdicts.map(|verdict| self.decide(review, by, verdict))).collect()
    }

    pub(super) async fn enqueue(&self, new: &NewReview) -> Enqueued {
        self.stores.reviews().enqueue(new.clone()).await.expect("the queue takes it or says why not")
    }

    /// Queues something, which must be new.
    pub(super) async fn queued_as(&self, new: &NewReview) -> Review {
        match self.enqueue(new).await {
            Enqueued::Fresh(review) => *review,
            other => panic!("expected a fresh review, got {other:?}"),
        }
    }

    /// Queues the sample of this name.
    pub(super) async fn queued(&self, name: &str) -> Review {
        self.queued_as(&sample_review(&self.scene, name)).await
    }

    pub(super) async fn step(&self, review: &Review, to: ReviewMove) -> Stepped {
        self.stores.reviews().step(step_of(review, to)).await.expect("the queue moves it or says why not")
    }

    /// Takes a step, which must be applied.
    pub(super) async fn moved(&self, review: &Review, to: ReviewMove) -> Review {
        let said = format!("{to:?}");
        match self.step(review, to).await {
            Stepped::Applied(review) => *review,
            other => panic!("expected {said} to be applied, got {other:?}"),
        }
    }

    /// A review that `by` claimed and decided about.
    pub(super) async fn decided(&self, name: &str, by: &str, verdict: Verdict) -> Review {
        let claimed = self.moved(&self.queued(name).await, claim(by)).await;
        self.moved(&claimed, self.decide(&claimed, by, verdict)).await
    }

    /// The review as it is stored.
    pub(super) async fn stored(&self, review: &Review) -> Option<Review> {
        let found = self.stores.reviews().review(&review.namespace, review.id).await;
        found.expect("the queue is read")
    }
}

/// The step after what `review` shows.
pub(super) fn step_of(review: &Review, to: ReviewMove) -> ReviewStep {
    ReviewStep { namespace: review.namespace.clone(), id: review.id, version: review.version, to }
}
