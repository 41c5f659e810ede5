//! What became of an engagement, at any time.

use chimera_contracts::engage::EngageOutput;
use chimera_contracts::{Namespace, RequestId, SkillName, StoreError};
use chimera_effect::{EffectQuery, Page, RequestKey, Told};
use chimera_governance::review::Review;

use crate::answer::{Engagement, not_to_be, of_effect};
use crate::ask::{request_of, review_id};
use crate::judge::ENGAGEMENTS;
use crate::queue::queued;
use crate::skill::EngageSkill;

impl EngageSkill {
    /// What became of a key; `None` when nothing stands under it. Does nothing about it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status_of_key(
        &self,
        namespace: &Namespace,
        key: &str,
    ) -> Result<Option<EngageOutput>, StoreError> {
        let key = RequestKey { namespace: namespace.clone(), skill: SkillName::Engage, key: key.to_owned() };
        if let Some(view) = self.ports.kernel.request(&key).await? {
            return Ok(Some(self.told(&Engagement::of_view(&view), view)));
        }
        self.status_of_review(namespace, key.request_id()).await
    }

    /// What became of an engagement id; `None` when nothing stands under it. Does nothing about it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(
        &self,
        namespace: &Namespace,
        engagement_id: &str,
    ) -> Result<Option<EngageOutput>, StoreError> {
        let Some(request) = request_of(engagement_id) else { return Ok(None) };
        let query = EffectQuery {
            namespace: namespace.clone(),
            request: Some(request),
            kinds: ENGAGEMENTS.to_vec(),
            ..EffectQuery::default()
        };
        let found = self.ports.journal.effects(&query, Page { after: None, limit: 1 }).await?;
        if let Some(record) = found.into_iter().next() {
            let now = self.ports.clock.now();
            return Ok(Some(of_effect(engagement_id.to_owned(), &Told::known(record, now), now)));
        }
        self.status_of_review(namespace, request).await
    }

    async fn status_of_review(
        &self,
        namespace: &Namespace,
        request: RequestId,
    ) -> Result<Option<EngageOutput>, StoreError> {
        let review: Option<Review> = self.ports.reviews.review(namespace, review_id(request)).await?;
        let now = self.ports.clock.now();
        Ok(review.map(|review| queued(&review, now).unwrap_or_else(|refusal| not_to_be(&review, refusal))))
    }
}
