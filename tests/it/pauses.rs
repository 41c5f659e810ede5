//! A switch thrown while 256 callers post: nothing begins after its answer, what had begun ends, and each goes on once it is
//! ended, posting once.

use std::sync::Arc;

use chimera::audit::{EventType, LedgerQuery, LedgerReader, Page};
use chimera::contracts::publish::{PublicationStatus, PublishStatus};
use chimera::contracts::{Clock, Namespace, PlatformName};
use chimera::effect::{AccountKey, PauseCause, PauseKey, PauseOrder, PauseScope, Paused, Pauses};
use chimera::governance::{Approver, ApproverRole, Budget};
use chimera::mcp::TokioClock;
use chimera::skill_publish::PublishOptions;
use chimera::store_sqlite::SqliteStore;
use chimera_testkit::{PRICE, Rules, StrictPlatform, guard, within};
use chimera_tests::stage::{
    ACCOUNT, approve, builder, context, database, input, only, open_store, publish, scope,
};
use chrono::TimeDelta;

/// How many post at once.
const CALLERS: usize = 256;

/// The positions of the events of a kind.
async fn positions(store: &SqliteStore, kind: &str) -> Vec<u64> {
    let query = LedgerQuery { kind: EventType::parse(kind).ok(), ..LedgerQuery::default() };
    let entries = store.find(&query, Page { from: 0, limit: 10_000 }).await.unwrap();
    entries.iter().map(|entry| entry.index).collect()
}

async fn nothing_begins_under(scope_of: PauseScope) {
    let _guard = guard("the end of 256 callers under a switch");
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(&database(folder.path()), &clock);
    let rules =
        Rules { latency: TimeDelta::milliseconds(20), timeout: TimeDelta::hours(1), ..Rules::default() };
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), rules);
    let patient = PublishOptions { answer_within: TimeDelta::hours(1), ..PublishOptions::default() };
    let host = builder(&clock).publish_options(patient).store(&store);
    let host = Arc::new(host.platform(Arc::new(platform.clone())).build().unwrap());
    let mut inputs = Vec::new();
    for number in 0..CALLERS {
        let mut input = only(input(&format!("caller {number}")), PlatformName::Twitter);
        approve(&store, &host, &mut input, clock.as_ref()).await;
        inputs.push(input);
    }
    let call = || {
        let calls = inputs.iter().cloned().map(|input| {
            let host = Arc::clone(&host);
            tokio::spawn(async move { publish(&host, &input).await })
        });
        calls.collect::<Vec<_>>()
    };

    let calls = call();
    within("the first post", async {
        while platform.posts().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let by = Approver { id: "ann@example.com".to_owned(), role: ApproverRole::HitlReviewer };
    let key = PauseKey { scope: scope_of, cause: PauseCause::Ordered };
    let order = PauseOrder { key, by, note: "a crisis".to_owned() };
    assert!(matches!(store.pause(order.clone()).await.unwrap(), Paused::Changed(_)));
    let mut held = 0;
    for call in calls {
        let output = within("a caller under the switch", call).await.unwrap();
        held += usize::from(output.status != PublishStatus::Success);
        let [result] = output.publications.as_slice() else { panic!("{output:?}") };
        let expected = [PublicationStatus::Published, PublicationStatus::Processing];
        assert!(expected.contains(&result.status), "{result:?}");
    }
    let paused = positions(&store, "control.paused").await;
    let [paused] = paused.as_slice() else { panic!("one event, not {paused:?}") };
    let attempts = positions(&store, "skill.publish_content.attempt").await;
    assert!(attempts.iter().all(|attempt| attempt < paused), "nothing begins after {paused}: {attempts:?}");
    assert_eq!(attempts.len() + held, CALLERS);
    assert_eq!(platform.performed().len(), attempts.len());

    assert!(matches!(store.resume(order).await.unwrap(), Paused::Changed(_)));
    for call in call() {
        let output = within("a caller that asks again", call).await.unwrap();
        assert_eq!(output.status, PublishStatus::Success, "{output:?}");
    }
    assert_eq!(platform.performed().len(), CALLERS, "each is posted once");
    assert_eq!(platform.violations(), [""; 0]);
    let balance = store.balance(&scope(&inputs[0])).await.unwrap().unwrap();
    assert_eq!((balance.spent.micros, balance.committed.micros), (CALLERS as u64 * PRICE.micros, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_stops() {
    nothing_begins_under(PauseScope::All).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_stops() {
    let namespace: Namespace = context().namespace;
    nothing_begins_under(PauseScope::Namespace(namespace)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_stops() {
    let account = AccountKey { platform: PlatformName::Twitter, account: ACCOUNT.to_owned() };
    nothing_begins_under(PauseScope::Account(account)).await;
}
