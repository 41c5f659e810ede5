//! [`ReviewQueue`] in memory.

use async_trait::async_trait;
use chimera_contracts::{Namespace, ReviewId, StoreError};
use chimera_governance::review::{
    self, Changed, Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewState,
    ReviewStep, Stepped,
};
use chrono::{DateTime, Utc};

use super::MemoryStore;

#[async_trait]
impl ReviewQueue for MemoryStore {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        let mut state = self.state()?;
        let key = (new.namespace.clone(), new.id);
        if let Some(known) = state.reviews.get(&key) {
            let known = Box::new(known.clone());
            return Ok(if new.same_as(&known) { Enqueued::Known(known) } else { Enqueued::Conflict(known) });
        }
        if new.request.is_some_and(|request| state.requests.contains_key(&request)) {
            return Ok(Enqueued::Admitted);
        }
        let Changed { review, evidence } = review::enqueue(new, self.clock.now());
        self.append(&mut state, evidence)?;
        state.reviews.insert(key, review.clone());
        Ok(Enqueued::Fresh(Box::new(review)))
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        let mut state = self.state()?;
        let key = (step.namespace, step.id);
        let Some(known) = state.reviews.get(&key) else { return Ok(Stepped::Missing) };
        if known.version != step.version {
            return Ok(Stepped::Stale(Box::new(known.clone())));
        }
        let admitted = known.request.is_some_and(|request| state.requests.contains_key(&request));
        let Changed { review, evidence } = match review::step(known, &step.to, admitted, self.clock.now()) {
            Ok(changed) => changed,
            Err(denial) => return Ok(Stepped::Denied(denial)),
        };
        self.append(&mut state, evidence)?;
        state.reviews.insert(key, review.clone());
        Ok(Stepped::Applied(Box::new(review)))
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        Ok(self.state()?.reviews.get(&(namespace.clone(), id)).cloned())
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let state = self.state()?;
        let mut found: Vec<_> = state.reviews.values().filter(|review| asked(query, review)).collect();
        found.sort_by_key(|review| place(review));
        let after = page.after.and_then(|id| state.reviews.get(&(query.namespace.clone(), id))).map(place);
        let rest = found.into_iter().filter(|review| after.is_none_or(|after| place(review) > after));
        Ok(rest.take(page.limit).cloned().collect())
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let state = self.state()?;
        let now = self.clock.now();
        let mut found: Vec<_> = state.reviews.values().filter(|review| unsettled(review, now)).collect();
        found.sort_by_key(|review| review.id);
        let rest = found.into_iter().filter(|review| page.after.is_none_or(|after| review.id > after));
        Ok(rest.take(page.limit).cloned().collect())
    }
}

/// Where a review stands in a listing: highest priority first, then oldest first.
fn place(review: &Review) -> (u8, DateTime<Utc>, ReviewId) {
    (u8::MAX - review.priority, review.created_at, review.id)
}

fn asked(query: &ReviewQuery, review: &Review) -> bool {
    let ready = |at: DateTime<Utc>| {
        review.state.open() && review.expires_at > at && review.deferred_until.is_none_or(|until| until <= at)
    };
    review.namespace == query.namespace
        && (query.states.is_empty() || query.states.contains(&review.state))
        && query.skill.is_none_or(|skill| review.skill == skill)
        && query.campaign.is_none_or(|campaign| review.campaign == Some(campaign))
        && query.ready_at.is_none_or(ready)
}

fn unsettled(review: &Review, now: DateTime<Utc>) -> bool {
    review.state == ReviewState::Approved || (review.state.open() && review.expires_at <= now)
}
