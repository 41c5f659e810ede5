//! The review queue: the rules are [`chimera_governance::review`]'s; here they meet rows and conditions.

use async_trait::async_trait;
use chimera_contracts::{Namespace, RequestId, ReviewId, StoreError};
use chimera_governance::review::{
    self, Changed, Enqueued, NewReview, Review, ReviewMove, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep,
    Stepped,
};

use crate::backend::Backend;
use crate::loaded::{Loaded, Stop};
use crate::row::{Key, Row};
use crate::scan::Scan;
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{Condition, Transaction, Write};

impl Planner {
    fn plan_review(&self, new: &NewReview, loaded: &Loaded) -> Planned<Enqueued> {
        if let Some(known) = loaded.review(&new.namespace, new.id)? {
            let same = new.same_as(known);
            let known = Box::new(known.clone());
            return Ok(Outcome::Answer(if same {
                Enqueued::Known(known)
            } else {
                Enqueued::Conflict(known)
            }));
        }
        if is_admitted(new.request, loaded)? {
            return Ok(Outcome::Answer(Enqueued::Admitted));
        }
        let Changed { review, evidence } = review::enqueue(new.clone(), loaded.now());
        let transaction = self.moved(&review, None, &evidence, loaded)?;
        Ok(Outcome::Write(Box::new(transaction), Enqueued::Fresh(Box::new(review))))
    }

    fn plan_step(&self, asked: &ReviewStep, loaded: &Loaded) -> Planned<Stepped> {
        let Some(known) = loaded.review(&asked.namespace, asked.id)? else {
            return Ok(Outcome::Answer(Stepped::Missing));
        };
        if known.version != asked.version {
            return Ok(Outcome::Answer(Stepped::Stale(Box::new(known.clone()))));
        }
        let admitted = is_admitted(known.request, loaded)?;
        let Changed { review, evidence } = match review::step(known, &asked.to, admitted, loaded.now()) {
            Ok(changed) => changed,
            Err(denial) => return Ok(Outcome::Answer(Stepped::Denied(denial))),
        };
        let mut transaction = self.moved(&review, Some(known.version), &evidence, loaded)?;
        // A step of an open review, but its end, is one within its time.
        if known.state.open() && known.expires_at > loaded.now() {
            transaction.conditions.push(Condition::Before(known.expires_at));
        }
        // Whoever holds it acts while the claim holds.
        let holds = !matches!(
            asked.to,
            ReviewMove::Claim { .. } | ReviewMove::Expire | ReviewMove::Cancel | ReviewMove::Execute
        );
        transaction
            .conditions
            .extend(known.claim.as_ref().filter(|_| holds).map(|claim| Condition::Before(claim.until)));
        Ok(Outcome::Write(Box::new(transaction), Stepped::Applied(Box::new(review))))
    }

    /// A review in the place of the one with this version, with its evidence; whether its request is admitted is as loaded.
    fn moved(
        &self,
        review: &Review,
        version: Option<u64>,
        evidence: &[chimera_audit::Draft],
        loaded: &Loaded,
    ) -> Result<Transaction, Stop> {
        let mut transaction = Transaction {
            conditions: vec![Condition::Revision(Key::Review(review.namespace.clone(), review.id), version)],
            writes: vec![Write::put(Row::Review(Box::new(review.clone())))],
            events: Vec::new(),
        };
        // Once admitted it stays so; only its absence can change.
        if let Some(request) = review.request.filter(|id| loaded.revision(&Key::Request(*id)).is_none()) {
            transaction.conditions.push(Condition::Revision(Key::Request(request), None));
        }
        self.tell(evidence, loaded, &mut transaction)?;
        Ok(transaction)
    }
}

/// Whether the journal has what a review is about: then nobody has to decide any more.
fn is_admitted(request: Option<RequestId>, loaded: &Loaded) -> Result<bool, Stop> {
    match request {
        Some(request) => Ok(loaded.request(request)?.is_some()),
        None => Ok(false),
    }
}

fn reviews(scan: &Scan, loaded: &Loaded) -> Result<Vec<Review>, Stop> {
    let review = |row: &Row| match row {
        Row::Review(review) => Some(review.as_ref().clone()),
        _ => None,
    };
    Ok(loaded.rows(scan)?.iter().filter_map(review).collect())
}

#[async_trait]
impl<B: Backend> ReviewQueue for Store<B> {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        let planner = self.planner.clone();
        let loaded = Loaded::at(self.backend.now());
        Ok(self.run(loaded, move |loaded| planner.plan_review(&new, loaded)).await?.0)
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        let planner = self.planner.clone();
        let loaded = Loaded::at(self.backend.now());
        Ok(self.run(loaded, move |loaded| planner.plan_step(&step, loaded)).await?.0)
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        self.read(|loaded| Ok(loaded.review(namespace, id)?.cloned())).await
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let scan = Scan::Reviews { query: query.clone(), after: page.after, limit: page.limit };
        self.read(|loaded| reviews(&scan, loaded)).await
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let by = self.backend.now();
        let scan = Scan::Unsettled { by, after: page.after, limit: page.limit };
        self.read(|loaded| reviews(&scan, loaded)).await
    }
}
