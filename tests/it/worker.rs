//! The background worker, run as a host runs it: until told to stop.

use std::sync::Arc;

use chimera::contracts::publish::PublicationStatus;
use chimera::contracts::{CallContext, Clock, Skill};
use chimera_testkit::{Fault, Rules, StrictPlatform, TestClock, within};
use chimera_tests::stage::{PLATFORMS, approve, context, database, host, input, open_store};
use chrono::TimeDelta;

#[tokio::test(flavor = "current_thread")]
async fn it_settles_what_is_unknown_and_stops_when_told() {
    let clock = Arc::new(TestClock::new());
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(&database(folder.path()), &time);
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
