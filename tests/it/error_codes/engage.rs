//! What the engage skill answers over a platform that does what the test says, and what reviewers make of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput};
use chimera::contracts::{CallContext, CallerRole, Clock, ErrorCode, PlatformName};
use chimera::effect::EffectKind;
use chimera::governance::review::Review;
use chimera::governance::{ApprovalStore, Policies, Terms};
use chimera::platform::limits::RateLimit;
use chimera_testkit::{Action, Cut, Fault, MemoryStore, Rules, StrictPlatform, TestClock};
use chimera_tests::engage_stage::{
    Judges, Score, ToldTargets, cut_engage_host, engage, engage_as, engage_context, engage_host, engagement,
    fund, reviewer, skill,
};
use chimera_tests::stage::work;
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

pub(super) const ROWS: &[Row] = &[
    (ErrorCode::ValidationError, || asked(|input| input.target.clear()).boxed_local()),
    (ErrorCode::AuthzFailure, || asked_by_a_planner().boxed_local()),
    (ErrorCode::UnsupportedAction, || asked(|input| input.platform = PlatformName::TikTok).boxed_local()),
    (ErrorCode::InvalidTarget, || asked(|input| input.target.insert(0, 'x')).boxed_local()),
    (ErrorCode::MissingContent, || asked(|input| input.content = None).boxed_local()),
    (ErrorCode::LowConfidence, || scored(Score::Is(0.5)).boxed_local()),
    (ErrorCode::ScorerUnavailable, || scored(Score::Fails).boxed_local()),
    (ErrorCode::PolicyMissing, || asked_without_policy().boxed_local()),
    (ErrorCode::PersonaViolation, || asked(|input| words(input, "Not our problem!")).boxed_local()),
    (ErrorCode::NeverAnswered, || about(harassed).boxed_local()),
    (ErrorCode::ReviewExpired, || nobody_decides().boxed_local()),
    (ErrorCode::ReviewRejected, || rejected().boxed_local()),
    (ErrorCode::Cancelled, || taken_back().boxed_local()),
    (ErrorCode::RateLimitExceeded, || asked_too_often().boxed_local()),
    (ErrorCode::ContentTooLong, || asked(|input| words(input, &"x".repeat(600))).boxed_local()),
    (ErrorCode::ContentUnsafe, || asked(|input| words(input, "a\u{200b}b\u{202e}")).boxed_local()),
    (ErrorCode::ApprovalExpired, || approved_and_lapsed().boxed_local()),
    (ErrorCode::ApprovalRevoked, || approved_and_revoked().boxed_local()),
    (ErrorCode::IdempotencyConflict, || asked_for_two_things_under_one_key().boxed_local()),
    (ErrorCode::BudgetExceeded, || asked_without_funds().boxed_local()),
    (ErrorCode::PlatformTransientError, || about(dark).boxed_local()),
    (ErrorCode::PlatformAuthInvalid, || refused(ErrorCode::PlatformAuthInvalid).boxed_local()),
    (ErrorCode::ContentPolicyViolation, || refused(ErrorCode::ContentPolicyViolation).boxed_local()),
    (ErrorCode::Timeout, || lost_and_looked_up().boxed_local()),
    (ErrorCode::OutcomeUnknown, || lost().boxed_local()),
    (ErrorCode::StorageUnavailable, || asked_of_a_store_that_fails().boxed_local()),
];

/// A funded campaign in which the scorer is sure.
struct Scene {
    clock: Arc<TestClock>,
    store: Arc<MemoryStore>,
    platform: StrictPlatform,
    host: Chimera,
    input: EngageInput,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&Judges::seed(0.95)).await
    }

    async fn with(judges: &Judges) -> Self {
        let scene = Self::unfunded(judges);
        fund(scene.store.as_ref()).await;
        scene
    }

    fn unfunded(judges: &Judges) -> Self {
        let clock = Arc::new(TestClock::new());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = memory(&time);
        let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
        let host = engage_host(judges, &store, Arc::new(platform.clone()), &time);
        Self { clock, store, platform, host, input: engagement(EngageAction::Reply) }
    }

    async fn ask(&self) -> Told {
        self.ask_as(&self.host, &engage_context()).await
    }

    async fn ask_as(&self, host: &Chimera, context: &CallContext) -> Told {
        let before = self.platform.posts().len();
        let answer = engage_as(host, context, &self.input).await;
        Told::engaged(&answer, self.platform.posts().len() != before)
    }

    /// Asks when the scorer is not sure, and gives what waits for a person.
    async fn queued() -> (Self, Review) {
        let scene = Self::with(&Judges::seed(0.8)).await;
        engage(&scene.host, &scene.input).await;
        let mut waiting = skill(&scene.host).waiting(&engage_context().namespace, 1).await.unwrap();
        (scene, waiting.remove(0))
    }

    /// The same, claimed by a reviewer and approved; nobody ran it.
    async fn approved() -> (Self, Review) {
        let (scene, review) = Self::queued().await;
        let (namespace, ann) = (engage_context().namespace, reviewer("ann"));
        let desk = scene.host.desk();
        desk.claim(&namespace, review.id, &ann, TimeDelta::minutes(10)).await.unwrap();
        let terms = Terms { also: [].into(), holds: TimeDelta::hours(1), spec_version: None };
        let approved = desk.approve(&namespace, review.id, &ann, terms).await.unwrap();
        (scene, approved)
    }
}

fn words(input: &mut EngageInput, words: &str) {
    input.content = Some(words.to_owned());
}

async fn asked(edit: fn(&mut EngageInput)) -> Told {
    let mut scene = Scene::new().await;
    edit(&mut scene.input);
    scene.ask().await
}

async fn scored(score: Score) -> Told {
    let judges = Judges::seed(0.95);
    judges.scorer.tell(score);
    Scene::with(&judges).await.ask().await
}

async fn asked_by_a_planner() -> Told {
    let scene = Scene::new().await;
    let planner = CallContext { role: CallerRole::Planner, ..engage_context() };
    scene.ask_as(&scene.host, &planner).await
}

async fn asked_without_policy() -> Told {
    Scene::with(&Judges { policies: Policies::none(), ..Judges::seed(0.95) }).await.ask().await
}

async fn asked_without_funds() -> Told {
    Scene::unfunded(&Judges::seed(0.95)).ask().await
}

/// Asks about a target that is so.
async fn about(targets: fn() -> ToldTargets) -> Told {
    Scene::with(&Judges { targets: Arc::new(targets()), ..Judges::seed(0.95) }).await.ask().await
}

fn harassed() -> ToldTargets {
    let threads = BTreeMap::from([("post_1".to_owned(), "[harassment]".to_owned())]);
    ToldTargets { threads, ..ToldTargets::default() }
}

fn dark() -> ToldTargets {
    ToldTargets { unreachable: true, ..ToldTargets::default() }
}

fn once_an_hour() -> ToldTargets {
    let limit = RateLimit { count: 1, window: TimeDelta::hours(1) };
    ToldTargets { limits: BTreeMap::from([(EffectKind::Reply, limit)]), ..ToldTargets::default() }
}

async fn asked_too_often() -> Told {
    let judges = Judges { targets: Arc::new(once_an_hour()), ..Judges::seed(0.95) };
    let mut scene = Scene::with(&judges).await;
    scene.ask().await;
    scene.input.target = "post_2".to_owned();
    scene.ask().await
}

async fn asked_for_two_things_under_one_key() -> Told {
    let mut scene = Scene::new().await;
    let keyed = CallContext { key: Some("mine".to_owned()), ..engage_context() };
    scene.ask_as(&scene.host, &keyed).await;
    words(&mut scene.input, "Other words.");
    scene.ask_as(&scene.host, &keyed).await
}

async fn nobody_decides() -> Told {
    let (scene, _) = Scene::queued().await;
    scene.clock.advance(TimeDelta::days(2));
    scene.ask().await
}

async fn rejected() -> Told {
    let (scene, review) = Scene::queued().await;
    let (namespace, ann) = (engage_context().namespace, reviewer("ann"));
    scene.host.desk().claim(&namespace, review.id, &ann, TimeDelta::minutes(10)).await.unwrap();
    scene.host.desk().reject(&namespace, review.id, &ann).await.unwrap();
    scene.ask().await
}

async fn taken_back() -> Told {
    let (scene, review) = Scene::queued().await;
    skill(&scene.host).cancel(&engage_context().namespace, &review.artifact).await.unwrap();
    scene.ask().await
}

async fn approved_and_lapsed() -> Told {
    let (scene, _) = Scene::approved().await;
    scene.clock.advance(TimeDelta::hours(2));
    scene.ask().await
}

async fn approved_and_revoked() -> Told {
    let (scene, review) = Scene::approved().await;
    let (namespace, decision) = (engage_context().namespace, review.decision.unwrap());
    assert!(scene.store.revoke(&namespace, decision.id, scene.clock.now()).await.unwrap());
    scene.ask().await
}

async fn refused(code: ErrorCode) -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(scene.input.platform, [Fault::Refuse(code)]);
    scene.ask().await
}

async fn asked_of_a_store_that_fails() -> Told {
    let scene = Scene::new().await;
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&scene.clock);
    let (cut, judges) = (Cut::at(0, Action::Fail), Judges::seed(0.95));
    let host = cut_engage_host(&cut, &judges, &scene.store, Arc::new(scene.platform.clone()), &time);
    scene.ask_as(&host, &engage_context()).await
}

/// A caller that does not wait until the lost answer is looked up.
fn hurry(clock: &TestClock) -> CallContext {
    CallContext { deadline: Some(clock.now() + TimeDelta::milliseconds(1)), ..engage_context() }
}

async fn lost() -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(scene.input.platform, [Fault::LostAfter]);
    scene.ask_as(&scene.host, &hurry(&scene.clock)).await
}

/// The call never arrived, and the worker's looks say so.
async fn lost_and_looked_up() -> Told {
    let scene = Scene::new().await;
    scene.platform.plan(scene.input.platform, [Fault::LostBefore]);
    let first = engage_as(&scene.host, &hurry(&scene.clock), &scene.input).await;
    scene.clock.advance(TimeDelta::minutes(1));
    work(&scene.host).await;
    let id = first.engagement_id.unwrap();
    let status: Option<EngageOutput> =
        skill(&scene.host).status(&engage_context().namespace, &id).await.unwrap();
    Told::engaged(&status.unwrap(), !scene.platform.posts().is_empty())
}
