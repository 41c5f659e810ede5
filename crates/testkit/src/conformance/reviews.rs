//! `ReviewQueue::step`: as a compare-and-set, by the queue's clock, with its evidence.

use chimera_audit::{Draft, Statement};
use chimera_contracts::{Applied, Clock as _, Digest, SkillName};
use chimera_governance::review::{
    self, Enqueued, Review, ReviewDenial, ReviewMove, ReviewState, ReviewStep, Stepped,
};
use chimera_governance::{Decision, Verdict};
use chrono::TimeDelta;
use futures_util::future::join_all;

pub use super::queueing::*;

use super::StoreFactory;
use super::case::port_suite;
use super::desk::{ANN, BOB, LEASE, claim, edit, escalate, release, step_of};
use super::ports::GivesReviews;
use super::stage::{Stage, openers};
use crate::scene::{reviewer, sample_review};

port_suite! {
    GivesReviews:
    one_review_is_queued_once
    something_else_under_the_review_id_is_a_conflict
    reviews_are_scoped_by_tenant
    a_refused_review_is_only_listed
    reviews_are_listed_by_priority_then_age
    reviews_are_listed_by_what_they_are
    reviews_are_listed_when_they_can_be_decided
    a_time_without_states_lists_what_is_open
    what_is_approved_or_expired_is_unsettled
    a_past_version_is_stale_and_tells_how_it_stands
    of_reviewers_at_one_moment_one_is_first
    of_decisions_at_one_moment_one_counts
    a_step_that_may_not_be_changes_nothing
    there_is_no_step_without_a_review
    claims_lapse_by_the_queues_clock
    an_expired_review_takes_no_step_but_expire
    an_approval_that_lapsed_expires
    reviews_survive_a_crash
}

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// *Atomic*: each step is kept, raises the version, and leaves one event, in order.
pub async fn steps_of_a_review_are_kept_with_their_evidence(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "steps of a review are kept with their evidence").await;
    let mut review = stage.queued("first").await;
    let defer = stage.defer(BOB, LEASE);
    let steps = [
        (claim(ANN), ReviewState::Claimed),
        (release(ANN), ReviewState::Waiting),
        (claim(ANN), ReviewState::Claimed),
        (claim(ANN), ReviewState::Claimed),
        (escalate(ANN), ReviewState::Waiting),
        (claim(BOB), ReviewState::Claimed),
        (defer, ReviewState::Deferred),
        (claim(ANN), ReviewState::Claimed),
    ];
    for (to, state) in steps {
        let moved = stage.moved(&review, to).await;
        assert_eq!((moved.state, moved.version), (state, review.version + 1));
        assert_eq!(stage.stored(&moved).await, Some(moved.clone()));
        review = moved;
    }
    let edited = edit(&review);
    let approved = stage.moved(&review, stage.decide(&review, ANN, Verdict::ApproveWithEdit)).await;
    assert_eq!(approved.current_document(), edited.document);
    assert_eq!((approved.subject, approved.current_subject()), (review.subject, edited.subject));
    stage.moved(&approved, ReviewMove::Execute).await;
    stage.moved(&stage.queued("second").await, ReviewMove::Cancel).await;
    stage.decided("third", ANN, Verdict::Reject).await;
    let told = [
        "queued",
        "claimed",
        "released",
        "claimed",
        "claimed",
        "escalated",
        "claimed",
        "deferred",
        "claimed",
        "approved",
        "executed",
        "queued",
        "cancelled",
        "queued",
        "claimed",
        "rejected",
    ];
    assert_eq!(stage.trace().await, told.map(|what| format!("governance.review.{what}")));
}

/// *Atomic*: where the event is refused, the review stays as it is.
pub async fn a_step_whose_evidence_is_refused_is_not_taken(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a step whose evidence is refused is not taken").await;
    let review = stage.queued("first").await;
    let changed = review::step(&review, &claim(ANN), false, stage.clock.now()).unwrap();
    let event = changed.evidence.into_iter().next().expect("a step leaves an event");
    let other = Draft { statement: Statement::new().word("says", "something else"), ..event };
    stage.stores.ledger.append(vec![other]).await.unwrap();
    let error = stage.stores.reviews.step(step_of(&review, claim(ANN))).await;
    let error = error.expect_err("the evidence contradicts the log");
    assert_eq!(error.applied, Applied::NotApplied, "{error}");
    assert_eq!(stage.stored(&review).await, Some(review));
    assert_eq!(stage.trace().await.len(), 2, "what was queued, and the event that stood in the way");
}

/// *Compare-and-set*: a step names the version that it follows; on any other it is `Stale`, also when it is repeated, and
/// tells how the review stands.
pub async fn a_past_version_is_stale_and_tells_how_it_stands<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a past version is stale and tells how it stands").await;
    let first = stage.queued("first").await;
    let claimed = stage.moved(&first, claim(ANN)).await;
    let trace = stage.trace_if_told().await;
    let ahead = Review { version: claimed.version + 1, ..claimed.clone() };
    let others = [claim(ANN), claim(BOB), ReviewMove::Cancel, ReviewMove::Expire];
    for (seen, to) in [&first, &ahead].into_iter().flat_map(|seen| others.clone().map(|to| (seen, to))) {
        assert_eq!(stage.step(seen, to.clone()).await, Stepped::Stale(Box::new(claimed.clone())), "{to:?}");
    }
    assert_eq!(stage.stored(&first).await, Some(claimed));
    assert_eq!(stage.trace_if_told().await, trace);
}

/// Gives in steps from three openers at once; one is applied, and the others are told what it made of the review.
async fn race<P: GivesReviews>(stage: &Stage<'_, P>, review: &Review, steps: &[ReviewMove]) -> Review {
    let openers = openers(stage.factory, 3).await;
    let calls = steps.iter().enumerate();
    let calls = calls.map(|(number, to)| openers[number % 3].reviews().step(step_of(review, to.clone())));
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let applied = answers.iter().filter_map(|answer| match answer {
        Stepped::Applied(review) => Some(review),
        _ => None,
    });
    let applied: Vec<_> = applied.collect();
    assert_eq!(applied.len(), 1, "{answers:?}");
    let others = answers.iter().filter(|answer| !matches!(answer, Stepped::Applied(_)));
    for other in others {
        assert_eq!(*other, Stepped::Stale(applied[0].clone()));
    }
    assert_eq!(stage.stored(review).await.as_ref(), Some(&**applied[0]));
    applied[0].as_ref().clone()
}

/// *Compare-and-set*: of reviewers who take one review at once, one gets it.
pub async fn of_reviewers_at_one_moment_one_is_first<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "of reviewers at one moment one is first").await;
    let review = stage.queued("first").await;
    let claims: Vec<_> = (0..12).map(|number| claim(&format!("reviewer {number}"))).collect();
    let claimed = race(&stage, &review, &claims).await;
    assert_eq!((claimed.state, claimed.version), (ReviewState::Claimed, 1));
    stage.tells(&["governance.review.queued", "governance.review.claimed"]).await;
}

/// *Compare-and-set*: of decisions that are given in at once, one counts.
pub async fn of_decisions_at_one_moment_one_counts<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "of decisions at one moment one counts").await;
    let review = stage.moved(&stage.queued("first").await, claim(ANN)).await;
    let verdicts = [Verdict::Approve, Verdict::Reject, Verdict::ApproveWithEdit];
    let decisions: Vec<_> = (0..12).map(|number| stage.decide(&review, ANN, verdicts[number % 3])).collect();
    let decided = race(&stage, &review, &decisions).await;
    assert_eq!(decided.version, review.version + 1);
    let decision = decided.decision.expect("it was decided");
    let state = if decision.verdict.permits() { ReviewState::Approved } else { ReviewState::Rejected };
    assert_eq!(decided.state, state);
    let told =
        format!("governance.review.{}", if decision.verdict.permits() { "approved" } else { "rejected" });
    stage.tells(&["governance.review.queued", "governance.review.claimed", &told]).await;
}

/// A step that may not be is `Denied` for what it is, changes nothing, and leaves no event.
pub async fn a_step_that_may_not_be_changes_nothing<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a step that may not be changes nothing").await;
    let waiting = stage.queued("waiting").await;
    for to in stage.reviewers_steps(&waiting, BOB).into_iter().skip(1) {
        denied(&stage, &waiting, to, |denial| *denial == ReviewDenial::NotHeld).await;
    }
    denied(&stage, &waiting, claim("planner"), |denial| *denial == ReviewDenial::OwnRequest).await;
    denied(&stage, &waiting, ReviewMove::Expire, |denial| *denial == ReviewDenial::NotExpired).await;
    denied(&stage, &waiting, ReviewMove::Execute, |_| true).await;

    let claimed = stage.moved(&stage.queued("claimed").await, claim(ANN)).await;
    let held = ReviewDenial::Held { holder: reviewer(ANN), until: claimed.claim.clone().unwrap().until };
    for to in stage.reviewers_steps(&claimed, BOB) {
        denied(&stage, &claimed, to, |denial| *denial == held).await;
    }
    for to in stage.reviewers_steps(&claimed, "planner") {
        denied(&stage, &claimed, to, |denial| *denial == ReviewDenial::OwnRequest).await;
    }
    for to in unfit(&stage, &claimed) {
        denied(&stage, &claimed, to, |denial| matches!(denial, ReviewDenial::Unfit(_))).await;
    }

    for (name, verdict) in [("approved", Verdict::Approve), ("rejected", Verdict::Reject)] {
        let settled = stage.decided(name, ANN, verdict).await;
        // What was approved can be cancelled as long as the journal does not have it.
        let cancel = (verdict == Verdict::Reject).then_some(ReviewMove::Cancel);
        let steps = stage.reviewers_steps(&settled, ANN).into_iter().chain(cancel);
        for to in steps {
            denied(&stage, &settled, to, |denial| *denial == ReviewDenial::Settled(settled.state)).await;
        }
    }
}

async fn denied<P: GivesReviews>(
    stage: &Stage<'_, P>,
    review: &Review,
    to: ReviewMove,
    fits: impl Fn(&ReviewDenial) -> bool,
) {
    let trace = stage.trace_if_told().await;
    let said = stage.step(review, to.clone()).await;
    assert!(matches!(&said, Stepped::Denied(denial) if fits(denial)), "{to:?} is {said:?}");
    assert_eq!(stage.stored(review).await.as_ref(), Some(review), "{to:?}");
    assert_eq!(stage.trace_if_told().await, trace, "{to:?}");
}

/// Decisions of the holder that are not about this review, or are none.
fn unfit<P: GivesReviews>(stage: &Stage<'_, P>, review: &Review) -> Vec<ReviewMove> {
    let ReviewMove::Decide { decision, .. } = stage.decide(review, ANN, Verdict::Approve) else {
        panic!("it is a decision")
    };
    let decisions = [
        Decision { namespace: "another-tenant".parse().unwrap(), ..decision.clone() },
        Decision { artifact: "another".to_owned(), ..decision.clone() },
        Decision { effects: [Digest::of(b"another")].into(), ..decision.clone() },
        Decision { requested_by: Some("another".to_owned()), ..decision.clone() },
        Decision { requested_by: None, ..decision.clone() },
        Decision { verdict: Verdict::Defer, ..decision.clone() },
        Decision { verdict: Verdict::Escalate, ..decision.clone() },
        Decision { verdict: Verdict::ApproveWithEdit, ..decision.clone() },
    ];
    let mut unfit: Vec<_> = decisions.map(|decision| ReviewMove::Decide { decision, edit: None }).into();
    // An edit changes what is approved: a plain yes cannot carry one, and a yes to the first words is none to the others.
    let edit = edit(review);
    let subject = [edit.subject].into();
    let plain = Decision { effects: subject, ..decision.clone() };
    let first = Decision { verdict: Verdict::ApproveWithEdit, ..decision };
    unfit.extend([plain, first].map(|decision| ReviewMove::Decide { decision, edit: Some(edit.clone()) }));
    unfit
}

/// A step of a review that is not there, or is another tenant's, is `Missing`.
pub async fn there_is_no_step_without_a_review<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "there is no step without a review").await;
    let review = stage.queued("first").await;
    let other = sample_review(&stage.scene, "nobody queued this").id;
    let nobodys = ReviewStep { id: other, ..step_of(&review, claim(ANN)) };
    let elsewhere =
        ReviewStep { namespace: "another-tenant".parse().unwrap(), ..step_of(&review, claim(ANN)) };
    for step in [nobodys, elsewhere] {
        assert_eq!(stage.stores.reviews().step(step).await.unwrap(), Stepped::Missing);
    }
    assert_eq!(stage.stored(&review).await, Some(review));
    stage.tells(&["governance.review.queued"]).await;
}

/// *Time*: a claim holds until its end by the queue's clock; then its holder decides nothing any more, and others may claim.
pub async fn claims_lapse_by_the_queues_clock<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "claims lapse by the queue's clock").await;
    let claimed = stage.moved(&stage.queued("first").await, claim(ANN)).await;
    let until = claimed.claim.clone().unwrap().until;
    assert_eq!(until, stage.clock.now() + LEASE);
    stage.clock.set(until - SECOND);
    denied(&stage, &claimed, claim(BOB), |denial| matches!(denial, ReviewDenial::Held { .. })).await;
    stage.clock.set(until);
    for to in stage.reviewers_steps(&claimed, ANN).into_iter().skip(1) {
        denied(&stage, &claimed, to, |denial| *denial == ReviewDenial::NotHeld).await;
    }
    let taken = stage.moved(&claimed, claim(BOB)).await;
    assert_eq!(taken.claim.clone().unwrap().reviewer, reviewer(BOB));
    denied(&stage, &taken, stage.decide(&taken, ANN, Verdict::Approve), |denial| {
        matches!(denial, ReviewDenial::Held { .. })
    })
    .await;
    // No claim outlasts its review.
    stage.clock.set(taken.expires_at - SECOND);
    let late = stage.moved(&taken, claim(ANN)).await;
    assert_eq!(late.claim.unwrap().until, taken.expires_at);
}

/// *Time*: an open review that has expired takes no step but `Expire`, and none but that before; expiry approves nothing.
pub async fn an_expired_review_takes_no_step_but_expire<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an expired review takes no step but expire").await;
    let waiting = stage.queued("waiting").await;
    let long = ReviewMove::Claim { reviewer: reviewer(ANN), lease: TimeDelta::days(1) };
    let claimed = stage.moved(&stage.queued("claimed").await, long).await;
    let deferred = stage.moved(&stage.queued("deferred").await, claim(ANN)).await;
    let deferred = stage.moved(&deferred, stage.defer(ANN, TimeDelta::days(1))).await;
    let open = [waiting, claimed, deferred];
    stage.clock.set(open[0].expires_at - SECOND);
    for review in &open {
        denied(&stage, review, ReviewMove::Expire, |denial| *denial == ReviewDenial::NotExpired).await;
    }
    stage.clock.set(open[0].expires_at);
    for review in &open {
        let others = stage.reviewers_steps(review, ANN).into_iter();
        for to in others.chain([ReviewMove::Cancel, ReviewMove::Execute]) {
            denied(&stage, review, to, |_| true).await;
        }
        denied(&stage, review, claim(BOB), |denial| *denial == ReviewDenial::Expired).await;
        let expired = stage.moved(review, ReviewMove::Expire).await;
        assert_eq!((expired.state, expired.decision.is_none()), (ReviewState::Expired, true));
        let others = stage.reviewers_steps(&expired, ANN).into_iter();
        for to in others.chain([ReviewMove::Cancel, ReviewMove::Execute, ReviewMove::Expire]) {
            denied(&stage, &expired, to, |denial| *denial == ReviewDenial::Settled(ReviewState::Expired))
                .await;
        }
    }
}

/// An approval that lapsed before it was handed over expires with its review; one that was handed over is noted, however late.
pub async fn an_approval_that_lapsed_expires<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an approval that lapsed expires").await;
    let mut approved = Vec::new();
    let ends = stage.clock.now() + LEASE;
    for name in ["lapses", "was handed over"] {
        let claimed = stage.moved(&stage.queued(name).await, claim(ANN)).await;
        let ReviewMove::Decide { decision, edit } = stage.decide(&claimed, ANN, Verdict::Approve) else {
            panic!("it is a decision")
        };
        let decision = Decision { expires_at: Some(ends), ..decision };
        approved.push(stage.moved(&claimed, ReviewMove::Decide { decision, edit }).await);
    }
    stage.clock.set(ends - SECOND);
    denied(&stage, &approved[0], ReviewMove::Expire, |denial| *denial == ReviewDenial::NotExpired).await;
    stage.clock.set(ends);
    let expired = stage.moved(&approved[0], ReviewMove::Expire).await;
    assert_eq!((expired.state, &expired.decision), (ReviewState::Expired, &approved[0].decision));
    let executed = stage.moved(&approved[1], ReviewMove::Execute).await;
    assert_eq!(executed.state, ReviewState::Executed);
}

/// *Durable*: what was answered survives a crash: reviews, steps, decisions, edits.
pub async fn reviews_survive_a_crash<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "reviews survive a crash").await;
    let new = sample_review(&stage.scene, "first");
    let first = stage.queued_as(&new).await;
    let stage = stage.crashed().await;
    assert_eq!(stage.enqueue(&new).await, Enqueued::Known(Box::new(first.clone())));

    let claimed = stage.moved(&first, claim(ANN)).await;
    let stage = stage.crashed().await;
    assert_eq!(stage.step(&first, claim(ANN)).await, Stepped::Stale(Box::new(claimed.clone())));

    let decide = stage.decide(&claimed, ANN, Verdict::ApproveWithEdit);
    let decided = stage.moved(&claimed, decide.clone()).await;
    let stage = stage.crashed().await;
    let ReviewMove::Decide { decision, edit } = decide else { panic!("it is a decision") };
    let stored = stage.stored(&first).await.expect("it was answered");
    assert_eq!((&stored.decision, &stored.edit), (&Some(decision), &edit));
    assert_eq!(stored, decided);
    assert_eq!(stored.skill, SkillName::Engage);
    stage
        .tells(&["governance.review.queued", "governance.review.claimed", "governance.review.approved"])
        .await;
}
