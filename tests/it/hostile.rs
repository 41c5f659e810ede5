//! Scenes that once broke a promise: a store that fails in between, a worker that spins, impossible times, hosts that differ.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::publish::PublicationStatus;
use chimera::contracts::{CallContext, Clock, PlatformName, Skill};
use chimera::effect::{
    AccountRef, Attempt, EffectKind, Finding, LateOutcome, LookUp, NotReady, Outcome, Platform, PostOwners,
    Refusal, Service, Upload, Uploaded,
};
use chimera::governance::ApprovalStore;
use chimera_testkit::{Action, Cut, Fault, Rules, StrictPlatform, TestClock, guard, tries};
use chimera_tests::stage::{
    PLATFORMS, approve, context, cut_host, database, host, input, only, open_store, publish, work,
};
use chrono::{DateTime, TimeDelta, Utc};

fn time(clock: &Arc<TestClock>) -> Arc<dyn Clock> {
    Arc::<TestClock>::clone(clock)
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_fails_when_read_back_does_not_make_a_post_a_failure() {
    let _guard = guard("a store that fails at each call");
    let mut lies = Vec::new();
    for number in tries(200, "a run that no cut reaches") {
        let clock = Arc::new(TestClock::new());
        let platform = StrictPlatform::everywhere(time(&clock), Rules::default());
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(&database(folder.path()), &time(&clock));
        let chimera = host(&store, Arc::new(platform.clone()), &time(&clock));
        let mut input = only(input("stale"), PLATFORMS[0]);
        approve(&store, &chimera, &mut input, clock.as_ref()).await;
        platform.plan(PLATFORMS[0], [Fault::RateLimit { retry_after: TimeDelta::seconds(1) }]);
        let first = publish(&chimera, &input).await;
        assert_eq!(first.publications[0].status, PublicationStatus::Failed);
        clock.advance(TimeDelta::seconds(60));
        let cut = Cut::at(number, Action::Fail);
        let host = cut_host(&cut, &store, Arc::new(platform.clone()), &time(&clock));
        let second = publish(&host, &input).await;
        let posted = platform.posts().len();
        for result in &second.publications {
            if posted > 0 && result.status == PublicationStatus::Failed {
                lies.push((number, second.status, result.error_code, result.retry_eligible));
            }
        }
        if !cut.was_reached() {
            break;
        }
    }
    assert!(lies.is_empty(), "told `failed` though it is public: {lies:?}");
}

/// Only the same key could settle it, and its approval was revoked.
#[tokio::test(flavor = "current_thread")]
async fn the_worker_does_not_spin_on_what_it_cannot_settle() {
    let _guard = guard("a hundred rounds of the worker");
    let clock = Arc::new(TestClock::new());
    let rules = Rules::default().enforcing_keys(TimeDelta::hours(24)).without_look_up();
    let platform = StrictPlatform::everywhere(time(&clock), rules);
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(&database(folder.path()), &time(&clock));
    let chimera = host(&store, Arc::new(platform.clone()), &time(&clock));
    let mut input = only(input("hot"), PLATFORMS[0]);
    let decision = approve(&store, &chimera, &mut input, clock.as_ref()).await;
    platform.plan(PLATFORMS[0], [Fault::LostAfter; 6]);
    publish(&chimera, &input).await;
    store.revoke(&context().namespace, decision.id, clock.now()).await.unwrap();
    clock.advance(TimeDelta::seconds(60));
    let mut worked = 0;
    for _ in 0..100 {
        worked += work(&chimera).await;
    }
    assert!(worked < 5, "100 rounds at one moment worked {worked} times");
}

/// A platform that answers with a time of its own.
#[derive(Debug, Clone)]
struct Times(StrictPlatform, DateTime<Utc>);

#[async_trait]
impl Platform for Times {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.0.service(account, kind)
    }
    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.0.ready(wanted, kind).await
    }
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.0.upload(upload).await
    }
    async fn perform(&self, attempt: &Attempt) -> Outcome {
        match self.0.perform(attempt).await {
            Outcome::Done(mut evidence) => {
                evidence.post.published_at = Some(self.1);
                Outcome::Done(evidence)
            }
            other => other,
        }
    }
    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        match self.0.find(look, owners).await {
            Finding::There(mut evidence) => {
                evidence.post.published_at = Some(self.1);
                Finding::There(evidence)
            }
            other => other,
        }
    }
    fn late(&self) -> Vec<LateOutcome> {
        self.0.late()
    }
}

/// A platform whose times count microseconds where milliseconds are read: the year 59011.
#[tokio::test(flavor = "current_thread")]
async fn a_time_that_cannot_be_does_not_keep_a_post_from_being_recorded() {
    let _guard = guard("a time that cannot be");
    for keys in [false, true] {
        let clock = Arc::new(TestClock::new());
        let mut rules = Rules::default();
        if keys {
            rules = rules.enforcing_keys(TimeDelta::hours(24));
        }
        let strict = StrictPlatform::everywhere(time(&clock), rules);
        let far = DateTime::from_timestamp_millis(1_800_000_000_000_000).unwrap();
        let platform = Times(strict.clone(), far);
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(&database(folder.path()), &time(&clock));
        let chimera = host(&store, Arc::new(platform), &time(&clock));
        let mut input = only(input("far"), PLATFORMS[0]);
        approve(&store, &chimera, &mut input, clock.as_ref()).await;
        publish(&chimera, &input).await;
        assert_eq!(strict.performed().len(), 1);
        let told = chimera.publish().status(&context(), &input.idempotency_key).await.unwrap().unwrap();
        println!("status {:?}", told.publications[0].status);
        assert_eq!(told.publications[0].status, PublicationStatus::Published, "keys {keys}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_worker_without_the_tool_leaves_the_effect_to_one_that_has_it() {
    let _guard = guard("a worker that has the tool");
    let clock = Arc::new(TestClock::new());
    let platform = StrictPlatform::everywhere(time(&clock), Rules::default());
    let none = StrictPlatform::new(time(&clock), [(PlatformName::Threads, Rules::default())]);
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(&database(folder.path()), &time(&clock));
    let chimera = host(&store, Arc::new(platform.clone()), &time(&clock));
    let mut input = only(input("conf"), PLATFORMS[0]);
    approve(&store, &chimera, &mut input, clock.as_ref()).await;
    platform.plan(PLATFORMS[0], [Fault::LostAfter]);
    let hurry = CallContext { deadline: Some(clock.now() + TimeDelta::milliseconds(1)), ..context() };
    chimera.publish().call(&hurry, input.clone()).await.unwrap();
    clock.advance(TimeDelta::seconds(20));
    let other = open_store(&database(folder.path()), &time(&clock));
    let partial = host(&other, Arc::new(none), &time(&clock));
    work(&partial).await;
    clock.advance(TimeDelta::seconds(20));
    for _ in 0..5 {
        work(&chimera).await;
        clock.advance(TimeDelta::seconds(20));
    }
    let told = publish(&chimera, &input).await;
    assert_eq!(told.publications[0].status, PublicationStatus::Published, "{told:?}");
}
