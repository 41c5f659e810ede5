//! `ReviewQueue` and `EffectJournal` as one claim: a request is queued or admitted, whoever comes first.

use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode};
use chimera_effect::{Admission, Admit};
use chimera_governance::review::{Enqueued, NewReview, ReviewDenial, ReviewMove, ReviewState, Stepped};
use chimera_governance::{Claim, Gate, Verdict};
use chrono::TimeDelta;

use super::StoreFactory;
use super::desk::{ANN, claim};
use super::stage::{PLENTY, Stage, admission_refused, fresh, request};
use crate::clock::TestClock;
use crate::scene::sample_review;

/// *One claim*: a request that the journal has is queued no more.
pub async fn an_admitted_request_is_queued_no_more(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an admitted request is queued no more").await;
    let approved = stage.set_up(PLENTY, &stage.effects(1)).await;
    fresh(stage.admit(request(&stage.scene, &approved, true)).await);
    let trace = stage.trace().await;
    let new = sample_review(&stage.scene, "too late");
    assert_eq!(stage.enqueue(&new).await, Enqueued::Admitted);
    assert_eq!(stage.stores.reviews.review(&new.namespace, new.id).await, Ok(None));
    assert_eq!(stage.trace().await, trace, "nothing changed");
}

/// *One claim*: the review of a request that the journal has takes no step but `Execute`.
pub async fn the_review_of_an_admitted_request_is_only_executed(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "the review of an admitted request is only executed").await;
    let approved = stage.set_up(PLENTY, &stage.effects(1)).await;
    let review = stage.decided("approved", ANN, Verdict::Approve).await;
    fresh(stage.admit(request(&stage.scene, &approved, true)).await);
    for to in [ReviewMove::Cancel, ReviewMove::Expire] {
        assert_eq!(stage.step(&review, to.clone()).await, Stepped::Denied(ReviewDenial::Admitted), "{to:?}");
    }
    assert_eq!(stage.moved(&review, ReviewMove::Execute).await.state, ReviewState::Executed);
}

/// *Reviewed*: an admission that names a review is refused while that stands in the way, and changes nothing.
pub async fn a_review_in_the_way_refuses_the_admission(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a review in the way refuses the admission").await;
    let approved = stage.set_up(PLENTY, &stage.effects(1)).await;
    let waiting = stage.queued("waiting").await;
    let claimed = stage.moved(&stage.queued("claimed").await, claim(ANN)).await;
    let cancelled = stage.moved(&stage.queued("cancelled").await, ReviewMove::Cancel).await;
    let rejected = stage.decided("rejected", ANN, Verdict::Reject).await;
    // Approved, by another decision than the one that the admission uses.
    let elsewhere = stage.decided("elsewhere", ANN, Verdict::Approve).await;
    let trace = stage.trace().await;
    for (review, code) in [
        (&waiting, ErrorCode::IdempotencyConflict),
        (&claimed, ErrorCode::IdempotencyConflict),
        (&cancelled, ErrorCode::Cancelled),
        (&rejected, ErrorCode::ReviewRejected),
        (&elsewhere, ErrorCode::IdempotencyConflict),
    ] {
        let admit = Admit { review: Some(review.id), ..request(&stage.scene, &approved, true) };
        let Admission::Refused(refused) = stage.admit(admit).await else {
            panic!("admitted though {:?}", review.state)
        };
        assert_eq!(refused.code, code, "{:?}", review.state);
    }
    assert_eq!(stage.view().await, None);
    assert_eq!(stage.trace().await, trace);
    stage.clock.advance(TimeDelta::hours(1));
    let expired = stage.moved(&waiting, ReviewMove::Expire).await;
    let admit = Admit { review: Some(expired.id), ..request(&stage.scene, &approved, true) };
    assert_eq!(admission_refused(stage.admit(admit).await).code, ErrorCode::ReviewExpired);
    let nobodys = sample_review(&stage.scene, "never queued").id;
    fresh(stage.admit(Admit { review: Some(nobodys), ..request(&stage.scene, &approved, true) }).await);
}

/// *Reviewed*: a review that was approved by the decision that is used lets its request in.
pub async fn an_approved_review_lets_its_request_in(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an approved review lets its request in").await;
    let effect = stage.effects(1).remove(0);
    stage.set_up(PLENTY, std::slice::from_ref(&effect)).await;
    let new = NewReview { subject: effect.digest(), ..sample_review(&stage.scene, "approved") };
    let claimed = stage.moved(&stage.queued_as(&new).await, claim(ANN)).await;
    let review = stage.moved(&claimed, stage.decide(&claimed, ANN, Verdict::Approve)).await;
    let decision = review.decision.clone().expect("it is decided");
    let says = Claim {
        artifact: review.artifact.clone(),
        role: decision.approver.role,
        decision: Some(decision.id),
    };
    stage.stores.approvals.record(decision).await.expect("the authority takes it");
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&stage.clock);
    let gate = Gate::new(Arc::clone(&stage.stores.approvals), clock);
    let id = stage.scene.key.effect_id(&effect.digest());
    let approved = gate.check(effect, id, None, &says).await.expect("the decision permits it");
    let admit = Admit { review: Some(review.id), ..request(&stage.scene, &[approved], true) };
    fresh(stage.admit(admit).await);
}
