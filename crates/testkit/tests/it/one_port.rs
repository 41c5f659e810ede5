//! A host that brings one port alone: written from its contract, held to its suite, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock as _, Money, Namespace, ReviewId, StoreError, StoreErrorKind};
use chimera_effect::{EffectJournal, EffectKind, Pauses};
use chimera_governance::review::{
    self, Changed, Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewState,
    ReviewStep, Stepped,
};
use chimera_governance::{Balance, Budget, BudgetScope};
use chimera_platform::limits::{self, Permit, RateKey, RateLimit, RateLimits, TakenPermit};
use chimera_testkit::conformance::{self, FollowedLedger, StoreFactory};
use chimera_testkit::{MemoryStore, TestClock, block_on};
use uuid::Uuid;

use crate::InMemory;
use crate::failing::fails;

/// What outlives the openers of one port, and the clock that they go by.
#[derive(Debug)]
struct Disk<S> {
    kept: Arc<Mutex<S>>,
    clock: Arc<TestClock>,
    faithful: bool,
}

impl<S: Default> Disk<S> {
    fn new() -> Self {
        Self { kept: Arc::default(), clock: Arc::new(TestClock::new()), faithful: true }
    }

    /// One whose port breaks a sentence of its contract.
    fn wrong() -> Self {
        Self { faithful: false, ..Self::new() }
    }

    fn opener(&self) -> Opener<S> {
        Opener { kept: Arc::clone(&self.kept), clock: Arc::clone(&self.clock), faithful: self.faithful }
    }
}

#[derive(Debug)]
struct Opener<S> {
    kept: Arc<Mutex<S>>,
    clock: Arc<TestClock>,
    faithful: bool,
}

/// A factory of this port over a disk.
macro_rules! opens {
    ($port:ident over $kept:ty) => {
        #[async_trait]
        impl StoreFactory<Arc<dyn $port>> for Disk<$kept> {
            async fn open(&self) -> Arc<dyn $port> {
                Arc::new(self.opener())
            }

            async fn crash_and_reopen(&self, dead: Arc<dyn $port>) -> Arc<dyn $port> {
                drop(dead);
                Arc::new(self.opener())
            }

            fn clock(&self) -> Arc<TestClock> {
                Arc::clone(&self.clock)
            }
        }
    };
}

type Balances = HashMap<BudgetScope, Balance>;
type Reviews = Vec<Review>;
type Permits = HashMap<RateKey, Vec<TakenPermit>>;

opens!(Budget over Balances);
opens!(ReviewQueue over Reviews);
opens!(RateLimits over Permits);

#[async_trait]
impl Budget for Opener<Balances> {
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let balance = kept.entry(scope.clone()).or_insert(Balance::new(limit));
        if self.faithful && balance.limit.currency != limit.currency {
            return Err(StoreError::not_applied(StoreErrorKind::Misuse, "another currency"));
        }
        balance.limit = limit;
        Ok(())
    }

    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError> {
        Ok(self.kept.lock().unwrap().get(scope).copied())
    }
}

#[async_trait]
impl ReviewQueue for Opener<Reviews> {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        if let Some(known) = kept.iter().find(|known| is(known, &new.namespace, new.id)) {
            let same = new.same_as(known);
            let known = Box::new(known.clone());
            return Ok(if same { Enqueued::Known(known) } else { Enqueued::Conflict(known) });
        }
        let Changed { review, .. } = review::enqueue(new, self.clock.now());
        kept.push(review.clone());
        Ok(Enqueued::Fresh(Box::new(review)))
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let Some(known) = kept.iter_mut().find(|known| is(known, &step.namespace, step.id)) else {
            return Ok(Stepped::Missing);
        };
        if known.version != step.version {
            return Ok(Stepped::Stale(Box::new(known.clone())));
        }
        Ok(match review::step(known, &step.to, false, self.clock.now()) {
            Ok(Changed { review, .. }) => {
                *known = review.clone();
                Stepped::Applied(Box::new(review))
            }
            Err(denial) => Stepped::Denied(denial),
        })
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        Ok(self.kept.lock().unwrap().iter().find(|known| is(known, namespace, id)).cloned())
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let mut listed = self.kept.lock().unwrap().clone();
        listed.retain(|review| self.is_listed(query, review));
        listed.sort_by_key(|review| (std::cmp::Reverse(review.priority), review.created_at, review.id));
        Ok(paged(listed, page))
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let mut found = self.kept.lock().unwrap().clone();
        let now = self.clock.now();
        let expired = |review: &Review| review.state.open() && review.expires_at <= now;
        found.retain(|review| review.state == ReviewState::Approved || expired(review));
        found.sort_by_key(|review| review.id);
        Ok(paged(found, page))
    }
}

impl Opener<Reviews> {
    fn is_listed(&self, query: &ReviewQuery, review: &Review) -> bool {
        let ready = query.ready_at.is_none_or(|at| {
            // The wrong one takes a time to say nothing of states.
            (review.state.open() || !self.faithful)
                && review.expires_at > at
                && review.deferred_until.is_none_or(|until| until <= at)
        });
        ready
            && review.namespace == query.namespace
            && (query.states.is_empty() || query.states.contains(&review.state))
            && query.skill.is_none_or(|skill| review.skill == skill)
            && query.campaign.is_none_or(|campaign| review.campaign == Some(campaign))
    }
}

fn is(review: &Review, namespace: &Namespace, id: ReviewId) -> bool {
    review.namespace == *namespace && review.id == id
}

fn paged(reviews: Vec<Review>, page: ReviewPage) -> Vec<Review> {
    let begin = page.after.map_or(0, |after| {
        reviews.iter().position(|review| review.id == after).map_or(reviews.len(), |place| place + 1)
    });
    reviews.into_iter().skip(begin).take(page.limit).collect()
}

#[async_trait]
impl RateLimits for Opener<Permits> {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let log = kept.entry(key.clone()).or_default();
        let (permit, log_now) = limits::take(log, limit, by, self.clock.now());
        *log = log_now;
        Ok(permit)
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        // The wrong one gives back whatever was taken under another kind, too.
        let all = EffectKind::Like;
        let mut kept = self.kept.lock().unwrap();
        let key = if self.faithful { key.clone() } else { RateKey { kind: all, ..key.clone() } };
        if let Some(log) = kept.get_mut(&key) {
            log.retain(|permit| permit.by != by);
        }
        Ok(())
    }
}

#[test]
fn a_budget_in_a_map_keeps_its_contract() {
    block_on(conformance::budget::all(&Disk::<Balances>::new()));
}

#[test]
fn a_queue_in_a_list_keeps_its_contract() {
    block_on(conformance::reviews::all(&Disk::<Reviews>::new()));
    for case in conformance::reviews::cases() {
        block_on(case.run(&Disk::<Reviews>::new()));
    }
}

#[test]
fn permits_in_a_map_keep_their_contract() {
    block_on(conformance::limits::all(&Disk::<Permits>::new()));
}

#[test]
fn what_breaks_a_sentence_fails_its_case() {
    fails(
        conformance::budget::cases(),
        &Disk::<Balances>::wrong(),
        &["a_limit_in_another_currency_is_misuse"],
    );
    fails(
        conformance::reviews::cases(),
        &Disk::<Reviews>::wrong(),
        &["reviews_are_listed_when_they_can_be_decided", "a_time_without_states_lists_what_is_open"],
    );
    fails(conformance::limits::cases(), &Disk::<Permits>::wrong(), &["what_is_given_back_is_free"]);
}

/// The store in memory, of which a host has one port alone.
#[derive(Debug)]
struct Alone(InMemory);

macro_rules! alone {
    ($($port:ident)*) => {
        $(
            #[async_trait]
            impl StoreFactory<Arc<dyn $port>> for Alone {
                async fn open(&self) -> Arc<dyn $port> {
                    Arc::new(self.0.memory.open())
                }

                async fn crash_and_reopen(&self, dead: Arc<dyn $port>) -> Arc<dyn $port> {
                    drop(dead);
                    Arc::new(self.0.memory.open())
                }

                fn clock(&self) -> Arc<TestClock> {
                    Arc::clone(&self.0.clock)
                }
            }
        )*
    };
}

alone! { EffectJournal Pauses }

#[async_trait]
impl StoreFactory<FollowedLedger> for Alone {
    async fn open(&self) -> FollowedLedger {
        let store = Arc::new(self.0.memory.open());
        FollowedLedger { ledger: Arc::<MemoryStore>::clone(&store), changes: store }
    }

    async fn crash_and_reopen(&self, dead: FollowedLedger) -> FollowedLedger {
        drop(dead);
        self.open().await
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.0.clock)
    }
}

/// No decision is recorded, no limit is set and no ledger is read beside it: the suite asks the journal and nothing else.
#[test]
fn a_journal_alone_keeps_its_contract() {
    let alone: &dyn StoreFactory<Arc<dyn EffectJournal>> = &Alone(InMemory::new());
    block_on(conformance::journal::all(alone));
    for case in conformance::journal::cases() {
        let alone: &dyn StoreFactory<Arc<dyn EffectJournal>> = &Alone(InMemory::new());
        block_on(case.run(alone));
    }
}

#[test]
fn switches_alone_keep_their_contract() {
    let alone: &dyn StoreFactory<Arc<dyn Pauses>> = &Alone(InMemory::new());
    block_on(conformance::pauses::all(alone));
}

#[test]
fn a_ledger_that_is_followed_keeps_its_contract() {
    let alone: &dyn StoreFactory<FollowedLedger> = &Alone(InMemory::new());
    block_on(conformance::changes::all(alone));
}

/// The factory of a whole store runs the suite of each port as it is.
#[test]
fn a_whole_store_is_held_to_each_port() {
    block_on(async {
        let store = InMemory::new();
        conformance::approvals::all(&store).await;
        conformance::budget::all(&store).await;
        conformance::changes::all(&store).await;
        conformance::erasure::all(&store).await;
        conformance::journal::all(&store).await;
        conformance::ledger::all(&store).await;
        conformance::limits::all(&store).await;
        conformance::pauses::all(&store).await;
        conformance::proposals::all(&store).await;
        conformance::reviews::all(&store).await;
    });
}
