//! Rate limits: known before the call, shared by all openers, and never passed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::effect::EffectKind;
use chimera::governance::{Policies, Policy, PolicyDocument};
use chimera::platform::limits::RateLimit;
use chimera_testkit::{Fault, Rules};
use chimera_tests::engage_stage::{Judges, ToldTargets, engage, engagement};
use chrono::TimeDelta;

use super::{World, code};

fn limited(count: u32) -> Judges {
    let limit = RateLimit { count, window: TimeDelta::minutes(15) };
    let targets =
        ToldTargets { limits: BTreeMap::from([(EffectKind::Like, limit)]), ..ToldTargets::default() };
    Judges { targets: Arc::new(targets), ..Judges::seed(0.95) }
}

fn like(number: usize) -> EngageInput {
    EngageInput { target: format!("post_{number}"), ..engagement(EngageAction::Like) }
}

#[tokio::test]
async fn a_limit_answers_before_the_call_and_says_when() {
    let world = World::with(limited(3), Rules::default()).await;
    let (_store, host) = world.host();
    for number in 0..3 {
        assert_eq!(engage(&host, &like(number)).await.status, EngageStatus::Success);
        world.clock.advance(TimeDelta::minutes(1));
    }
    // Another process on the same store.
    let (_other, second) = world.host();
    let answer = engage(&second, &like(3)).await;
    let error = answer.error.unwrap();
    assert_eq!(error.code.as_str(), "RATE_LIMIT_EXCEEDED");
    assert_eq!((error.retryable, error.retry_after), (true, Some(12 * 60)));
    assert_eq!(world.platform.performed().len(), 3);
    // Asking about what was done takes no permit.
    assert_eq!(engage(&second, &like(0)).await.status, EngageStatus::Success);
    world.clock.advance(TimeDelta::minutes(12));
    assert_eq!(engage(&second, &like(3)).await.status, EngageStatus::Success);
}

/// Sixty-four callers of one engagement take one permit.
#[tokio::test]
async fn repetition_takes_one_permit() {
    let world = World::with(limited(2), Rules::default()).await;
    let (_store, host) = world.host();
    let first = like(1);
    let answers = futures_util::future::join_all((0..64).map(|_| engage(&host, &first))).await;
    assert!(answers.iter().all(|answer| answer.status == EngageStatus::Success));
    assert_eq!(engage(&host, &like(2)).await.status, EngageStatus::Success);
    assert_eq!(code(&engage(&host, &like(3)).await), "RATE_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_policy_can_pause_near_the_limit() {
    let document = PolicyDocument { pause_near_limit: true, ..Policy::seed().unwrap().document().clone() };
    let policies = Policies::all(Policy::try_from(document).unwrap());
    let world = World::with(Judges { policies, ..limited(5) }, Rules::default()).await;
    let (_store, host) = world.host();
    for number in 0..4 {
        assert_eq!(engage(&host, &like(number)).await.status, EngageStatus::Success);
    }
    assert_eq!(code(&engage(&host, &like(4)).await), "RATE_LIMIT_EXCEEDED");
}

/// The platform's own limit comes back as the same code, with its seconds, and the same key is asked again.
#[tokio::test]
async fn the_platforms_own_limit_is_told_alike() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    let input = like(1);
    world.platform.plan(input.platform, [Fault::RateLimit { retry_after: TimeDelta::seconds(90) }]);
    let answer = engage(&host, &input).await;
    let error = answer.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.retryable, error.retry_after),
        ("RATE_LIMIT_EXCEEDED", true, Some(90))
    );
    assert_eq!(code(&engage(&host, &input).await), "RATE_LIMIT_EXCEEDED", "not before its time");
    assert_eq!(world.platform.performed().len(), 1);
    world.clock.advance(TimeDelta::seconds(90));
    assert_eq!(engage(&host, &input).await.status, EngageStatus::Success);
}
