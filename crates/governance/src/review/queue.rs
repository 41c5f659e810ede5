//! The queue as a port.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{CampaignId, Namespace, ReviewId, SkillName, StoreError};
use chrono::{DateTime, Utc};

use super::step::{ReviewDenial, ReviewMove};
use super::{NewReview, Review, ReviewState};

/// What came of queueing a review.
#[derive(Clone, Debug, PartialEq)]
pub enum Enqueued {
    /// Queued now.
    Fresh(Box<Review>),
    /// A review with this id is there and is about the same thing; nothing changed.
    Known(Box<Review>),
    /// A review with this id is there and is about something else; nothing changed.
    Conflict(Box<Review>),
    /// There is no review, and the journal has the request already: nobody has to decide any more. Nothing changed.
    Admitted,
}

/// A step of one review, as a compare-and-set.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewStep {
    /// The tenant.
    pub namespace: Namespace,
    /// The review.
    pub id: ReviewId,
    /// The version that the caller saw.
    pub version: u64,
    /// What happens.
    pub to: ReviewMove,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stepped {
    /// Applied now.
    Applied(Box<Review>),
    /// Somebody else moved the review; nothing changed. This is how it stands.
    Stale(Box<Review>),
    /// It may not be; nothing changed.
    Denied(ReviewDenial),
    /// There is no such review.
    Missing,
}

/// Which reviews to list.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReviewQuery {
    /// Of this tenant.
    pub namespace: Namespace,
    /// Only those in one of these states; all when empty.
    pub states: Vec<ReviewState>,
    /// Only those that this skill asked for.
    pub skill: Option<SkillName>,
    /// Only those of this campaign.
    pub campaign: Option<CampaignId>,
    /// Only what can be decided at this time: what is open ([`ReviewState::open`], also while somebody holds it), is not deferred
    /// beyond this time, and expires after it. `states` narrows that further; without `states` it is everything open, and never
    /// what is settled.
    pub ready_at: Option<DateTime<Utc>>,
}

/// A part of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewPage {
    /// Begin after this review of the listing.
    pub after: Option<ReviewId>,
    /// At most so many.
    pub limit: usize,
}

/// Where reviews wait.
///
/// # Contract
/// - **Atomic.** Each method is one step, with the evidence that [`enqueue`](super::enqueue) and [`step`](super::step) give
///   for it: all of it is recorded or nothing.
/// - **Durable.** What was answered survives a crash of the process and of the machine.
/// - **Once.** For one id exactly one `enqueue` is `Fresh`; another document, subject or artifact under that id is `Conflict`.
/// - **Compare-and-set.** A step is applied only to the version that it names; of two reviewers who decide at once one is
///   `Applied` and the other `Stale`, and learns who was first.
/// - **One claim.** Queue and journal are views of one store: a request that the journal has is queued no more
///   (`Admitted`), and its review takes no step but `Execute`; the journal admits no request whose review stands in the way.
/// - **Time** is the queue's own: claims lapse and reviews expire by it. An open review that has expired takes no step but
///   `Expire`.
/// - `list` is in order of priority, highest first, then of age, oldest first, then of id. Every part of a [`ReviewQuery`] narrows
///   it: `ready_at` lists what is open, not deferred beyond that time and not expired by it, whether `states` are named or not.
/// - `unsettled` gives, for every tenant, reviews that are approved and not executed, and open ones that have expired.
/// - Errors say whether the step may have been applied; asking again tells.
/// - Safe to call concurrently and from several processes.
#[async_trait]
pub trait ReviewQueue: Debug + Send + Sync + 'static {
    /// Queues a review.
    ///
    /// # Errors
    /// When the store fails.
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError>;

    /// Moves a review.
    ///
    /// # Errors
    /// When the store fails.
    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError>;

    /// One review.
    ///
    /// # Errors
    /// When the store fails.
    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError>;

    /// Lists reviews.
    ///
    /// # Errors
    /// When the store fails.
    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError>;

    /// What somebody has to go on with, by id.
    ///
    /// # Errors
    /// When the store fails.
    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError>;
}
