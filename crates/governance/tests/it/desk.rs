//! The desk: who may decide, what a decision says, who was first, and what a crash leaves behind (GOV-01, GOV-07, GOV-08).

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock, Digest, ErrorCode, Namespace, ReviewId, StoreError};
use chimera_governance::review::{
    Edit, Enqueued, NewReview, Review, ReviewDenial, ReviewMove, ReviewPage, ReviewQuery, ReviewQueue,
    ReviewState, ReviewStep, Stepped,
};
use chimera_governance::{
    ApprovalStore, Approver, ApproverRole, Decision, Denial, DeskError, GateError, Recorded, ReviewDesk,
    Ruling, Terms, Verdict,
};
use chimera_testkit::{Action, Cut, MemoryStore, TestClock, block_on, run_until_cut};
use chrono::TimeDelta;

use crate::world::{LEASE, World, in_role, person, sample, terms};

const NOT_YET: Result<(), GateError> = Err(GateError::Denied(Denial::Unknown));

fn edit_of(review: &Review) -> Edit {
    let document = review.document.replace("text", "words");
    Edit { subject: Digest::of(document.as_bytes()), document, diff: "-text\n+words\n".to_owned() }
}

#[test]
fn an_approval_lists_what_was_shown_and_what_goes_with_it() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let also = Digest::of(b"the effect of a bundle");
    let (namespace, id) = (&review.namespace, review.id);
    assert_eq!(world.gate(review.subject, "a", None), NOT_YET);

    let terms = Terms { also: [also].into(), spec_version: Some("1.2.0".to_owned()), ..terms() };
    let decided = block_on(world.desk().approve(namespace, id, &person("ann"), terms)).unwrap();

    let now = world.clock.now();
    let expected = Decision {
        id: review.decision_id(),
        namespace: Namespace::default(),
        artifact: "a".to_owned(),
        verdict: Verdict::Approve,
        approver: person("ann"),
        requested_by: Some("planner".to_owned()),
        agent: None,
        decided_at: now,
        expires_at: Some(now + TimeDelta::hours(1)),
        revoked_at: None,
        effects: [review.subject, also].into(),
        confidence: None,
        spec_version: Some("1.2.0".to_owned()),
        takes_back: false,
    };
    assert_eq!((decided.state, decided.decision.as_ref()), (ReviewState::Approved, Some(&expected)));
    let standing = block_on(world.store.decision(namespace, expected.id, &also)).unwrap().unwrap();
    assert_eq!(standing.decision, expected);
    assert_eq!(world.gate(review.subject, "a", Some(expected.id)), Ok(()));
    assert_eq!(world.gate(also, "a", None), Ok(()));
    world.later(TimeDelta::hours(1));
    assert_eq!(world.gate(also, "a", None), Err(GateError::Denied(Denial::Expired)));
}

#[test]
fn an_edit_approves_what_was_made_of_it_and_not_what_it_was() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let edit = edit_of(&review);
    let desk = world.desk();
    let both = Terms { also: [review.subject].into(), ..terms() };
    let denied =
        block_on(desk.approve_edited(&review.namespace, review.id, &person("ann"), edit.clone(), both));
    assert!(matches!(denied, Err(DeskError::Denied(ReviewDenial::Unfit(_)))), "{denied:?}");
    assert_eq!(world.stored(&review).decision, None);

    let edited =
        block_on(desk.approve_edited(&review.namespace, review.id, &person("ann"), edit.clone(), terms()));
    let edited = edited.unwrap();
    assert_eq!((edited.current_document(), edited.current_subject()), (edit.document.as_str(), edit.subject));
    assert_eq!((&edited.document, edited.edit.as_ref()), (&review.document, Some(&edit)), "both stay");
    assert_eq!(world.gate(edit.subject, "a", None), Ok(()));
    assert_eq!(world.gate(review.subject, "a", None), Err(GateError::Denied(Denial::ContentMismatch)));
}

#[test]
fn a_rejection_is_a_decision_that_permits_nothing() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let rejected = block_on(world.desk().reject(&review.namespace, review.id, &person("ann"))).unwrap();
    assert_eq!(rejected.state, ReviewState::Rejected);
    assert_eq!(world.gate(review.subject, "a", None), Err(GateError::Denied(Denial::NotGranted)));
}

#[test]
fn who_may_not_decide_is_told_why() {
    let world = World::new();
    let (desk, ann, ben) = (world.desk(), person("ann"), person("ben"));
    let (waiting, held) = (world.waiting("waiting"), world.claimed("held", &ann));
    let approve =
        |review: &Review, by: &Approver| block_on(desk.approve(&review.namespace, review.id, by, terms()));

    assert_eq!(approve(&waiting, &ann), Err(DeskError::Denied(ReviewDenial::NotHeld)));
    let until = world.clock.now() + LEASE;
    let denied = approve(&held, &ben).unwrap_err();
    assert_eq!(denied, DeskError::Denied(ReviewDenial::Held { holder: ann.clone(), until }));
    assert_eq!(denied.first(), Some(&ann));
    // The same name in another role is another reviewer.
    let judge = in_role("ann", ApproverRole::Judge);
    assert!(matches!(approve(&held, &judge), Err(DeskError::Denied(ReviewDenial::Held { .. }))));
    let claim =
        |review: &Review, by: &Approver| block_on(desk.claim(&review.namespace, review.id, by, LEASE));
    let own = claim(&waiting, &person("planner"));
    assert_eq!(own, Err(DeskError::Denied(ReviewDenial::OwnRequest)));
    let other = block_on(desk.approve(&"other".parse().unwrap(), held.id, &ann, terms()));
    assert_eq!(other, Err(DeskError::Missing));

    world.later(LEASE);
    assert_eq!(approve(&held, &ann), Err(DeskError::Denied(ReviewDenial::NotHeld)), "the claim lapsed");
    world.later(TimeDelta::hours(2));
    assert_eq!(claim(&held, &ann), Err(DeskError::Denied(ReviewDenial::Expired)));
    assert_eq!(world.stored(&held).decision, None);
    assert_eq!(world.gate(held.subject, "held", None), NOT_YET);
}

/// The sample reviews are asked for by `planner`.
#[test]
fn a_reviewer_is_who_they_are_in_every_spelling() {
    let world = World::new();
    let desk = world.desk();
    let waiting = world.waiting("waiting");
    let claim =
        |review: &Review, by: &str| block_on(desk.claim(&review.namespace, review.id, &person(by), LEASE));
    for asker in ["PLANNER", "planner ", "pl\u{430}nner", "plan\u{200b}ner", "\u{ff50}lanner"] {
        assert_eq!(claim(&waiting, asker), Err(DeskError::Denied(ReviewDenial::OwnRequest)), "{asker:?}");
    }
    for nobody in ["", " ", "\u{200b}"] {
        let denied = claim(&waiting, nobody);
        assert_eq!(denied, Err(DeskError::Denied(ReviewDenial::Unnamed)), "{nobody:?}");
    }
    assert_eq!(ReviewDenial::Unnamed.code(), ErrorCode::AuthzFailure);

    // Another spelling goes on with the claim; another person does not.
    let held = claim(&waiting, "ann@example.com").unwrap();
    let held = claim(&held, "Ann@Example.com ").unwrap();
    let approve = |by: &str| block_on(desk.approve(&held.namespace, held.id, &person(by), terms()));
    for other in ["anna@example.com", "ben@example.com"] {
        assert!(matches!(approve(other), Err(DeskError::Denied(ReviewDenial::Held { .. }))), "{other}");
    }
    let decided = approve("ANN@example.com").unwrap();
    // The decision names them as the host did.
    assert_eq!(decided.decision.unwrap().approver, person("ANN@example.com"));
    assert_eq!(world.gate(held.subject, "waiting", None), Ok(()));
}

/// A desk whose clock runs ahead of the queue's.
#[test]
fn a_decision_from_the_future_is_no_step() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let ahead = TestClock::manual();
    ahead.set(world.clock.now() + TimeDelta::seconds(1));
    let desk = ReviewDesk::new(world.store.clone(), world.store.clone(), Arc::new(ahead));
    let early = block_on(desk.approve(&review.namespace, review.id, &person("ann"), terms()));
    assert!(matches!(early, Err(DeskError::Denied(ReviewDenial::Unfit(_)))), "{early:?}");
    assert_eq!(world.stored(&review).decision, None);
}

#[test]
fn a_policy_decides_nothing_here_even_where_it_holds_the_review() {
    let world = World::new();
    let (desk, policy) = (world.desk(), in_role("seed@1", ApproverRole::Policy));
    let review = world.waiting("a");
    let (namespace, id) = (&review.namespace, review.id);
    let refused = DeskError::Role(ApproverRole::Policy);
    assert_eq!(block_on(desk.claim(namespace, id, &policy, LEASE)), Err(refused.clone()));

    let to = ReviewMove::Claim { reviewer: policy.clone(), lease: LEASE };
    let step = ReviewStep { namespace: namespace.clone(), id, version: review.version, to };
    assert!(matches!(block_on(world.store.step(step)).unwrap(), Stepped::Applied(_)));
    assert_eq!(block_on(desk.approve(namespace, id, &policy, terms())), Err(refused.clone()));
    assert_eq!(
        block_on(desk.approve_edited(namespace, id, &policy, edit_of(&review), terms())),
        Err(refused.clone())
    );
    assert_eq!(block_on(desk.reject(namespace, id, &policy)), Err(refused));
    assert_eq!(world.gate(review.subject, "a", None), NOT_YET);

    let judge = in_role("judge-1", ApproverRole::Judge);
    block_on(desk.release(namespace, id, &policy)).unwrap();
    block_on(desk.claim(namespace, id, &judge, LEASE)).unwrap();
    let decided = block_on(desk.approve(namespace, id, &judge, terms())).unwrap();
    assert_eq!(decided.decision.unwrap().approver, judge);
}

/// A queue in which somebody else takes a step right after a review was read.
#[derive(Debug)]
struct Racing {
    inner: Arc<MemoryStore>,
    then: Mutex<Vec<ReviewMove>>,
}

#[async_trait]
impl ReviewQueue for Racing {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        self.inner.enqueue(new).await
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        self.inner.step(step).await
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        let found = self.inner.review(namespace, id).await?;
        let others: Vec<_> = self.then.lock().unwrap().drain(..).collect();
        let from = found.as_ref().map_or(0, |review| review.version);
        for (version, to) in (from..).zip(others) {
            let moved = self.inner.step(ReviewStep { namespace: namespace.clone(), id, version, to }).await?;
            assert!(matches!(moved, Stepped::Applied(_)), "{moved:?}");
        }
        Ok(found)
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.inner.list(query, page).await
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.inner.unsettled(page).await
    }
}

#[test]
fn who_comes_second_learns_who_was_first() {
    let world = World::new();
    let (ann, ben) = (person("ann"), person("ben"));
    let after = |then| {
        let queue = Racing { inner: world.store.clone(), then: Mutex::new(then) };
        world.desk_over(Arc::new(queue), world.store.clone())
    };
    let claimed = world.waiting("claimed by two");
    let desk = after(vec![ReviewMove::Claim { reviewer: ann.clone(), lease: LEASE }]);
    let stale = block_on(desk.claim(&claimed.namespace, claimed.id, &ben, LEASE)).unwrap_err();
    assert!(matches!(stale, DeskError::Stale(_)), "{stale}");
    assert_eq!(stale.first(), Some(&ann));

    // The claim of one lapses while the other takes the review and decides.
    let decided = world.claimed("decided by two", &ben);
    let lapsed = world.stored(&decided);
    world.later(LEASE);
    let taken = block_on(world.desk().claim(&lapsed.namespace, lapsed.id, &ann, LEASE)).unwrap();
    let rejected = block_on(world.desk().reject(&taken.namespace, taken.id, &ann)).unwrap();
    let mut late = rejected.decision.clone().unwrap();
    late = Decision { id: lapsed.decision_id(), approver: ben, verdict: Verdict::Approve, ..late };
    let to = ReviewMove::Decide { decision: late, edit: None };
    let step = ReviewStep { namespace: lapsed.namespace, id: lapsed.id, version: lapsed.version, to };
    let Stepped::Stale(found) = block_on(world.store.step(step)).unwrap() else { panic!("it was decided") };
    assert_eq!(DeskError::Stale(found).first(), Some(&ann));
    assert_eq!(
        world.gate(rejected.subject, "decided by two", None),
        Err(GateError::Denied(Denial::NotGranted))
    );
}

#[test]
fn a_crash_between_decision_and_record_is_mended_by_settling() {
    let uncut = Cut::never();
    run(&uncut);
    let points = uncut.count();
    assert_eq!(points, 10, "two around each of five calls: read, claim, read, decide, record");
    for number in 0..points {
        for action in [Action::Stop, Action::Fail] {
            let cut = Cut::at(number, action);
            let (world, review) = run(&cut);
            assert!(cut.was_reached(), "{number} {action:?}");
            let stored = world.stored(&review);
            let recorded = block_on(world.store.knows_artifact(&review.namespace, "a")).unwrap();
            assert!(!recorded || stored.state == ReviewState::Approved, "{number}: recorded and not decided");
            // Whoever executes settles first, as often as it likes.
            block_on(world.desk().settle(&stored)).unwrap();
            block_on(world.desk().settle(&stored)).unwrap();
            let expected = if stored.state == ReviewState::Approved { Ok(()) } else { NOT_YET };
            assert_eq!(world.gate(review.subject, "a", None), expected, "{number} {action:?}");
            let decided = world.told("governance.review.approved").len();
            assert_eq!(decided, usize::from(stored.state == ReviewState::Approved), "{number} {action:?}");
        }
    }
}

#[test]
fn settling_tells_of_a_decision_that_is_not_this_one() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let decided =
        block_on(world.desk().approve(&review.namespace, review.id, &person("ann"), terms())).unwrap();
    let other = Decision { artifact: "b".to_owned(), ..decided.decision.clone().unwrap() };
    let forged = Review { decision: Some(other), ..decided.clone() };
    assert_eq!(block_on(world.desk().settle(&forged)), Err(DeskError::Conflict));
    assert_eq!(block_on(world.desk().settle(&decided)), Ok(()));
    assert_eq!(block_on(world.desk().settle(&world.waiting("open"))), Ok(()), "nothing to record");
}

#[test]
fn an_approval_never_holds_for_ever_by_overflow() {
    let world = World::new();
    for (name, holds) in
        [("max", TimeDelta::MAX), ("none", TimeDelta::zero()), ("past", TimeDelta::seconds(-1))]
    {
        let review = world.claimed(name, &person("ann"));
        let terms = Terms { holds, ..terms() };
        let decided =
            block_on(world.desk().approve(&review.namespace, review.id, &person("ann"), terms)).unwrap();
        assert!(decided.decision.unwrap().expires_at.is_some(), "{name}");
        assert_eq!(world.gate(review.subject, name, None), Err(GateError::Denied(Denial::Expired)), "{name}");
    }
}

#[test]
fn time_closes_what_nobody_decided_and_what_nobody_executed() {
    let world = World::new();
    let desk = world.desk();
    let names = ["a", "b", "c", "d"].map(|name| world.waiting(name));
    let late = world.enqueue(NewReview { within: TimeDelta::days(1), ..sample("late") });
    let approved = world.claimed("approved", &person("ann"));
    let terms = Terms { holds: TimeDelta::days(2), ..terms() };
    block_on(desk.approve(&approved.namespace, approved.id, &person("ann"), terms)).unwrap();
    assert_eq!(block_on(desk.expire_due(10)), Ok(0));

    world.later(TimeDelta::hours(2));
    assert_eq!(block_on(desk.expire_due(3)), Ok(3));
    assert_eq!(block_on(desk.expire_due(3)), Ok(1));
    assert_eq!(block_on(desk.expire_due(3)), Ok(0));
    for review in &names {
        assert_eq!(world.stored(review).state, ReviewState::Expired);
        assert_eq!(world.gate(review.subject, &review.artifact, None), NOT_YET, "expiry never approves");
    }
    assert_eq!(world.stored(&late).state, ReviewState::Waiting);

    let page = ReviewPage { after: None, limit: 10 };
    let (unsettled, next) = block_on(desk.unsettled(page)).unwrap();
    assert_eq!((unsettled.len(), unsettled[0].id, next), (1, approved.id, Some(approved.id)));
    assert_eq!(block_on(desk.unsettled(ReviewPage { after: next, ..page })), Ok((vec![], None)), "the end");
    world.later(TimeDelta::days(2));
    assert_eq!(block_on(desk.unsettled(page)).unwrap().0, vec![]);
    for review in [&approved, &late] {
        assert_eq!(world.stored(review).state, ReviewState::Expired, "{}", review.artifact);
    }
}

#[test]
fn approved_reviews_do_not_keep_others_from_expiring() {
    let world = World::new();
    let desk = world.desk();
    for number in 0..150 {
        let review = world.claimed(&format!("approved {number}"), &person("ann"));
        let terms = Terms { holds: TimeDelta::days(2), ..terms() };
        block_on(desk.approve(&review.namespace, review.id, &person("ann"), terms)).unwrap();
    }
    let open: Vec<_> = (0..150).map(|number| world.waiting(&format!("open {number}"))).collect();
    world.later(TimeDelta::hours(2));
    assert_eq!(block_on(desk.expire_due(1_000)), Ok(open.len()));
}

#[test]
fn a_batch_is_one_decision_an_item() {
    let world = World::new();
    let (desk, ann) = (world.desk(), person("ann"));
    let one = world.waiting("one");
    let held = world.claimed("held", &person("ben"));
    let own = world.enqueue(NewReview { requested_by: "ann".to_owned(), ..sample("own") });
    let two = world.claimed("two", &ann);
    let missing = ReviewId::from_uuid(chimera_contracts::derive_uuid("test", &[b"missing"]));
    let ids = [one.id, held.id, own.id, missing, two.id];
    let ruling = Ruling::Approve { holds: TimeDelta::hours(1), spec_version: None };

    let ruled = block_on(desk.rule(&Namespace::default(), &ids, &ann, &ruling));

    assert_eq!(ruled.iter().map(|ruled| ruled.id).collect::<Vec<_>>(), ids);
    let said: Vec<_> = ruled.iter().map(|ruled| ruled.decided.as_ref().map(|review| review.state)).collect();
    assert_eq!((&said[0], &said[4]), (&Ok(ReviewState::Approved), &Ok(ReviewState::Approved)));
    assert!(matches!(said[1], Err(DeskError::Denied(ReviewDenial::Held { .. }))));
    assert_eq!(said[2], Err(&DeskError::Denied(ReviewDenial::OwnRequest)));
    assert_eq!(said[3], Err(&DeskError::Missing));
    let decisions = [&one, &two].map(|review| world.stored(review).decision.unwrap());
    assert_ne!(decisions[0].id, decisions[1].id);
    for (decision, review) in decisions.iter().zip([&one, &two]) {
        assert_eq!(decision.effects, [review.subject].into(), "each about its own");
    }
    assert_eq!(world.told("governance.review.approved").len(), 2);

    let three = world.waiting("three");
    let ruled = block_on(desk.rule(&Namespace::default(), &[three.id], &ann, &Ruling::Reject));
    assert_eq!(ruled[0].decided.as_ref().unwrap().state, ReviewState::Rejected);
}

#[test]
fn reviews_are_put_back_put_off_handed_on_and_taken_back() {
    let world = World::new();
    let (desk, ann, ben) = (world.desk(), person("ann"), person("ben"));
    let namespace = Namespace::default();
    let ready = || {
        let query = ReviewQuery { ready_at: Some(world.clock.now()), ..ReviewQuery::default() };
        let found = block_on(desk.list(&query, ReviewPage { after: None, limit: 10 })).unwrap();
        found.into_iter().map(|review| review.artifact).collect::<Vec<_>>()
    };
    let (first, second) = (world.claimed("first", &ann), world.claimed("second", &ann));
    let until = world.clock.now() + TimeDelta::minutes(30);

    assert_eq!(block_on(desk.escalate(&namespace, second.id, &ann)).unwrap().priority, 9);
    assert_eq!(ready(), ["second", "first"], "what was handed on goes first");
    block_on(desk.release(&namespace, first.id, &ann)).unwrap();
    block_on(desk.claim(&namespace, first.id, &ben, LEASE)).unwrap();
    block_on(desk.defer(&namespace, first.id, &ben, until)).unwrap();
    assert_eq!(ready(), ["second"]);
    world.clock.set(until);
    assert_eq!(ready(), ["second", "first"]);
    assert_eq!(block_on(desk.cancel(&namespace, first.id)).unwrap().state, ReviewState::Cancelled);
    let late = block_on(desk.claim(&namespace, first.id, &ben, LEASE));
    assert_eq!(late, Err(DeskError::Denied(ReviewDenial::Settled(ReviewState::Cancelled))));
}

#[test]
fn what_was_handed_over_is_not_gone_on_with() {
    let world = World::new();
    let review = world.claimed("a", &person("ann"));
    let desk = world.desk();
    let decided = block_on(desk.approve(&review.namespace, review.id, &person("ann"), terms())).unwrap();
    block_on(desk.hand_over(&decided)).unwrap();
    block_on(desk.hand_over(&decided)).unwrap();
    assert_eq!(world.stored(&review).state, ReviewState::Executed);
    let unsettled = block_on(desk.unsettled(ReviewPage { after: None, limit: 10 })).unwrap();
    assert_eq!(unsettled, (vec![], None));
    assert_eq!(block_on(world.store.record(decided.decision.unwrap())), Ok(Recorded::Already));
}

/// A claim and an approval over ports that are cut.
fn run(cut: &Cut) -> (World, Review) {
    let world = World::new();
    let review = world.waiting("a");
    let desk = world.desk_over(cut.reviews(world.store.clone()), cut.approvals(world.store.clone()));
    let decide = async {
        let ann = person("ann");
        if desk.claim(&review.namespace, review.id, &ann, LEASE).await.is_ok() {
            let _ = desk.approve(&review.namespace, review.id, &ann, terms()).await;
        }
    };
    block_on(run_until_cut(decide, cut));
    (world, review)
}
