//! A small sequential model of the review queue, and histories to compare a queue with it.
//!
//! The model is written from the contract of [`ReviewQueue`](chimera_governance::review::ReviewQueue), not from
//! [`step`](chimera_governance::review::step), so that a mistake there shows. It knows two processes, three reviews, three
//! reviewers, and that one of them asked for one of the reviews. Beside it, four laws are checked that need no model:
//! a review is decided once, what has expired is never approved, nobody decides about their own request, and each change
//! left one event.

mod history;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera_audit::{Entry, EventType, LedgerQuery, Page};
use chimera_contracts::{Clock as _, Digest, Namespace};
use chimera_governance::review::{
    Edit, Enqueued, NewReview, Review, ReviewDenial, ReviewMove, ReviewPage, ReviewQuery, ReviewState,
    ReviewStep, Stepped,
};
use chimera_governance::{Decision, Verdict};
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::TestClock;
use crate::conformance::{StoreFactory, Stores};
use crate::scene::{Scene, decision_about, reviewer, sample_review};
pub use history::{Act, Op, Say, View, history};
use rules::{Modelled, Why};

/// How many reviews there are.
const REVIEWS: usize = 3;
/// How many processes there are.
const OPENERS: usize = 2;
/// Who reviews.
const REVIEWERS: [&str; 3] = ["ann", "bob", "cleo"];
/// Who asked for which review; one of the reviewers did.
const ASKED: [&str; REVIEWS] = ["planner", "ann", "planner"];
/// How urgent each review is.
const PRIORITIES: [u8; REVIEWS] = [4, 7, 4];
/// How long a review may wait.
const WITHIN: TimeDelta = TimeDelta::seconds(60);

/// A queue beside its model.
struct Check<'a> {
    factory: &'a dyn StoreFactory,
    clock: Arc<TestClock>,
    scene: Scene,
    openers: Vec<Option<Stores>>,
    model: BTreeMap<usize, Modelled>,
    /// How many changes were answered: each one left an event.
    changes: usize,
}

/// Plays a history on a fresh state of the store, and compares it with the model after every operation.
///
/// # Panics
/// When the queue is not as the model says, or a law is broken.
pub async fn check_history(factory: &dyn StoreFactory, history: &[Op]) {
    let mut check = Check::open(factory).await;
    for (number, op) in history.iter().enumerate() {
        let said = format!("operation {number}, {op:?}");
        check.play(*op, &said).await;
        check.compare(&format!("after {said}")).await;
    }
    check.count_events().await;
}

impl<'a> Check<'a> {
    async fn open(factory: &'a dyn StoreFactory) -> Self {
        let mut openers = Vec::new();
        for _ in 0..OPENERS {
            openers.push(Some(factory.open().await));
        }
        let (clock, scene) = (factory.clock(), Scene::named("model of reviews"));
        Self { factory, clock, scene, openers, model: BTreeMap::new(), changes: 0 }
    }

    fn stores(&self, opener: usize) -> &Stores {
        self.openers[opener % OPENERS].as_ref().expect("it is open")
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What is asked for in the place of a review; another content is another thing under the same id.
    fn asked(&self, place: usize, content: u8, refused: bool) -> NewReview {
        let new = sample_review(&self.scene, &place.to_string());
        NewReview {
            document: format!("{} {content}", new.document),
            requested_by: ASKED[place].to_owned(),
            priority: PRIORITIES[place],
            refused,
            within: WITHIN,
            ..new
        }
    }

    async fn play(&mut self, op: Op, said: &str) {
        match op {
            Op::Enqueue { opener, place, content, refused } => {
                self.enqueue(opener, place % REVIEWS, content, refused, said).await;
            }
            Op::Step { opener, place, act, view } => {
                self.step(opener, place % REVIEWS, act, view, said).await;
            }
            Op::Tick { seconds } => self.clock.advance(TimeDelta::seconds(seconds.into())),
            Op::Crash { opener } => {
                let dead = self.openers[opener % OPENERS].take().expect("it is open");
                self.openers[opener % OPENERS] = Some(self.factory.crash_and_reopen(dead).await);
            }
        }
    }

    async fn enqueue(&mut self, opener: usize, place: usize, content: u8, refused: bool, said: &str) {
        let new = self.asked(place, content, refused);
        let answer = self.stores(opener).reviews.enqueue(new).await.expect(said);
        let expected = self.model.get(&place).map(|known| known.content == content);
        let stored = self.stored(place).await.expect(said);
        let (answer, review) = match answer {
            Enqueued::Fresh(review) => (None, review),
            Enqueued::Known(review) => (Some(true), review),
            Enqueued::Conflict(review) => (Some(false), review),
            Enqueued::Admitted => panic!("{said}: no journal admits anything here"),
        };
        assert_eq!(answer, expected, "{said}");
        assert_eq!(*review, stored, "{said}");
        if expected.is_none() {
            self.changes += 1;
            let modelled = Modelled::queued(content, ASKED[place], PRIORITIES[place], refused, self.now());
            self.model.insert(place, modelled);
        }
    }

    async fn step(&mut self, opener: usize, place: usize, act: Act, view: View, said: &str) {
        let (now, before) = (self.now(), self.stored(place).await);
        let seen = before.clone().unwrap_or_else(|| self.never_queued(place));
        let version = match view {
            View::Current => seen.version,
            View::Before if seen.version > 0 => seen.version - 1,
            View::Before | View::Ahead => seen.version + 1,
        };
        let to = to_move(act, &seen, now);
        let step = ReviewStep { namespace: seen.namespace.clone(), id: seen.id, version, to: to.clone() };
        let answer = self.stores(opener).reviews.step(step).await.expect(said);
        let Some(model) = self.model.get_mut(&place) else {
            return assert_eq!(answer, Stepped::Missing, "{said}");
        };
        let denials = model.denials(act, now);
        match answer {
            Stepped::Stale(review) => {
                assert_ne!(version, model.version, "{said}");
                assert_eq!(Some(*review), before, "{said}");
            }
            Stepped::Denied(denial) => {
                assert_eq!(version, model.version, "{said}");
                assert!(
                    denials.contains(&why(&denial)),
                    "{said}: {denial:?}, where {denials:?} would be true"
                );
            }
            Stepped::Applied(after) => {
                assert_eq!(version, model.version, "{said}");
                assert!(denials.is_empty(), "{said} was applied, where {denials:?} is true");
                check_laws(&seen, &to, &after, now, said);
                model.apply(act, now);
                self.changes += 1;
            }
            Stepped::Missing => panic!("{said}: the review is there"),
        }
    }

    /// A review that a caller believes in and nobody queued.
    fn never_queued(&self, place: usize) -> Review {
        chimera_governance::review::enqueue(self.asked(place, 0, false), self.now()).review
    }

    async fn stored(&self, place: usize) -> Option<Review> {
        let new = self.asked(place, 0, false);
        self.stores(1).reviews.review(&new.namespace, new.id).await.expect("the queue is read")
    }

    /// Everything that can be read, from the other process.
    async fn compare(&self, said: &str) {
        let mut stored = BTreeMap::new();
        for place in 0..REVIEWS {
            let found = self.stored(place).await;
            let expected = self.model.get(&place).map(Modelled::expected);
            assert_eq!(found.as_ref().map(Modelled::seen), expected, "{said}, review {place}");
            stored.extend(found.map(|review| (place, review)));
        }
        let reviews = &self.stores(0).reviews;
        let (now, page) = (self.now(), ReviewPage { after: None, limit: 100 });
        let query = ReviewQuery { namespace: Namespace::default(), ..ReviewQuery::default() };
        let listed = reviews.list(&query, page).await.expect(said);
        assert_eq!(listed, self.expected(&stored, |_| true), "{said}");
        let ready = ReviewQuery { ready_at: Some(now), ..query };
        let ready = reviews.list(&ready, page).await.expect(said);
        assert_eq!(ready, self.expected(&stored, |model| model.ready(now)), "{said}");
        let mut unsettled = self.expected(&stored, |model| model.unsettled(now));
        unsettled.sort_by_key(|review| review.id);
        assert_eq!(reviews.unsettled(page).await.expect(said), unsettled, "{said}");
    }

    /// The reviews that fit, in the order of a listing.
    fn expected(&self, stored: &BTreeMap<usize, Review>, fits: impl Fn(&Modelled) -> bool) -> Vec<Review> {
        let places = self.model.iter().filter(|(_, model)| fits(model));
        let mut found: Vec<_> = places.map(|(place, model)| (model.rank(), stored[place].clone())).collect();
        found.sort_by_key(|(rank, review)| (*rank, review.id));
        found.into_iter().map(|(_, review)| review).collect()
    }

    /// Each change left one event, and no review has two decisions.
    async fn count_events(&self) {
        assert_eq!(self.events(None).await.len(), self.changes);
        let mut decisions = self.events(Some("governance.review.approved")).await;
        decisions.extend(self.events(Some("governance.review.rejected")).await);
        for place in 0..REVIEWS {
            let id = self.asked(place, 0, false).id.to_string();
            let about = |entry: &&Entry| String::from_utf8_lossy(&entry.leaf).contains(&id);
            assert!(decisions.iter().filter(about).count() <= 1, "review {place} was decided twice");
        }
    }

    async fn events(&self, kind: Option<&'static str>) -> Vec<Entry> {
        let correlation = Some(self.scene.correlation);
        let query = LedgerQuery { correlation, kind: kind.map(EventType::of), ..LedgerQuery::default() };
        let page = Page { from: 0, limit: 100_000 };
        self.stores(0).reader.find(&query, page).await.expect("the ledger is read")
    }
}

/// What has to be so whatever the model says.
fn check_laws(before: &Review, to: &ReviewMove, after: &Review, now: DateTime<Utc>, said: &str) {
    assert_eq!(after.version, before.version + 1, "{said}");
    if let Some(decision) = &before.decision {
        assert_eq!(after.decision.as_ref(), Some(decision), "{said}: another decision");
    }
    if let ReviewMove::Decide { decision, .. } = to {
        assert!(before.decision.is_none(), "{said}: a second decision");
        assert_ne!(decision.approver.id, before.requested_by, "{said}: about their own request");
    }
    if matches!(after.state, ReviewState::Approved | ReviewState::Executed) {
        assert_ne!(before.state, ReviewState::Expired, "{said}: what has expired is approved");
        assert!(before.decision.is_some() || now < before.expires_at, "{said}: approved too late");
    }
}

fn to_move(act: Act, review: &Review, now: DateTime<Utc>) -> ReviewMove {
    let person = |number: usize| reviewer(REVIEWERS[number % REVIEWERS.len()]);
    let span = |seconds: u8| TimeDelta::seconds(seconds.into());
    match act {
        Act::Claim { by, seconds } => ReviewMove::Claim { reviewer: person(by), lease: span(seconds) },
        Act::Release { by } => ReviewMove::Release { reviewer: person(by) },
        Act::Escalate { by } => ReviewMove::Escalate { reviewer: person(by) },
        Act::Defer { by, seconds } => ReviewMove::Defer { reviewer: person(by), until: now + span(seconds) },
        Act::Decide { by, say, holds } => {
            let verdict = match say {
                Say::Approve | Say::Elsewhere => Verdict::Approve,
                Say::Edit => Verdict::ApproveWithEdit,
                Say::Reject => Verdict::Reject,
                Say::Nothing => Verdict::Defer,
            };
            let edit = (say == Say::Edit).then(|| edit(review));
            let decision = decision_about(review, &person(by), verdict, edit.as_ref(), now);
            let expires_at = holds.map(|seconds| now + span(seconds));
            let artifact = if say == Say::Elsewhere { "another".to_owned() } else { decision.artifact };
            ReviewMove::Decide { decision: Decision { expires_at, artifact, ..decision }, edit }
        }
        Act::Expire => ReviewMove::Expire,
        Act::Cancel => ReviewMove::Cancel,
        Act::Execute => ReviewMove::Execute,
    }
}

fn edit(review: &Review) -> Edit {
    let document = format!("{} edited", review.document);
    Edit { subject: Digest::of(document.as_bytes()), document, diff: "+ edited".to_owned() }
}

fn why(denial: &ReviewDenial) -> Why {
    match denial {
        ReviewDenial::Held { .. } => Why::Held,
        ReviewDenial::NotHeld => Why::NotHeld,
        ReviewDenial::OwnRequest => Why::OwnRequest,
        ReviewDenial::Expired => Why::Expired,
        ReviewDenial::NotExpired => Why::NotExpired,
        ReviewDenial::Settled(_) => Why::Settled,
        ReviewDenial::Unfit(_) => Why::Unfit,
        ReviewDenial::Unnamed => unreachable!("every reviewer here has a name"),
        ReviewDenial::Admitted => unreachable!("no journal admits anything here"),
    }
}
