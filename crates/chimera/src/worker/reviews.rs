//! The task that hands over approved reviews, page by page: what a limit or a server holds up is passed over and tried
//! again after the last page, and keeps nothing behind it waiting.

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera_contracts::{ReviewId, SkillName, StoreError};
use chimera_governance::review::{Review, ReviewPage};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Worker;
use super::pool::{Ask, Source};
use super::signal::{Bell, Stop};

/// A page, and the review after which the next one begins.
type Page = (Vec<Review>, Option<ReviewId>);

/// The reviews that the worker has to go on with.
#[derive(Debug)]
pub(super) struct ApprovedReviews {
    worker: Arc<Worker>,
    stop: Stop,
    /// Rung when effects became due by a review.
    handed_over: Arc<Bell>,
    /// The last review of the page before; `None` before the first page.
    after: Option<ReviewId>,
    /// A slow one comes round again with the pages, and is not handed over twice at once.
    under_way: BTreeSet<ReviewId>,
}

impl ApprovedReviews {
    pub(super) const fn new(worker: Arc<Worker>, stop: Stop, handed_over: Arc<Bell>) -> Self {
        Self { worker, stop, handed_over, after: None, under_way: BTreeSet::new() }
    }
}

impl Worker {
    pub(super) async fn page_of_reviews(
        &self,
        after: Option<ReviewId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.desk.unsettled(ReviewPage { after, limit }).await
    }

    /// Whether an approved review was handed over; what a limit or a server holds up is left to a later time.
    pub(super) async fn settle(&self, review: &Review) -> bool {
        let (Some(engage), SkillName::Engage) = (&self.engage, review.skill) else {
            // Who executes an approved proposal is not decided here.
            return false;
        };
        let error = engage.settle(review).await.error;
        if let Some(error) = &error {
            tracing::warn!(review = %review.id, code = %error.code, "an approved engagement waits");
        }
        error.is_none()
    }
}

impl Source for ApprovedReviews {
    type Found = Page;
    type Done = (ReviewId, bool);

    fn ask(&mut self, room: usize) -> BoxFuture<'static, Result<Page, StoreError>> {
        let (worker, after) = (Arc::clone(&self.worker), self.after);
        async move { worker.page_of_reviews(after, room).await }.boxed()
    }

    fn begin(&mut self, (approved, next): Page, _: usize) -> (Vec<BoxFuture<'static, Self::Done>>, Ask) {
        self.after = next;
        let mut work = Vec::new();
        for review in approved {
            // They stay approved, for the next worker.
            if self.stop.is_given() {
                break;
            }
            if self.under_way.insert(review.id) {
                let worker = Arc::clone(&self.worker);
                work.push(async move { (review.id, worker.settle(&review).await) }.boxed());
            }
        }
        // Only an empty page is the end.
        (work, if next.is_some() { Ask::WhenFree } else { Ask::AfterPause })
    }

    fn ended(&mut self, (review, handed_over): Self::Done) {
        self.under_way.remove(&review);
        if handed_over {
            self.handed_over.ring();
        }
    }
}
