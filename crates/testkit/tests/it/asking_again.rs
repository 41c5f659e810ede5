//! The queue and the limits, cut at every call: whatever was lost, asking again tells, and nothing happens twice.

use std::future::Future;
use std::sync::Arc;

use chimera_audit::{LedgerQuery, Page};
use chimera_contracts::{Clock, PlatformName, StoreError, derive_uuid};
use chimera_effect::EffectKind;
use chimera_governance::review::{Review, ReviewPage, ReviewState};
use chimera_governance::{DeskError, ReviewDesk, Terms};
use chimera_platform::limits::{Permit, RateKey, RateLimit};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Action, Cut, Memory, MemoryStore, Scene, TestClock, TestEntropy, block_on, reviewer, run_until_cut,
    sample_review,
};
use chrono::TimeDelta;

const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Everything that outlives a process.
struct Outside {
    clock: Arc<dyn Clock>,
    store: MemoryStore,
    scene: Scene,
}

impl Outside {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
        let store = Memory::new(Arc::clone(&clock), Arc::new(TestEntropy::seeded(11))).open();
        Self { clock, store, scene: Scene::named("asking again") }
    }

    /// What a skill, a reviewer and a worker do, from wherever they were interrupted.
    async fn review(&self, stores: &Stores, cut: &Cut) -> Result<(), DeskError> {
        let queue = cut.reviews(Arc::clone(&stores.reviews));
        let approvals = cut.approvals(Arc::clone(&stores.approvals));
        let desk = ReviewDesk::new(Arc::clone(&queue), approvals, Arc::clone(&self.clock));
        let new = sample_review(&self.scene, "first");
        let (namespace, id, ann) = (new.namespace.clone(), new.id, reviewer("ann"));
        queue.enqueue(new).await?;
        if desk.review(&namespace, id).await?.state == ReviewState::Waiting {
            desk.claim(&namespace, id, &ann, LEASE).await?;
        }
        if desk.review(&namespace, id).await?.state == ReviewState::Claimed {
            let terms = Terms { also: [].into(), holds: LEASE, spec_version: None };
            desk.approve(&namespace, id, &ann, terms).await?;
        }
        for approved in desk.unsettled(ReviewPage { after: None, limit: 10 }).await?.0 {
            desk.settle(&approved).await?;
            desk.hand_over(&approved).await?;
        }
        Ok(())
    }

    /// One review, one decision that both ports know, and one event for each step, however often anything was asked.
    async fn check(&self, said: &str) {
        let stores = Stores::of(Arc::new(self.store.backend().memory().open()));
        let new = sample_review(&self.scene, "first");
        let stored: Option<Review> = stores.reviews.review(&new.namespace, new.id).await.unwrap();
        let stored = stored.expect(said);
        assert_eq!((stored.state, stored.version), (ReviewState::Executed, 3), "{said}");
        let known = stores.approvals.about_effect(&new.namespace, &new.subject).await.unwrap();
        let known: Vec<_> = known.into_iter().map(|standing| standing.decision).collect();
        assert_eq!(known, [stored.decision.expect(said)], "{said}");
        let query = LedgerQuery { correlation: Some(self.scene.correlation), ..LedgerQuery::default() };
        let events = stores.reader.find(&query, Page { from: 0, limit: 100 }).await.unwrap();
        assert_eq!(events.len(), 4, "{said}: queued, claimed, approved, executed");
    }
}

/// Cuts a run at each of its points in each manner, runs it again uncut, and looks at what is there.
async fn cut_everywhere<F, E>(run: impl Fn(Arc<Outside>, Cut) -> F, look: impl AsyncFn(&Outside, &str))
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Debug,
{
    let counted = Cut::never();
    run(Arc::new(Outside::new()), counted.clone()).await.unwrap();
    assert!(counted.count() > 0);
    for number in 0..counted.count() {
        for action in [Action::Stop, Action::Fail] {
            let (outside, cut) = (Arc::new(Outside::new()), Cut::at(number, action));
            let said = format!("{action:?} at {number}");
            // What the first run came to is lost with it.
            let _ = run_until_cut(run(Arc::clone(&outside), cut.clone()), &cut).await;
            assert!(cut.was_reached(), "{said}");
            run(Arc::clone(&outside), Cut::never()).await.expect(&said);
            look(&outside, &said).await;
        }
    }
}

#[test]
fn a_review_is_decided_and_handed_over_once() {
    block_on(cut_everywhere(
        |outside, cut| async move {
            outside.review(&Stores::of(Arc::new(outside.store.backend().memory().open())), &cut).await
        },
        async |outside, said| outside.check(said).await,
    ));
}

/// Five likes in five minutes.
const LIMIT: RateLimit = RateLimit { count: 5, window: LEASE };

impl Outside {
    async fn like(&self, stores: Stores, cut: &Cut, by: &str) -> Result<Permit, StoreError> {
        let key = RateKey {
            namespace: self.scene.namespace.clone(),
            platform: PlatformName::Twitter,
            account: "account".to_owned(),
            kind: EffectKind::Like,
        };
        cut.limits(stores.limits).take(&key, LIMIT, derive_uuid("test", &[by.as_bytes()])).await
    }
}

#[test]
fn a_permit_is_taken_once() {
    block_on(cut_everywhere(
        |outside, cut| async move {
            let permit = outside
                .like(Stores::of(Arc::new(outside.store.backend().memory().open())), &cut, "ours")
                .await?;
            assert_eq!(permit, Permit::Taken { used: 1 });
            Ok::<_, StoreError>(())
        },
        async |outside, said| {
            let next = outside
                .like(Stores::of(Arc::new(outside.store.backend().memory().open())), &Cut::never(), "theirs")
                .await;
            assert_eq!(next.unwrap(), Permit::Taken { used: 2 }, "{said}");
        },
    ));
}
