//! A publish to three platforms, cut at every port call, before the call and after its answer was lost, then recovered:
//! one post each, the approval used once, the budget settled, the ledger verified.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chimera::audit::{
    CheckpointSigner, Entry, LedgerQuery, LedgerReader, LocalSigner, Page, export, verify::verify,
};
use chimera::contracts::publish::{PublicationStatus, PublishInput, PublishStatus, PublishStrategy};
use chimera::contracts::{Clock, SystemEntropy};
use chimera::effect::{EffectJournal, RequestKey};
use chimera::governance::{ApprovalStore, Balance, Budget};
use chimera::store_sqlite::SqliteStore;
use chimera_testkit::{
    Action, Cut, Fault, Guard, PRICE, Rules, StrictPlatform, TestClock, guard, run_until_cut,
};
use chimera_tests::stage::{
    PLATFORMS, approve, context, cut_host, database, host, input, open_store, publish, scope, work,
};
use chrono::{DateTime, TimeDelta, Utc};

/// One way to run: what the tools do with keys, how targets are worked on, what goes wrong on the way.
#[derive(Clone, Copy, Debug)]
struct Way {
    rules: Rules,
    strategy: PublishStrategy,
    fault: Fault,
}

/// Everything of one run that outlives a crash. What a test waits for while it has one is bounded.
struct World {
    clock: Arc<TestClock>,
    platform: StrictPlatform,
    folder: tempfile::TempDir,
    input: PublishInput,
    _guard: Guard,
}

impl World {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn open(&self) -> Arc<SqliteStore> {
        open_store(&database(self.folder.path()), &self.clock())
    }
}

/// A world in which everything is approved and funded, and nothing was asked yet.
async fn prepare(way: Way) -> World {
    let clock = Arc::new(TestClock::new());
    let platform = StrictPlatform::everywhere(Arc::<TestClock>::clone(&clock), way.rules);
    let mut input = input("cut");
    input.publish_strategy = way.strategy;
    let folder = tempfile::tempdir().unwrap();
    let _guard = guard("the end of what a test does in one world");
    let mut world = World { clock, platform, folder, input, _guard };
    let store = world.open();
    let uncut = host(&store, Arc::new(world.platform.clone()), &world.clock());
    approve(&store, &uncut, &mut world.input, world.clock.as_ref()).await;
    world.platform.plan(PLATFORMS[1], [way.fault]);
    world
}

/// Asks once, cut; gives how many cut points were passed.
async fn ask_cut(world: &World, cut: &Cut) -> usize {
    let store = world.open();
    let host = cut_host(cut, &store, Arc::new(world.platform.clone()), &world.clock());
    run_until_cut(publish(&host, &world.input), cut).await;
    cut.count()
}

/// Asks with the same key, as a new process each time, until everything is public.
async fn recover(world: &World) {
    for _ in 0..8 {
        let store = world.open();
        let output =
            publish(&host(&store, Arc::new(world.platform.clone()), &world.clock()), &world.input).await;
        if output.status == PublishStatus::Success {
            return;
        }
        world.clock.advance(TimeDelta::seconds(30));
    }
    panic!("it did not come to rest");
}

async fn check(world: &World) {
    assert_eq!(world.platform.violations(), Vec::<String>::new());
    let posts = world.platform.posts();
    for platform in PLATFORMS {
        assert_eq!(posts.iter().filter(|post| post.platform == platform).count(), 1, "{platform}");
    }
    let store = world.open();
    let output = publish(&host(&store, Arc::new(world.platform.clone()), &world.clock()), &world.input).await;
    for (result, platform) in output.publications.iter().zip(PLATFORMS) {
        let post = posts.iter().find(|post| post.platform == platform).unwrap();
        assert_eq!(result.status, PublicationStatus::Published);
        assert_eq!(result.external_id.as_ref(), Some(&post.id), "the answer names the post that is there");
    }
    assert_eq!(world.platform.posts().len(), PLATFORMS.len(), "asking about a success sends nothing");
    check_books(world, &store).await;
    check_ledger(world, &store).await;
}

/// The approval is used once, by the effects of this request; the budget holds nothing and has spent three posts.
async fn check_books(world: &World, store: &SqliteStore) {
    let key = RequestKey {
        namespace: context().namespace,
        skill: chimera::contracts::SkillName::Publish,
        key: world.input.idempotency_key.clone(),
    };
    let view = store.request(&key).await.unwrap().unwrap();
    for record in &view.effects {
        let standings = store.about_effect(&key.namespace, &record.effect.digest()).await.unwrap();
        let users: Vec<_> = standings.iter().map(|standing| standing.used_by).collect();
        assert_eq!(users, [Some(record.id)]);
        assert!(!record.progress.held);
    }
    let balance: Balance = store.balance(&scope(&world.input)).await.unwrap().unwrap();
    assert_eq!(balance.committed.micros, 0);
    assert_eq!(balance.spent.micros, PRICE.micros * PLATFORMS.len() as u64);
}

/// One start, one success for each platform, an attempt before each of them; the export verifies by recomputation.
async fn check_ledger(world: &World, store: &SqliteStore) {
    let everything = store.find(&LedgerQuery::default(), Page { from: 0, limit: 1000 }).await.unwrap();
    let mut counts = BTreeMap::<String, usize>::new();
    for entry in &everything {
        let leaf: serde_json::Value = serde_json::from_slice(&entry.leaf).unwrap();
        *counts.entry(leaf["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let count =
        |kind: &str| counts.get(&format!("skill.publish_content.{kind}")).copied().unwrap_or_default();
    assert_eq!(count("start"), 1);
    assert_eq!(count("success"), PLATFORMS.len());
    assert!(count("attempt") >= PLATFORMS.len());
    assert!(count("complete") >= 1);
    if world.input.publish_strategy == PublishStrategy::Sequential {
        check_order(&everything);
    }

    let signer = signer(world.folder.path());
    let mut exported = Vec::new();
    let summary = export(store, &signer, &mut exported).await.unwrap();
    let verdict = verify(exported.as_slice(), signer.verifier_key(), None).unwrap();
    assert_eq!(verdict.events, summary.events);
    assert_eq!(verdict.events, everything.len() as u64);
}

/// One after the other, whoever goes on: no attempt begins while another effect may still be sent, and each has its first
/// turn, whatever came of it, in the order of the platforms.
fn check_order(everything: &[Entry]) {
    let mut attempting: Option<(String, DateTime<Utc>)> = None;
    let mut turns: Vec<String> = Vec::new();
    for entry in everything {
        let leaf: serde_json::Value = serde_json::from_slice(&entry.leaf).unwrap();
        let Some(platform) = leaf["statement"]["platform"].as_str().map(str::to_owned) else { continue };
        if !turns.contains(&platform) {
            turns.push(platform.clone());
        }
        if leaf["type"] == "skill.publish_content.attempt" {
            let at: DateTime<Utc> = leaf["time"].as_str().unwrap().parse().unwrap();
            let over = |(other, began): &(String, DateTime<Utc>)| {
                *other == platform || at >= *began + Rules::default().timeout
            };
            assert!(attempting.as_ref().is_none_or(over), "{attempting:?}, {platform} at {at}");
            attempting = Some((platform, at));
        } else {
            attempting = None;
        }
    }
    assert_eq!(turns, PLATFORMS.map(|platform| platform.as_str().to_owned()));
}

fn signer(folder: &Path) -> LocalSigner {
    LocalSigner::open(folder.join("signer"), "chimera.example/test", &SystemEntropy).unwrap()
}

/// Cuts a run at every point in every way, recovers, and checks.
async fn sweep(way: Way) {
    let world = prepare(way).await;
    let points = ask_cut(&world, &Cut::never()).await;
    assert!(points > 20, "a run with {points} points was hardly wrapped");
    recover(&world).await;
    check(&world).await;
    for at in 0..points {
        for action in [Action::Stop, Action::Fail] {
            let world = prepare(way).await;
            let cut = Cut::at(at, action);
            ask_cut(&world, &cut).await;
            assert!(cut.was_reached(), "{way:?}: point {at} was not reached");
            recover(&world).await;
            check(&world).await;
        }
    }
}

const ADVISORY: fn() -> Rules = || Rules { uploads: true, ..Rules::default() };
const ENFORCED: fn() -> Rules = || ADVISORY().enforcing_keys(TimeDelta::hours(24));

macro_rules! sweeps {
    ($($name:ident: $rules:ident, $strategy:ident, $fault:expr;)*) => {$(
        #[tokio::test(flavor = "current_thread")]
        async fn $name() {
            sweep(Way { rules: $rules(), strategy: PublishStrategy::$strategy, fault: $fault }).await;
        }
    )*};
}

sweeps! {
    sequential_without_keys: ADVISORY, Sequential, Fault::Post;
    sequential_with_keys: ENFORCED, Sequential, Fault::Post;
    parallel_without_keys: ADVISORY, Parallel, Fault::Post;
    parallel_with_keys: ENFORCED, Parallel, Fault::Post;
    lost_before_without_keys: ADVISORY, Sequential, Fault::LostBefore;
    lost_after_without_keys: ADVISORY, Sequential, Fault::LostAfter;
    lost_after_with_keys: ENFORCED, Parallel, Fault::LostAfter;
    ghost_without_keys: ADVISORY, Parallel, Fault::Ghost;
    ghost_with_keys: ENFORCED, Sequential, Fault::Ghost;
    rate_limit_without_keys: ADVISORY, Sequential, Fault::RateLimit { retry_after: TimeDelta::seconds(1) };
    rate_limit_with_keys: ENFORCED, Parallel, Fault::RateLimit { retry_after: TimeDelta::seconds(1) };
}

/// A caller that goes away in mid-call withdraws nothing: the worker finishes what was begun, and the next ask tells.
#[tokio::test(flavor = "current_thread")]
async fn the_worker_finishes_what_a_dead_caller_began() {
    let way = Way { rules: ADVISORY(), strategy: PublishStrategy::Sequential, fault: Fault::LostAfter };
    let points = ask_cut(&prepare(way).await, &Cut::never()).await;
    for at in 0..points {
        let world = prepare(way).await;
        ask_cut(&world, &Cut::at(at, Action::Stop)).await;
        let store = world.open();
        let chimera = host(&store, Arc::new(world.platform.clone()), &world.clock());
        for _ in 0..6 {
            work(&chimera).await;
            world.clock.advance(TimeDelta::seconds(30));
        }
        assert_eq!(world.platform.violations(), Vec::<String>::new());
        if let Some(status) =
            chimera.publish().status(&context(), &world.input.idempotency_key).await.unwrap()
        {
            // The worker sends nothing again by itself; all that it could know it found out.
            let open = [PublicationStatus::Unknown, PublicationStatus::Processing];
            assert!(
                status.publications.iter().all(|result| !open.contains(&result.status)),
                "cut at {at}: {status:?}"
            );
        }
        drop((chimera, store));
        recover(&world).await;
        check(&world).await;
    }
}

/// Without keys and without a look-up nobody can tell: the answer is `unknown`, for good, and nothing is sent again.
#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_told_stays_unknown() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        let rules = Rules::default().without_look_up();
        let world = prepare(Way { rules, strategy: PublishStrategy::Sequential, fault }).await;
        for _ in 0..4 {
            let store = world.open();
            let chimera = host(&store, Arc::new(world.platform.clone()), &world.clock());
            let output = publish(&chimera, &world.input).await;
            let statuses: Vec<_> = output.publications.iter().map(|result| result.status).collect();
            assert_eq!(
                statuses,
                [PublicationStatus::Published, PublicationStatus::Unknown, PublicationStatus::Published]
            );
            assert_eq!(output.publications[1].retry_eligible, Some(false));
            work(&chimera).await;
            world.clock.advance(TimeDelta::hours(1));
        }
        assert_eq!(world.platform.performed().len(), PLATFORMS.len());
        let store = world.open();
        let balance = store.balance(&scope(&world.input)).await.unwrap().unwrap();
        assert_eq!(balance.committed, PRICE, "the hold stays while it is unknown");
    }
}

/// An approval that expires while an attempt is open: it is looked up, and not sent again.
#[tokio::test(flavor = "current_thread")]
async fn an_expired_approval_is_looked_up_and_not_sent() {
    for (fault, posts) in [(Fault::LostBefore, 2), (Fault::LostAfter, 3)] {
        let way = Way { rules: ADVISORY(), strategy: PublishStrategy::Parallel, fault };
        let world = prepare(way).await;
        let store = world.open();
        let chimera = host(&store, Arc::new(world.platform.clone()), &world.clock());
        let mut hurried = context();
        hurried.deadline = Some(world.clock.now() + TimeDelta::milliseconds(1));
        let output =
            chimera::contracts::Skill::call(chimera.publish(), &hurried, world.input.clone()).await.unwrap();
        assert_eq!(output.unknown_count(), 1, "{output:?}");
        let decision = world.input.content_bundle.approval_record.as_ref().unwrap().decision_id.unwrap();
        assert!(store.revoke(&context().namespace, decision, world.clock.now()).await.unwrap());
        for _ in 0..3 {
            world.clock.advance(TimeDelta::minutes(1));
            publish(&chimera, &world.input).await;
        }
        assert_eq!(world.platform.posts().len(), posts, "{fault:?}");
        assert_eq!(
            world.platform.performed().len(),
            PLATFORMS.len(),
            "nothing was sent after the revocation"
        );
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

trait UnknownCount {
    fn unknown_count(&self) -> usize;
}

impl UnknownCount for chimera::contracts::publish::PublishOutput {
    fn unknown_count(&self) -> usize {
        self.publications.iter().filter(|result| result.status == PublicationStatus::Unknown).count()
    }
}
