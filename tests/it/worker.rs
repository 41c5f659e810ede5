//! The background worker, run as a host runs it: until told to stop.

mod pool;
mod scene;
mod stopping;

use std::sync::Arc;

use chimera::contracts::publish::PublicationStatus;
use chimera::contracts::{CallContext, Clock, Skill};
use chimera::effect::{
    EffectJournal, EffectQuery, EffectRecord, EffectState, FoundBy, LateOutcome, Outcome, Page,
};
use chimera_testkit::{Fault, Memory, Rules, StrictPlatform, TestClock, TestEntropy, done, within};
use chimera_tests::stage::{PLATFORMS, approve, context, database, host, input, only, open_store};
use chrono::TimeDelta;

#[tokio::test(flavor = "current_thread")]
async fn it_settles_what_is_unknown_and_stops_when_told() {
    let clock = Arc::new(TestClock::new());
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
    // In memory: the worker pauses while it drives, and these pauses would move the clock on while a thread writes.
    let store = Arc::new(Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(1))).open());
    let chimera = host(&store, Arc::new(platform.clone()), &time);
    let mut input = input("worker");
    approve(&store, &chimera, &mut input, clock.as_ref()).await;
    platform.plan(PLATFORMS[0], [Fault::LostAfter]);
    platform.plan(PLATFORMS[1], [Fault::LostBefore]);

    // A caller in a hurry leaves two outcomes open.
    let hurry = CallContext { deadline: Some(clock.now() + TimeDelta::milliseconds(1)), ..context() };
    let mut parallel = input.clone();
    parallel.publish_strategy = chimera::contracts::publish::PublishStrategy::Parallel;
    let output = chimera.publish().call(&hurry, parallel).await.unwrap();
    let open =
        output.publications.iter().filter(|result| result.status == PublicationStatus::Unknown).count();
    assert_eq!(open, 2, "{output:?}");

    let settled = async {
        loop {
            let status = chimera.publish().status(&context(), &input.idempotency_key).await.unwrap().unwrap();
            if status.publications.iter().all(|result| result.status != PublicationStatus::Unknown) {
                break status;
            }
            tokio::task::yield_now().await;
        }
    };
    let mut found = None;
    let stopped = async { found = Some(within("both outcomes to be settled", settled).await) };
    within("a worker that was told to stop", chimera.worker().run(stopped)).await;

    let statuses: Vec<_> = found.unwrap().publications.iter().map(|result| result.status).collect();
    // What was posted is found; what was not is known not to be there, and waits for its caller.
    assert_eq!(
        statuses,
        [PublicationStatus::Published, PublicationStatus::Failed, PublicationStatus::Published]
    );
    assert_eq!(platform.performed().len(), PLATFORMS.len(), "the worker sent nothing by itself");
    assert_eq!(platform.violations(), Vec::<String>::new());
}

/// A host whose only post is unknown, on a clock that moves by hand.
struct Lost {
    clock: Arc<TestClock>,
    platform: StrictPlatform,
    store: Arc<chimera::store_sqlite::SqliteStore>,
    chimera: chimera::Chimera,
    _folder: tempfile::TempDir,
}

impl Lost {
    async fn new(fault: Fault) -> Self {
        let clock = Arc::new(TestClock::manual());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(&database(folder.path()), &time);
        let chimera = host(&store, Arc::new(platform.clone()), &time);
        let mut input = only(input("lost"), PLATFORMS[0]);
        approve(&store, &chimera, &mut input, clock.as_ref()).await;
        platform.plan(PLATFORMS[0], [fault]);
        let hurry = CallContext { deadline: Some(clock.now() + TimeDelta::milliseconds(1)), ..context() };
        chimera.publish().call(&hurry, input).await.unwrap();
        let lost = Self { clock, platform, store, chimera, _folder: folder };
        assert_eq!(lost.effect().await.progress.state, EffectState::Unknown);
        lost
    }

    async fn effect(&self) -> EffectRecord {
        let page = Page { after: None, limit: 10 };
        self.store.effects(&EffectQuery::default(), page).await.unwrap().remove(0)
    }
}

/// A look has to wait for its second, and the clock stands still: told to stop it returns, and what it knew is kept.
#[tokio::test(flavor = "current_thread")]
async fn told_to_stop_it_ends_a_wait_and_loses_nothing() {
    let lost = Lost::new(Fault::LostBefore).await;
    lost.clock.set(lost.effect().await.progress.settled_from.unwrap());
    let before = lost.clock.now();
    let looked = async {
        while lost.platform.looks() == 0 || lost.effect().await.progress.absent_looks == 0 {
            tokio::task::yield_now().await;
        }
    };
    let worker = lost.chimera.worker();
    within("the worker to look once and stop when told to", worker.run(looked)).await;
    assert_eq!(lost.clock.now(), before, "by no clock");
    let record = lost.effect().await;
    assert_eq!((record.progress.state, record.progress.absent_looks), (EffectState::Unknown, 1));
    assert_eq!(record.progress.lease, None, "it holds nothing any more");

    // Another worker goes on where this one stopped.
    lost.clock.set(record.progress.due_at.expect("it is looked for again"));
    assert_eq!(lost.chimera.worker().run_once().await.unwrap(), 1);
    assert_eq!(lost.effect().await.progress.state, EffectState::NotDone);
    assert_eq!((lost.platform.looks(), lost.platform.posts().len()), (2, 0));
}

/// What an answer said that came late is recorded by the next pass, before anything is looked for.
#[tokio::test(flavor = "current_thread")]
async fn its_pass_records_what_came_late() {
    let lost = Lost::new(Fault::LostAfter).await;
    let record = lost.effect().await;
    let id = lost.platform.posts()[0].id.clone();
    lost.platform.answer_late(LateOutcome {
        namespace: record.effect.content().namespace.clone(),
        effect: record.id,
        attempt: 1,
        outcome: Outcome::Done(done(&id)),
    });
    lost.clock.set(record.progress.settled_from.unwrap());
    lost.chimera.worker().run_once().await.unwrap();
    let record = lost.effect().await;
    assert_eq!(record.progress.state, EffectState::Published);
    assert_eq!(record.progress.post.map(|post| post.id), Some(id));
    assert_eq!((record.progress.found_by, lost.platform.looks()), (FoundBy::Answer, 0));
}
