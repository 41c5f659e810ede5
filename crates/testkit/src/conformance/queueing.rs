//! `ReviewQueue`: what is queued, once, and how it is found again.

use chimera_audit::{Draft, Statement};
use chimera_contracts::{Applied, CampaignId, Clock as _, Digest, Namespace, SkillName};
use chimera_governance::Verdict;
use chimera_governance::review::{
    self, Enqueued, NewReview, Review, ReviewMove, ReviewPage, ReviewQuery, ReviewState,
};
use chimera_harness::tries;
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::desk::{ANN, BOB, LEASE, claim, escalate};
use super::ports::GivesReviews;
use super::stage::{PAGES, Stage, openers};
use crate::scene::{Scene, sample_review};

const ALL: ReviewPage = ReviewPage { after: None, limit: 1_000 };

async fn list<P: GivesReviews>(stage: &Stage<'_, P>, query: &ReviewQuery, page: ReviewPage) -> Vec<Review> {
    stage.stores.reviews().list(query, page).await.expect("the queue is read")
}

/// Those of the scene, whatever else is in the queue.
fn of_scene<P>(stage: &Stage<'_, P>) -> ReviewQuery {
    ReviewQuery { campaign: Some(stage.scene.campaign), ..ReviewQuery::default() }
}

/// *Atomic*: a fresh review is kept with the event that tells of it.
pub async fn a_queued_review_is_kept_with_its_evidence(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a queued review is kept with its evidence").await;
    let new = sample_review(&stage.scene, "first");
    let review = stage.queued_as(&new).await;
    assert_eq!(review, review::enqueue(new, stage.clock.now()).review);
    assert_eq!((review.state, review.version), (ReviewState::Waiting, 0));
    assert_eq!(stage.stored(&review).await, Some(review));
    assert_eq!(stage.trace().await, ["governance.review.queued"]);
}

/// *Atomic*: where the event is refused, the review is not kept either.
pub async fn a_review_whose_evidence_is_refused_is_not_queued(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a review whose evidence is refused is not queued").await;
    let new = sample_review(&stage.scene, "first");
    let changed = review::enqueue(new.clone(), stage.clock.now());
    let event = changed.evidence.into_iter().next().expect("a fresh review leaves an event");
    let other = Draft { statement: Statement::new().word("says", "something else"), ..event };
    stage.stores.ledger.append(vec![other]).await.unwrap();
    let error = stage.stores.reviews.enqueue(new).await.expect_err("the evidence contradicts the log");
    assert_eq!(error.applied, Applied::NotApplied, "{error}");
    assert_eq!(stage.stored(&changed.review).await, None);
    assert_eq!(stage.trace().await.len(), 1, "the event that stood in the way");
}

/// *Once*: of many callers in several processes one is `Fresh`; the others get its review, and one event is appended.
pub async fn one_review_is_queued_once<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "one review is queued once").await;
    let new = sample_review(&stage.scene, "first");
    let openers = openers(factory, 3).await;
    let calls = (0..24).map(|number| openers[number % 3].reviews().enqueue(new.clone()));
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let fresh: Vec<_> = answers.iter().filter(|answer| matches!(answer, Enqueued::Fresh(_))).collect();
    assert_eq!(fresh.len(), 1, "{answers:?}");
    let [Enqueued::Fresh(review)] = fresh.as_slice() else { unreachable!("it was matched") };
    for answer in answers.iter().filter(|answer| *answer != fresh[0]) {
        assert_eq!(*answer, Enqueued::Known(review.clone()));
    }
    // Whenever somebody asks again, whatever happened to it since, it is known as it stands.
    let claimed = stage.moved(review, claim(ANN)).await;
    stage.clock.advance(TimeDelta::seconds(1));
    assert_eq!(stage.enqueue(&new).await, Enqueued::Known(Box::new(claimed)));
    stage.tells(&["governance.review.queued", "governance.review.claimed"]).await;
}

/// *Once*: another document, subject or artifact under a known id is `Conflict`, and changes nothing.
pub async fn something_else_under_the_review_id_is_a_conflict<P: GivesReviews>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "something else under the review id is a conflict").await;
    let new = sample_review(&stage.scene, "first");
    let review = stage.queued_as(&new).await;
    let others = [
        NewReview { document: "another".to_owned(), ..new.clone() },
        NewReview { subject: Digest::of(b"another"), ..new.clone() },
        NewReview { artifact: "another".to_owned(), ..new.clone() },
    ];
    for other in others {
        assert_eq!(stage.enqueue(&other).await, Enqueued::Conflict(Box::new(review.clone())), "{other:?}");
    }
    let reworded = NewReview { reasons: Vec::new(), priority: 9, within: LEASE, ..new };
    assert_eq!(stage.enqueue(&reworded).await, Enqueued::Known(Box::new(review.clone())), "the same thing");
    assert_eq!(stage.stored(&review).await, Some(review));
    stage.tells(&["governance.review.queued"]).await;
}

/// A tenant finds its own reviews, by id and in lists.
pub async fn reviews_are_scoped_by_tenant<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "reviews are scoped by tenant").await;
    let ours = stage.queued("ours").await;
    let namespace: Namespace = "another-tenant".parse().unwrap();
    let new = NewReview { namespace: namespace.clone(), ..sample_review(&stage.scene, "theirs") };
    let theirs = stage.queued_as(&new).await;
    let nobodys = [
        Review { namespace: namespace.clone(), ..ours.clone() },
        Review { namespace: ours.namespace.clone(), ..theirs.clone() },
    ];
    for review in nobodys {
        assert_eq!(stage.stored(&review).await, None, "{}", review.document);
    }
    assert_eq!(list(&stage, &of_scene(&stage), ALL).await, [ours]);
    let query = ReviewQuery { namespace, ..of_scene(&stage) };
    assert_eq!(list(&stage, &query, ALL).await, [theirs]);
}

/// What was refused is listed, and takes no step.
pub async fn a_refused_review_is_only_listed<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a refused review is only listed").await;
    let new = NewReview { refused: true, ..sample_review(&stage.scene, "first") };
    let review = stage.queued_as(&new).await;
    assert_eq!(review.state, ReviewState::Refused);
    let nobodys = [ReviewMove::Cancel, ReviewMove::Execute, ReviewMove::Expire];
    stage.clock.advance(new.within);
    for to in stage.reviewers_steps(&review, ANN).into_iter().chain(nobodys) {
        let said = stage.step(&review, to.clone()).await;
        assert!(matches!(said, review::Stepped::Denied(_)), "{to:?} is {said:?}");
    }
    assert_eq!(list(&stage, &of_scene(&stage), ALL).await, [review]);
    stage.tells(&["governance.review.refused"]).await;
}

/// `list` is in order of priority, highest first, then of age, oldest first; page by page.
pub async fn reviews_are_listed_by_priority_then_age<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "reviews are listed by priority, then age").await;
    let mut queued = Vec::new();
    for (number, priority) in [3, 7, 3, 0, 9, 7, 3].into_iter().enumerate() {
        let new = sample_review(&stage.scene, &number.to_string());
        queued.push(stage.queued_as(&NewReview { priority, ..new }).await);
        stage.clock.advance(TimeDelta::seconds(1));
    }
    // The one that nobody was in a hurry about is handed to someone with more authority.
    let claimed = stage.moved(&queued[3], claim(ANN)).await;
    queued[3] = stage.moved(&claimed, escalate(ANN)).await;
    let expected: Vec<_> = [3, 4, 1, 5, 0, 2, 6].iter().map(|place: &usize| queued[*place].clone()).collect();
    assert_eq!(list(&stage, &of_scene(&stage), ALL).await, expected);
    for limit in 1..4 {
        let mut listed: Vec<Review> = Vec::new();
        for _ in tries(PAGES, "the last page") {
            let after = listed.last().map(|review| review.id);
            let page = list(&stage, &of_scene(&stage), ReviewPage { after, limit }).await;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        assert_eq!(listed, expected, "in pages of {limit}");
    }
    assert_eq!(list(&stage, &of_scene(&stage), ReviewPage { limit: 0, ..ALL }).await, []);
}

/// Reviews are listed by state, skill and campaign.
pub async fn reviews_are_listed_by_what_they_are<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "reviews are listed by what they are").await;
    let engagement = stage.queued("engagement").await;
    let new = sample_review(&stage.scene, "proposal");
    let proposal = stage.queued_as(&NewReview { skill: SkillName::Propose, priority: 1, ..new }).await;
    let claimed = stage.moved(&proposal, claim(ANN)).await;
    let of = |states: &[ReviewState]| ReviewQuery { states: states.to_vec(), ..of_scene(&stage) };
    let by = |skill| ReviewQuery { skill: Some(skill), ..of_scene(&stage) };
    let stranger: CampaignId = Scene::named("a campaign without reviews").campaign;
    for (query, expected) in [
        (of(&[]), vec![&engagement, &claimed]),
        (of(&[ReviewState::Waiting]), vec![&engagement]),
        (of(&[ReviewState::Claimed, ReviewState::Deferred]), vec![&claimed]),
        (of(&[ReviewState::Waiting, ReviewState::Claimed]), vec![&engagement, &claimed]),
        (of(&[ReviewState::Expired]), vec![]),
        (by(SkillName::Engage), vec![&engagement]),
        (by(SkillName::Propose), vec![&claimed]),
        (by(SkillName::Publish), vec![]),
        (ReviewQuery { campaign: Some(stranger), ..ReviewQuery::default() }, vec![]),
    ] {
        let found = list(&stage, &query, ALL).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
}

/// `ready_at` leaves out what is settled, what is deferred beyond the time, and what has expired by then.
pub async fn reviews_are_listed_when_they_can_be_decided<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "reviews are listed when they can be decided").await;
    let now = stage.clock.now();
    let waiting = stage.queued("waiting").await;
    let deferred = stage.moved(&stage.queued("deferred").await, claim(ANN)).await;
    let deferred = stage.moved(&deferred, stage.defer(ANN, LEASE)).await;
    let short = sample_review(&stage.scene, "short");
    let short = stage.queued_as(&NewReview { within: LEASE, ..short }).await;
    stage.decided("rejected", BOB, Verdict::Reject).await;
    let second = TimeDelta::seconds(1);
    for (at, expected) in [
        (now, vec![waiting.id, short.id]),
        (now + LEASE - second, vec![waiting.id, short.id]),
        (now + LEASE, vec![waiting.id, deferred.id]),
        (waiting.expires_at - second, vec![waiting.id, deferred.id]),
        (waiting.expires_at, vec![]),
    ] {
        let query = ReviewQuery { ready_at: Some(at), ..of_scene(&stage) };
        let mut found: Vec<_> = list(&stage, &query, ALL).await.iter().map(|review| review.id).collect();
        let mut expected = expected;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "at {at}");
    }
}

/// `ready_at` without `states` lists everything open, also what somebody holds, and nothing settled; `states` narrow that.
pub async fn a_time_without_states_lists_what_is_open<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    use ReviewState::{
        Approved, Cancelled, Claimed, Deferred, Executed, Expired, Refused, Rejected, Waiting,
    };

    let stage = Stage::open(factory, "a time without states lists what is open").await;
    let short = sample_review(&stage.scene, "expired");
    let expired = stage.queued_as(&NewReview { within: LEASE, ..short }).await;
    stage.clock.set(expired.expires_at);
    let expired = stage.moved(&expired, ReviewMove::Expire).await;
    let waiting = stage.queued("waiting").await;
    let claimed = stage.moved(&stage.queued("claimed").await, claim(ANN)).await;
    let deferred = stage.moved(&stage.queued("deferred").await, claim(ANN)).await;
    let deferred = stage.moved(&deferred, stage.defer(ANN, LEASE)).await;
    let approved = stage.decided("approved", ANN, Verdict::Approve).await;
    let executed = stage.decided("executed", ANN, Verdict::Approve).await;
    let executed = stage.moved(&executed, ReviewMove::Execute).await;
    let rejected = stage.decided("rejected", ANN, Verdict::Reject).await;
    let cancelled = stage.moved(&stage.queued("cancelled").await, ReviewMove::Cancel).await;
    let refused = sample_review(&stage.scene, "refused");
    let refused = stage.queued_as(&NewReview { refused: true, ..refused }).await;
    let settled = [Approved, Executed, Rejected, Cancelled, Refused, Expired];

    let now = stage.clock.now();
    let open = [&waiting, &claimed];
    let all = [&waiting, &claimed, &deferred];
    for (ready_at, states, expected) in [
        (Some(now), vec![], &open[..]),
        (Some(now + LEASE), vec![], &all[..]),
        (Some(now), vec![Waiting, Claimed, Deferred], &open[..]),
        (Some(now), vec![Waiting], &open[..1]),
        (Some(now + LEASE), vec![Claimed, Approved], &open[1..]),
        (Some(now), settled.to_vec(), &[]),
        (None, settled.to_vec(), &[&approved, &executed, &rejected, &cancelled, &refused, &expired]),
    ] {
        let query = ReviewQuery { ready_at, states, ..of_scene(&stage) };
        let mut found = list(&stage, &query, ALL).await;
        let mut expected: Vec<_> = expected.iter().map(|review| (*review).clone()).collect();
        found.sort_by_key(|review| review.id);
        expected.sort_by_key(|review| review.id);
        assert_eq!(found, expected, "{query:?}");
    }
}

/// `unsettled` gives, for every tenant, what is approved and not executed, and what is open and has expired; by id, in pages.
pub async fn what_is_approved_or_expired_is_unsettled<P: GivesReviews>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what is approved or expired is unsettled").await;
    let approved = stage.decided("approved", ANN, Verdict::Approve).await;
    let executed = stage.decided("executed", ANN, Verdict::ApproveWithEdit).await;
    stage.moved(&executed, ReviewMove::Execute).await;
    stage.decided("rejected", ANN, Verdict::Reject).await;
    stage.moved(&stage.queued("cancelled").await, ReviewMove::Cancel).await;
    let refused = sample_review(&stage.scene, "refused");
    stage.queued_as(&NewReview { refused: true, ..refused }).await;
    let elsewhere = NewReview {
        namespace: "another-tenant".parse().unwrap(),
        ..sample_review(&stage.scene, "of another tenant")
    };
    let elsewhere = stage.queued_as(&elsewhere).await;
    let claimed = stage.moved(&stage.queued("claimed").await, claim(ANN)).await;
    let deferred = stage.moved(&stage.queued("deferred").await, claim(ANN)).await;
    let deferred = stage.moved(&deferred, stage.defer(ANN, LEASE)).await;
    let closed = stage.queued("closed").await;
    let long = sample_review(&stage.scene, "long");
    let long = stage.queued_as(&NewReview { within: TimeDelta::hours(3), ..long }).await;

    stage.clock.set(approved.expires_at - TimeDelta::seconds(1));
    expect_unsettled(&stage, &[&approved]).await;
    stage.clock.set(long.created_at + TimeDelta::hours(2));
    stage.moved(&closed, ReviewMove::Expire).await;
    expect_unsettled(&stage, &[&approved, &elsewhere, &claimed, &deferred]).await;
}

/// Looks at all pages of what is unsettled, and at what is this case's: the queue may be shared.
async fn expect_unsettled<P: GivesReviews>(stage: &Stage<'_, P>, expected: &[&Review]) {
    let mut expected: Vec<_> = expected.iter().map(|review| (*review).clone()).collect();
    expected.sort_by_key(|review| review.id);
    for limit in [1, 3, 1_000] {
        let mut found: Vec<Review> = Vec::new();
        for _ in tries(PAGES, "the last page") {
            let after = found.last().map(|review| review.id);
            let page = stage.stores.reviews().unsettled(ReviewPage { after, limit }).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert!(found.is_sorted_by_key(|review| review.id));
        found.retain(|review| review.campaign == Some(stage.scene.campaign));
        assert_eq!(found, expected, "in pages of {limit}");
    }
}
