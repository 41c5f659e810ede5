//! What nobody asks for: approved reviews that somebody has to go on with, and reviews whose time is over.

use chimera_contracts::{ReviewId, StoreError};

use super::{ReviewDesk, step_of};
use crate::review::{Review, ReviewDenial, ReviewMove, ReviewPage, ReviewState, Stepped};

/// How many reviews are read at a time.
const PAGE: usize = 100;

impl ReviewDesk {
    /// What somebody has to go on with: a page of approved reviews that nobody executed, and where the next page begins;
    /// `None` after the last. Reviews that ran out are closed on the way.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsettled(&self, page: ReviewPage) -> Result<(Vec<Review>, Option<ReviewId>), StoreError> {
        let found = self.queue.unsettled(page).await?;
        // A store may give less than was asked for; only an empty page is the end.
        let next = found.last().map(|review| review.id);
        let mut approved = Vec::new();
        for review in found {
            if self.is_due(&review) {
                // One that cannot be closed now does not keep the others waiting.
                if let Err(error) = self.expire(&review).await {
                    tracing::warn!(review = %review.id, %error, "a review whose time is over is left to the next sweep");
                }
            } else if review.state == ReviewState::Approved {
                approved.push(review);
            }
        }
        Ok((approved, next))
    }

    /// Closes at most `limit` reviews whose time is over, of every tenant; how many. Expiry never approves.
    ///
    /// # Errors
    /// When the store fails; what was closed before stays closed.
    pub async fn expire_due(&self, limit: usize) -> Result<usize, StoreError> {
        let (mut closed, mut after) = (0_usize, None);
        loop {
            let found = self.queue.unsettled(ReviewPage { after, limit: PAGE }).await?;
            let Some(last) = found.last() else { return Ok(closed) };
            after = Some(last.id);
            for review in found.iter().filter(|review| self.is_due(review)) {
                if closed >= limit {
                    return Ok(closed);
                }
                closed = closed.saturating_add(usize::from(self.expire(review).await?));
            }
        }
    }

    fn is_due(&self, review: &Review) -> bool {
        let now = self.clock.now();
        review.runs_out_at().is_some_and(|end| end <= now)
    }

    /// Whether it was closed now; not where somebody moved it first.
    async fn expire(&self, review: &Review) -> Result<bool, StoreError> {
        match self.queue.step(step_of(review, ReviewMove::Expire)).await? {
            Stepped::Applied(_) => Ok(true),
            // It ran, and whoever ran it did not come to say so.
            Stepped::Denied(ReviewDenial::Admitted) => {
                self.hand_over(review).await?;
                Ok(false)
            }
            Stepped::Stale(_) | Stepped::Denied(_) | Stepped::Missing => Ok(false),
        }
    }
}
