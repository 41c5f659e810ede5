//! Confidence decides: act, ask a human, refuse; and some things go to a human whatever it says.

use std::sync::Arc;

use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::contracts::{ContextFault, HostError, PlatformName, Skill as _};
use chimera::governance::{Policies, Policy};
use chimera_testkit::Rules;
use chimera_tests::engage_stage::{
    Judges, Score, ToldTargets, engage, engage_as, engage_context, engagement, skill,
};

use super::{World, code};

/// The status of a like, and its code, for what the scorer says.
async fn routed(score: Score) -> (EngageStatus, &'static str, usize) {
    let world = World::new(0.0).await;
    world.judges.scorer.tell(score);
    let (_store, host) = world.host();
    let answer = engage(&host, &engagement(EngageAction::Like)).await;
    (answer.status, code(&answer), world.platform.posts().len())
}

#[tokio::test]
async fn both_boundaries_count_at_full_precision() {
    use EngageStatus::{Failed, Pending, Success};
    for (score, expected) in [
        (1.0, (Success, "none", 1)),
        (0.90004, (Success, "none", 1)),
        (0.90_f64.next_up(), (Success, "none", 1)),
        (0.90, (Pending, "none", 0)),
        (0.70, (Pending, "none", 0)),
        (0.70_f64.next_down(), (Failed, "LOW_CONFIDENCE", 0)),
        (0.69996, (Failed, "LOW_CONFIDENCE", 0)),
        (0.0, (Failed, "LOW_CONFIDENCE", 0)),
    ] {
        assert_eq!(routed(Score::Is(score)).await, expected, "{score}");
    }
}

#[tokio::test]
async fn what_is_no_confidence_is_never_a_yes() {
    let strange = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, -1.0, 1.0_f64.next_up(), 2.0];
    let scores = strange.into_iter().map(Score::Is).chain([Score::Fails, Score::Hangs, Score::Panics]);
    for score in scores {
        assert_eq!(routed(score).await, (EngageStatus::Failed, "SCORER_UNAVAILABLE", 0), "{score:?}");
    }
}

#[tokio::test]
async fn without_a_policy_nothing_acts() {
    let judges = Judges { policies: Policies::none(), ..Judges::seed(1.0) };
    let world = World::with(judges, Rules::default()).await;
    let (_store, host) = world.host();
    let answer = engage(&host, &engagement(EngageAction::Like)).await;
    assert_eq!((answer.status, code(&answer)), (EngageStatus::Failed, "POLICY_MISSING"));
    assert_eq!(world.platform.performed(), []);
}

#[tokio::test]
async fn topics_go_to_a_person_whatever_the_confidence() {
    for flag in
        ["political", "health", "financial", "legal", "minors", "crisis", "impersonation", "instruction"]
    {
        for in_thread in [false, true] {
            let marked = format!("a text about [{flag}]");
            let mut targets = ToldTargets::default();
            let mut input = engagement(EngageAction::Reply);
            if in_thread {
                targets.threads.insert(input.target.clone(), marked);
            } else {
                input.content = Some(marked);
            }
            let world =
                World::with(Judges { targets: Arc::new(targets), ..Judges::seed(0.97) }, Rules::default())
                    .await;
            let (_store, host) = world.host();
            let answer = engage(&host, &input).await;
            assert_eq!(answer.status, EngageStatus::Pending, "{flag} in thread: {in_thread}");
            assert_eq!(world.platform.performed(), []);
        }
    }
}

#[tokio::test]
async fn harassment_gets_no_automated_reply() {
    let mut targets = ToldTargets::default();
    targets.threads.insert("post_1".to_owned(), "[harassment]".to_owned());
    let world =
        World::with(Judges { targets: Arc::new(targets), ..Judges::seed(1.0) }, Rules::default()).await;
    let (_store, host) = world.host();
    let reply = engage(&host, &engagement(EngageAction::Reply)).await;
    assert_eq!((reply.status, code(&reply)), (EngageStatus::Failed, "NEVER_ANSWERED"));
    let like = engage(&host, &engagement(EngageAction::Like)).await;
    assert_eq!(like.status, EngageStatus::Pending, "a like says nothing, but a person looks");
    assert_eq!(world.platform.performed(), []);
}

#[tokio::test]
async fn a_question_is_answered_with_a_source_or_by_a_person() {
    let mut targets = ToldTargets::default();
    targets.threads.insert("post_1".to_owned(), "[question]".to_owned());
    let world =
        World::with(Judges { targets: Arc::new(targets), ..Judges::seed(0.95) }, Rules::default()).await;
    let (_store, host) = world.host();
    let with =
        |content: &str| EngageInput { content: Some(content.to_owned()), ..engagement(EngageAction::Reply) };
    let bare = engage(&host, &with("Yes, since March.")).await;
    assert_eq!(bare.status, EngageStatus::Pending);
    let sourced = engage(&host, &with("Yes, see https://example.com/changes")).await;
    assert_eq!(sourced.status, EngageStatus::Success);
}

#[tokio::test]
async fn a_classifier_that_fails_or_panics_means_that_a_person_looks() {
    for told in ["[fail]", "[panic]"] {
        let world = World::new(1.0).await;
        let (_store, host) = world.host();
        let input = EngageInput { content: Some(told.to_owned()), ..engagement(EngageAction::Reply) };
        assert_eq!(engage(&host, &input).await.status, EngageStatus::Pending, "{told}");
    }
}

/// The first five of a campaign and the first on each platform; then it acts by itself.
#[tokio::test]
async fn the_cautious_preset_warms_up() {
    let judges = Judges { policies: Policies::all(Policy::cautious().unwrap()), ..Judges::seed(0.99) };
    let world = World::with(judges, Rules::default()).await;
    let (_store, host) = world.host();
    let like = |platform, number: usize| EngageInput {
        platform,
        target: format!("post_{number}"),
        ..engagement(EngageAction::Like)
    };
    for number in 0..5 {
        let input = like(PlatformName::Instagram, number);
        let answer = engage(&host, &input).await;
        assert_eq!(answer.status, EngageStatus::Pending, "{number}");
        super::reviews::approve(&host, &answer).await;
    }
    assert_eq!(engage(&host, &like(PlatformName::Instagram, 5)).await.status, EngageStatus::Success);
    let elsewhere = engage(&host, &like(PlatformName::Threads, 6)).await;
    assert_eq!(elsewhere.status, EngageStatus::Pending, "the first on a platform");
    super::reviews::approve(&host, &elsewhere).await;
    assert_eq!(engage(&host, &like(PlatformName::Threads, 7)).await.status, EngageStatus::Success);
    assert_eq!(world.platform.posts().len(), 8);
}

/// What was queued or refused under a key is not judged again, whatever the scorer would say now.
#[tokio::test]
async fn the_first_answer_counts() {
    for (first, then) in [(0.8, 0.99), (0.5, 0.99), (0.99, 0.1)] {
        let world = World::new(first).await;
        let (_store, host) = world.host();
        let input = engagement(EngageAction::Follow);
        let before = engage(&host, &input).await;
        world.judges.scorer.tell(Score::Is(then));
        assert_eq!(engage(&host, &input).await, before, "{first}, then {then}");
    }
}

#[tokio::test]
async fn every_answer_comes_with_what_the_contract_says() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    for action in EngageAction::ALL {
        let answer = engage(&host, &engagement(*action)).await;
        assert_eq!(answer.status, EngageStatus::Success, "{answer:?}");
        let response = answer.platform_response.unwrap();
        let expected: &[&str] = match action {
            EngageAction::Like => &["liked", "said", "timestamp"],
            EngageAction::Follow => &["following", "said", "timestamp"],
            EngageAction::Share => &["created_at", "id", "said", "shared", "url"],
            EngageAction::Reply | EngageAction::Comment => &["created_at", "id", "said", "text", "url"],
        };
        let mut members: Vec<_> = response.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, expected);
        assert!(answer.engagement_id.unwrap().starts_with("eng_"));
    }
    world.judges.scorer.tell(Score::Is(0.75));
    let own_key = chimera::contracts::CallContext { key: Some("own".to_owned()), ..engage_context() };
    let pending = engage_as(&host, &own_key, &engagement(EngageAction::Like)).await;
    let response = serde_json::to_value(pending.platform_response.unwrap()).unwrap();
    let expected = serde_json::json!({"message": "Engagement queued for approval", "approval_required": true, "confidence": 0.75});
    assert_eq!(response, expected);
}

/// X7.
#[tokio::test]
async fn a_key_with_a_control_character_is_refused() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    for key in ["a\0b", "a\r\nX-Key: b"] {
        let keyed = chimera::contracts::CallContext { key: Some(key.to_owned()), ..engage_context() };
        // The key comes from the host, so the mistake is the host's.
        let called = skill(&host).call(&keyed, engagement(EngageAction::Like)).await;
        let Err(HostError::Context(faults)) = called else { panic!("{key:?}: {called:?}") };
        assert!(matches!(faults.as_slice(), [ContextFault::Key { .. }, ..]), "{key:?}: {faults:?}");
    }
    assert_eq!(world.platform.performed(), []);
}
