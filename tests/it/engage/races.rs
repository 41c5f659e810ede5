//! Many callers at once: one act, and all of them get the same answer.

use std::sync::Arc;

use chimera::contracts::CallContext;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus};
use chimera::skill_engage::DecideError;
use chimera_testkit::{Fault, Rules};
use chimera_tests::engage_stage::{
    Judges, engage, engage_as, engage_context, engage_host, engagement, reviewer, skill,
};
use chimera_tests::stage::work;
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{World, code};

const CALLERS: usize = 64;

/// Sixty-four callers over four openers of one file.
async fn crowd(world: &World, input: &EngageInput) -> Vec<EngageOutput> {
    let hosts: Vec<_> = (0..4).map(|_| world.patient_host()).collect();
    let callers = (0..CALLERS).map(|caller| engage(&hosts[caller % hosts.len()], input));
    join_all(callers).await
}

#[tokio::test]
async fn one_act_for_all_callers_of_every_action() {
    for action in EngageAction::ALL {
        let world = World::new(0.95).await;
        let input = engagement(*action);
        let answers = crowd(&world, &input).await;
        assert_eq!(answers[0].status, EngageStatus::Success, "{action}: {:?}", answers[0]);
        for answer in &answers {
            assert_eq!(*answer, answers[0], "{action}");
        }
        assert_eq!(world.platform.posts().len(), 1, "{action}");
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

/// Callers that ask while two reviewers and the worker are at it: one act.
#[tokio::test]
async fn one_act_after_an_approval_whoever_runs_it() {
    for action in EngageAction::ALL {
        let world = World::new(0.8).await;
        let input = engagement(*action);
        let queued = crowd(&world, &input).await;
        assert!(queued.iter().all(|answer| *answer == queued[0]), "{action}: {queued:?}");
        assert_eq!(queued[0].status, EngageStatus::Pending);
        let id = queued[0].engagement_id.clone().unwrap();

        let (_store, host) = world.host();
        let namespace = engage_context().namespace;
        let review = skill(&host).waiting(&namespace, 10).await.unwrap();
        assert_eq!(review.len(), 1, "{action}: one review");
        let ann = reviewer("ann");
        host.desk().claim(&namespace, review[0].id, &ann, TimeDelta::minutes(10)).await.unwrap();
        let approvals = (0..8).map(|_| skill(&host).approve(&namespace, &id, &ann));
        let (decided, told, _) = futures_util::future::join3(
            join_all(approvals),
            crowd(&world, &input),
            join_all((0..4).map(|_| work(&host))),
        )
        .await;
        let counted = decided.iter().filter(|decided| decided.is_ok()).count();
        assert_eq!(counted, 1, "{action}: one decision counts");
        assert!(decided.iter().all(|decided| !matches!(decided, Err(DecideError::Unreadable(_)))));
        assert!(told.iter().all(|answer| answer.status != EngageStatus::Failed), "{action}: {told:?}");
        assert_eq!(engage(&host, &input).await.status, EngageStatus::Success);
        assert_eq!(world.platform.posts().len(), 1, "{action}");
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_same_like_twice_is_one() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    let like = engagement(EngageAction::Like);
    let (first, second) = (engage(&host, &like).await, engage(&host, &like).await);
    assert_eq!(first, second);
    assert_eq!(world.platform.posts().len(), 1);
}

#[tokio::test]
async fn a_repeated_key_with_other_content_is_a_conflict() {
    for score in [0.95, 0.8, 0.2] {
        let world = World::new(score).await;
        let (_store, host) = world.host();
        let keyed = CallContext { key: Some("mine".to_owned()), ..engage_context() };
        let input = engagement(EngageAction::Reply);
        let first = engage_as(&host, &keyed, &input).await;
        let others = [
            EngageInput { content: Some("Other words.".to_owned()), ..input.clone() },
            EngageInput { target: "post_2".to_owned(), ..input.clone() },
            EngageInput { action: EngageAction::Comment, ..input.clone() },
            EngageInput { platform: chimera::contracts::PlatformName::Twitter, ..input.clone() },
        ];
        for other in others {
            let answer = engage_as(&host, &keyed, &other).await;
            assert_eq!(
                (answer.status, code(&answer)),
                (EngageStatus::Failed, "IDEMPOTENCY_CONFLICT"),
                "{other:?}"
            );
        }
        assert_eq!(engage_as(&host, &keyed, &input).await, first);
    }
}

/// Callers of one key with different contents, at one moment: one of them is it, the others are told so.
#[tokio::test]
async fn of_different_contents_under_one_key_one_counts() {
    for score in [0.95, 0.8, 0.2] {
        let world = World::new(score).await;
        let (_store, host) = world.host();
        let keyed = CallContext { key: Some("mine".to_owned()), ..engage_context() };
        let inputs: Vec<_> = (0..16)
            .map(|number| EngageInput {
                content: Some(format!("Answer number {number}.")),
                ..engagement(EngageAction::Reply)
            })
            .collect();
        let answers = join_all(inputs.iter().map(|input| engage_as(&host, &keyed, input))).await;
        let conflicts = answers.iter().filter(|answer| code(answer) == "IDEMPOTENCY_CONFLICT").count();
        assert_eq!(conflicts, 15, "{score}: {answers:?}");
        for (input, answer) in inputs.iter().zip(&answers) {
            assert_eq!(engage_as(&host, &keyed, input).await, *answer, "{score}");
        }
        assert!(world.platform.posts().len() <= 1);
    }
}

/// The answer is lost after it happened: unknown, looked up, success; and never sent again.
#[tokio::test]
async fn a_lost_answer_is_unknown_until_it_is_looked_up() {
    let world = World::with(Judges::seed(0.95), Rules::default()).await;
    let (store, _) = world.host();
    let input = engagement(EngageAction::Like);
    world.platform.plan(input.platform, [Fault::LostAfter]);
    let host = engage_host(&world.judges, &store, Arc::new(world.platform.clone()), &world.clock());
    let hurried =
        CallContext { deadline: Some(world.clock().now() + TimeDelta::milliseconds(1)), ..engage_context() };
    let first = engage_as(&host, &hurried, &input).await;
    assert_eq!((first.status, code(&first)), (EngageStatus::Pending, "OUTCOME_UNKNOWN"));
    let response = serde_json::to_value(first.platform_response.as_ref().unwrap()).unwrap();
    assert_eq!(response, serde_json::json!({"outcome": "unknown", "approval_required": false}));
    assert_eq!(first.error.as_ref().map(|error| error.retryable), Some(false));
    world.clock.advance(TimeDelta::minutes(1));
    let second = engage(&host, &input).await;
    assert_eq!(second.status, EngageStatus::Success);
    assert_eq!(second.engagement_id, first.engagement_id);
    assert_eq!(world.platform.performed().len(), 1);
}
