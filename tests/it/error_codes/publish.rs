//! What the publish skill answers over a platform that does what the test says.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::Chimera;
use chimera::contracts::publish::PublishInput;
use chimera::contracts::{
    CallContext, CallerRole, Clock, DecisionId, Digest, ErrorCode, Money, PlatformName, Skill, derive_uuid,
};
use chimera::governance::{ApprovalStore, ApproverRole, Budget, Decision, Verdict};
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera_testkit::{Action, Cut, Fault, MemoryStore, Rules, StrictPlatform, TestClock};
use chimera_tests::stage::{approve, builder, context, cut_host, host, input, only, publish, scope, work};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

pub(super) const ROWS: &[Row] = &[
    (ErrorCode::ValidationError, || edited(|input| input.idempotency_key.clear()).boxed_local()),
    (ErrorCode::AuthzFailure, || asked_by_a_planner().boxed_local()),
    (ErrorCode::ContentTooLong, || edited(|input| text(input, &"a".repeat(300))).boxed_local()),
    (ErrorCode::ContentUnsafe, || edited(|input| text(input, "pay \u{202e}eciruoy")).boxed_local()),
    (ErrorCode::NoApprovalRecord, || edited(|i| i.content_bundle.approval_record = None).boxed_local()),
    (ErrorCode::ApprovalUnknown, || edited(claim_another).boxed_local()),
    (ErrorCode::ApprovalContentMismatch, || decided(|d| d.effects = [Digest::of(b"x")].into()).boxed_local()),
    (ErrorCode::ApprovalExpired, || decided(|d| d.expires_at = Some(d.decided_at)).boxed_local()),
    (ErrorCode::ApprovalRevoked, || decided(|d| d.revoked_at = Some(d.decided_at)).boxed_local()),
    (ErrorCode::ApprovalOtherArtifact, || decided(|d| d.artifact.push('2')).boxed_local()),
    (ErrorCode::ApprovalWrongRole, || decided(|d| d.approver.role = ApproverRole::Judge).boxed_local()),
    (ErrorCode::ApprovalSelf, || decided(|d| d.requested_by = Some(d.approver.id.clone())).boxed_local()),
    (ErrorCode::ApprovalNotGranted, || decided(|d| d.verdict = Verdict::Reject).boxed_local()),
    (ErrorCode::ApprovalUsed, || asked_again(|input| input.idempotency_key.push('2')).boxed_local()),
    (ErrorCode::IdempotencyConflict, || asked_again(|input| text(input, "Other words.")).boxed_local()),
    (ErrorCode::BudgetExceeded, || asked_without_funds().boxed_local()),
    (ErrorCode::PlatformNotConfigured, || edited(elsewhere).boxed_local()),
    (ErrorCode::PlatformTransientError, || refused(ErrorCode::PlatformTransientError).boxed_local()),
    (ErrorCode::MediaNotAccessible, || asked_without_media().boxed_local()),
    (ErrorCode::Timeout, || lost_and_looked_up().boxed_local()),
    (ErrorCode::OutcomeUnknown, || lost().boxed_local()),
    (ErrorCode::StorageUnavailable, || asked_of_a_store_that_fails().boxed_local()),
];

/// A funded request that a reviewer approved, for one platform.
struct Scene {
    clock: Arc<TestClock>,
    store: Arc<MemoryStore>,
    platform: StrictPlatform,
    host: Chimera,
    input: PublishInput,
}

impl Scene {
    /// Everything but the decision.
    fn undecided() -> Self {
        let clock = Arc::new(TestClock::new());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = memory(&time);
        let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
        let host = host(&store, Arc::new(platform.clone()), &time);
        Self { clock, store, platform, host, input: only(input("codes"), PlatformName::Twitter) }
    }

    async fn new() -> Self {
        let mut scene = Self::undecided();
        approve(&scene.store, &scene.host, &mut scene.input, scene.clock.as_ref()).await;
        scene
    }

    fn time(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    async fn ask(&self) -> Told {
        self.ask_as(&self.host, &context()).await
    }

    async fn ask_as(&self, host: &Chimera, context: &CallContext) -> Told {
        let before = self.platform.posts().len();
        let answer = host.publish().call(context, self.input.clone()).await.unwrap();
        Told::published(&answer, self.platform.posts().len() != before)
    }
}

fn text(input: &mut PublishInput, text: &str) {
    input.content_bundle.variants[0].text_content = text.to_owned();
}

/// Claims a decision that nobody made.
fn claim_another(input: &mut PublishInput) {
    let nobody = DecisionId::from_uuid(derive_uuid("chimera-tests/codes", &[b"nobody"]));
    input.content_bundle.approval_record.as_mut().unwrap().decision_id = Some(nobody);
}

/// Asks for a platform on which nobody has an account.
fn elsewhere(input: &mut PublishInput) {
    input.target_platforms = vec![PlatformName::TikTok];
    input.content_bundle.variants[0].platform = PlatformName::TikTok;
}

/// Asks for something else than what was approved.
async fn edited(edit: fn(&mut PublishInput)) -> Told {
    let mut scene = Scene::new().await;
    edit(&mut scene.input);
    scene.ask().await
}

/// Claims a decision that is not as it should be.
async fn decided(spoil: fn(&mut Decision)) -> Told {
    let mut scene = Scene::undecided();
    let elsewhere = memory(&scene.time());
    let mut decision = approve(&elsewhere, &scene.host, &mut scene.input, scene.clock.as_ref()).await;
    spoil(&mut decision);
    scene.store.record(decision).await.unwrap();
    scene.store.set_limit(&scope(&scene.input), Money::usd_micros(10_000_000)).await.unwrap();
    scene.ask().await
}

/// Publishes, and then asks for something like it.
async fn asked_again(edit: fn(&mut PublishInput)) -> Told {
    let mut scene = Scene::new().await;
    assert_eq!(publish(&scene.host, &scene.input).await.error_code, None);
    edit(&mut scene.input);
    scene.ask().await
}

async fn asked_by_a_planner() -> Told {
    let scene = Scene::new().await;
    scene.ask_as(&scene.host, &CallContext { role: CallerRole::Planner, ..context() }).await
}

async fn asked_without_funds() -> Told {
    let scene = Scene::new().await;
    scene.store.set_limit(&scope(&scene.input), Money::usd_micros(0)).await.unwrap();
    scene.ask().await
}

async fn refused(code: ErrorCode) -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(PlatformName::Twitter, [Fault::Refuse(code)]);
    scene.ask().await
}

async fn asked_of_a_store_that_fails() -> Told {
    let scene = Scene::new().await;
    let cut = Cut::at(0, Action::Fail);
    let host = cut_host(&cut, &scene.store, Arc::new(scene.platform.clone()), &scene.time());
    scene.ask_as(&host, &context()).await
}

/// A medium that went away after it was approved.
async fn asked_without_media() -> Told {
    let scene = Scene::new().await;
    let gone = builder(&scene.time()).media(Arc::new(Gone));
    let host = gone.store(&scene.store).platform(Arc::new(scene.platform.clone())).build().unwrap();
    scene.ask_as(&host, &context()).await
}

/// A caller that does not wait until the lost answer is looked up.
fn hurry(clock: &TestClock) -> CallContext {
    CallContext { deadline: Some(clock.now() + TimeDelta::milliseconds(1)), ..context() }
}

async fn lost() -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(PlatformName::Twitter, [Fault::LostAfter]);
    scene.ask_as(&scene.host, &hurry(&scene.clock)).await
}

/// The call never arrived, and the worker's looks say so.
async fn lost_and_looked_up() -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(PlatformName::Twitter, [Fault::LostBefore]);
    scene.ask_as(&scene.host, &hurry(&scene.clock)).await;
    scene.clock.advance(TimeDelta::minutes(1));
    work(&scene.host).await;
    let status = scene.host.publish().status(&context(), &scene.input.idempotency_key).await;
    Told::published(&status.unwrap().unwrap(), !scene.platform.posts().is_empty())
}

/// Media of which nothing is left.
#[derive(Debug)]
struct Gone;

#[async_trait]
impl MediaProbe for Gone {
    async fn probe(&self, _: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        Err(MediaError::new("410 Gone"))
    }

    async fn read(&self, _: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        Err(MediaError::new("410 Gone"))
    }
}
