//! Once-ness under any interleaving of asking, crashing, recovering, waiting and failing: whatever the history, each
//! effect is public at most once, and in the end exactly once.

use std::sync::Arc;

use chimera::contracts::publish::{PublishInput, PublishStatus, PublishStrategy};
use chimera::contracts::{Clock, ErrorCode};
use chimera::governance::Budget;
use chimera::{Chimera, Store};
use chimera_testkit::{
    Action, Cut, Fault, Memory, MemoryStore, PRICE, Rules, StrictPlatform, TestClock, TestEntropy, block_on,
    run_until_cut,
};
use chimera_tests::stage::{
    PLATFORMS, approve, cut_host, database, host, input, only, open_store, publish, scope, work,
};
use chrono::TimeDelta;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happening {
    /// A caller asks; the process dies at a point, if the call comes that far.
    AskAndDie { targets: Targets, at: usize, action: Action },
    /// A caller asks and gets an answer.
    Ask(Targets),
    /// Two callers ask at the same time.
    AskTwice,
    /// The worker makes a round.
    Work,
    /// Time passes.
    Wait(TimeDelta),
    /// The next call to a platform goes wrong.
    GoWrong(usize, Fault),
}

/// Which of the platforms a caller names.
#[derive(Clone, Copy, Debug)]
enum Targets {
    All,
    One(usize),
}

fn targets() -> impl Strategy<Value = Targets> {
    prop_oneof![3 => Just(Targets::All), 1 => (0..PLATFORMS.len()).prop_map(Targets::One)]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::LostBefore),
        Just(Fault::LostAfter),
        Just(Fault::Ghost),
        Just(Fault::RateLimit { retry_after: TimeDelta::seconds(5) }),
        Just(Fault::Refuse(ErrorCode::PlatformTransientError)),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let action = prop_oneof![Just(Action::Stop), Just(Action::Fail)];
    prop_oneof![
        4 => (targets(), 0..60_usize, action).prop_map(|(targets, at, action)| Happening::AskAndDie { targets, at, action }),
        2 => targets().prop_map(Happening::Ask),
        1 => Just(Happening::AskTwice),
        1 => Just(Happening::Work),
        2 => (1..40_i64).prop_map(|seconds| Happening::Wait(TimeDelta::seconds(seconds))),
        3 => (0..PLATFORMS.len(), fault()).prop_map(|(platform, fault)| Happening::GoWrong(platform, fault)),
    ]
}

/// A store that can be opened anew, as after a crash.
trait Reopen {
    type Store: Store;
    fn reopen(&mut self) -> Arc<Self::Store>;
}

struct InMemory(Arc<MemoryStore>);

impl Reopen for InMemory {
    type Store = MemoryStore;

    fn reopen(&mut self) -> Arc<MemoryStore> {
        self.0 = Arc::new(self.0.backend().reopen());
        Arc::clone(&self.0)
    }
}

struct Sqlite(tempfile::TempDir, Arc<dyn Clock>);

impl Reopen for Sqlite {
    type Store = chimera::store_sqlite::SqliteStore;

    fn reopen(&mut self) -> Arc<Self::Store> {
        open_store(&database(self.0.path()), &self.1)
    }
}

struct Run<R: Reopen> {
    stores: R,
    store: Option<Arc<R::Store>>,
    platform: StrictPlatform,
    clock: Arc<TestClock>,
    input: PublishInput,
}

impl<R: Reopen> Run<R> {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn store(&mut self) -> Arc<R::Store> {
        let opened = self.store.take().unwrap_or_else(|| self.stores.reopen());
        self.store = Some(Arc::clone(&opened));
        opened
    }

    fn host(&mut self) -> Chimera {
        host(&self.store(), Arc::new(self.platform.clone()), &self.clock())
    }

    fn wanted(&self, targets: Targets) -> PublishInput {
        match targets {
            Targets::All => self.input.clone(),
            Targets::One(place) => only(self.input.clone(), PLATFORMS[place]),
        }
    }

    async fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::AskAndDie { targets, at, action } => {
                let cut = Cut::at(at, action);
                let store = self.store();
                let host = cut_host(&cut, &store, Arc::new(self.platform.clone()), &self.clock());
                run_until_cut(publish(&host, &self.wanted(targets)), &cut).await;
                drop(host);
                self.store = None;
            }
            Happening::Ask(targets) => {
                publish(&self.host(), &self.wanted(targets)).await;
            }
            Happening::AskTwice => {
                let host = self.host();
                futures_util::future::join(publish(&host, &self.input), publish(&host, &self.input)).await;
            }
            Happening::Work => {
                work(&self.host()).await;
            }
            Happening::Wait(span) => self.clock.advance(span),
            Happening::GoWrong(platform, fault) => self.platform.plan(PLATFORMS[platform], [fault]),
        }
    }

    /// Whatever happened, asking often enough ends in success, and everything is there once.
    async fn settle(&mut self) {
        // The first ask of a part made the request, so the whole is another one: ask for the part that was first.
        for _ in 0..40 {
            let output = publish(&self.host(), &self.input).await;
            if output.status == PublishStatus::Success {
                return;
            }
            if output.error_code == Some(ErrorCode::IdempotencyConflict) {
                let known = self.known().await;
                self.input = known;
                continue;
            }
            self.clock.advance(TimeDelta::seconds(31));
        }
        panic!("it did not come to rest");
    }

    /// The part of the request that is known under the key.
    async fn known(&mut self) -> PublishInput {
        let key = self.input.idempotency_key.clone();
        let status =
            self.host().publish().status(&chimera_tests::stage::context(), &key).await.unwrap().unwrap();
        let platforms: Vec<_> = status.publications.iter().map(|result| result.platform).collect();
        let mut part = self.input.clone();
        part.target_platforms.retain(|target| platforms.contains(target));
        part.content_bundle.variants.retain(|variant| platforms.contains(&variant.platform));
        part
    }

    async fn check(&mut self) {
        assert_eq!(self.platform.violations(), Vec::<String>::new());
        let posts = self.platform.posts();
        assert_eq!(posts.len(), self.input.target_platforms.len());
        for platform in &self.input.target_platforms {
            assert_eq!(posts.iter().filter(|post| post.platform == *platform).count(), 1, "{platform}");
        }
        let store = self.store();
        let balance = Budget::balance(store.as_ref(), &scope(&self.input)).await.unwrap().unwrap();
        assert_eq!(balance.committed.micros, 0);
        assert_eq!(balance.spent.micros, PRICE.micros * posts.len() as u64);
    }
}

fn prepare<R: Reopen>(mut stores: R, clock: Arc<TestClock>, keys: bool, parallel: bool) -> Run<R> {
    let rules = Rules { uploads: true, ..Rules::default() };
    let rules = if keys { rules.enforcing_keys(TimeDelta::hours(24)) } else { rules };
    let platform = StrictPlatform::everywhere(Arc::<TestClock>::clone(&clock), rules);
    let mut input = input("interleaved");
    if parallel {
        input.publish_strategy = PublishStrategy::Parallel;
    }
    let store = stores.reopen();
    let mut run = Run { stores, store: Some(store), platform, clock, input };
    let host = run.host();
    let store = run.store();
    let clock = run.clock();
    block_on(approve(&store, &host, &mut run.input, clock.as_ref()));
    run
}

fn whole<R: Reopen>(mut run: Run<R>, history: Vec<Happening>) {
    block_on(async {
        for happening in history {
            run.happens(happening).await;
        }
        run.settle().await;
        run.check().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn each_effect_is_public_once_in_memory(
        history in proptest::collection::vec(happening(), 0..14),
        keys in any::<bool>(),
        parallel in any::<bool>(),
    ) {
        let clock = Arc::new(TestClock::new());
        let memory = Memory::new(Arc::<TestClock>::clone(&clock), Arc::new(TestEntropy::seeded(1))).open();
        whole(prepare(InMemory(Arc::new(memory)), clock, keys, parallel), history);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn each_effect_is_public_once_on_sqlite(
        history in proptest::collection::vec(happening(), 0..14),
        keys in any::<bool>(),
        parallel in any::<bool>(),
    ) {
        let clock = Arc::new(TestClock::new());
        let sqlite = Sqlite(tempfile::tempdir().unwrap(), Arc::<TestClock>::clone(&clock));
        whole(prepare(sqlite, clock, keys, parallel), history);
    }
}
