//! Cancelling what was not attempted yet (ERR-03).

use chimera_contracts::{Namespace, StoreError};
use chimera_effect::{Cancelled, EffectQuery, Page};
use chimera_governance::review::{ReviewMove, ReviewStep, Stepped};

use crate::ask::{request_of, review_id};
use crate::judge::ENGAGEMENTS;
use crate::skill::EngageSkill;

impl EngageSkill {
    /// Cancels an engagement: one that waits for a person, or one that is admitted and was not attempted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cancel(&self, namespace: &Namespace, engagement_id: &str) -> Result<Cancelled, StoreError> {
        let Some(request) = request_of(engagement_id) else { return Ok(Cancelled::Missing) };
        let query = EffectQuery {
            namespace: namespace.clone(),
            request: Some(request),
            kinds: ENGAGEMENTS.to_vec(),
            ..EffectQuery::default()
        };
        let found = self.ports.journal.effects(&query, Page { after: None, limit: 1 }).await?;
        if let Some(record) = found.first() {
            return self.ports.kernel.cancel(record.id).await;
        }
        let Some(review) = self.ports.reviews.review(namespace, review_id(request)).await? else {
            return Ok(Cancelled::Missing);
        };
        let step = ReviewStep {
            namespace: namespace.clone(),
            id: review.id,
            version: review.version,
            to: ReviewMove::Cancel,
        };
        Ok(match self.ports.reviews.step(step).await? {
            Stepped::Applied(_) => Cancelled::Done,
            Stepped::Stale(_) | Stepped::Denied(_) => Cancelled::TooLate,
            Stepped::Missing => Cancelled::Missing,
        })
    }
}
