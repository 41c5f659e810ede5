//! What cannot be engaged with is refused by name, all of it at once, and nothing is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera::Chimera;
use chimera::audit::LedgerReader as _;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::contracts::{
    CallContext, CallerRole, ContextFault, ErrorCode, HostError, PlatformName, Skill as _,
};
use chimera_testkit::{Fault, Rules};
use chimera_tests::engage_stage::{
    Judges, ToldTargets, engage, engage_as, engage_context, engagement, skill,
};

use super::{World, code};

/// The code, and the pointers of what is wrong.
async fn refused(host: &Chimera, input: &EngageInput) -> (&'static str, Vec<String>) {
    let answer = engage(host, input).await;
    assert_eq!(answer.status, EngageStatus::Failed, "{answer:?}");
    let faults = answer.error.as_ref().and_then(|error| error.faults.clone()).unwrap_or_default();
    (code(&answer), faults.into_iter().map(|fault| fault.pointer).collect())
}

#[tokio::test]
async fn every_fault_of_an_input_is_named() {
    let world = World::new(1.0).await;
    let (_store, host) = world.host();
    let reply = engagement(EngageAction::Reply);
    let pointers =
        |pointers: &[&str]| pointers.iter().map(|pointer| (*pointer).to_owned()).collect::<Vec<_>>();
    for (input, expected) in [
        (EngageInput { content: None, ..reply.clone() }, ("MISSING_CONTENT", pointers(&["/content"]))),
        (
            EngageInput { content: None, ..engagement(EngageAction::Comment) },
            ("MISSING_CONTENT", pointers(&["/content"])),
        ),
        (
            EngageInput { content: Some("x".repeat(600)), ..reply.clone() },
            ("CONTENT_TOO_LONG", pointers(&["/content", "/content"])),
        ),
        (
            EngageInput { content: Some("x".repeat(600)), persona_constraints: Vec::new(), ..reply.clone() },
            ("CONTENT_TOO_LONG", pointers(&["/content"])),
        ),
        (
            EngageInput { target: "tweet_1".to_owned(), ..reply.clone() },
            ("INVALID_TARGET", pointers(&["/target"])),
        ),
        (
            EngageInput { persona_constraints: vec!["grumpy".to_owned()], ..reply.clone() },
            ("VALIDATION_ERROR", pointers(&["/persona_constraints/0"])),
        ),
        (
            EngageInput { content: Some("a\u{200b}b\u{202e}".to_owned()), ..reply.clone() },
            ("CONTENT_UNSAFE", pointers(&["/content"])),
        ),
        (
            EngageInput { content: Some("Not our problem!".to_owned()), ..reply.clone() },
            ("PERSONA_VIOLATION", pointers(&["/content"])),
        ),
        (
            EngageInput { content: Some("words".to_owned()), ..engagement(EngageAction::Like) },
            ("VALIDATION_ERROR", pointers(&["/content"])),
        ),
        (
            EngageInput {
                target: "bad".to_owned(),
                content: Some("x".repeat(600)),
                persona_constraints: vec!["grumpy".to_owned(), "helpful".to_owned(), "rude".to_owned()],
                ..reply.clone()
            },
            (
                "VALIDATION_ERROR",
                pointers(&["/content", "/persona_constraints/0", "/persona_constraints/2", "/target"]),
            ),
        ),
    ] {
        let (code, mut found) = refused(&host, &input).await;
        found.dedup();
        let (expected_code, mut expected) = expected;
        expected.dedup();
        assert_eq!((code, found), (expected_code, expected), "{input:?}");
    }
    assert_eq!(world.platform.performed(), []);
}

/// Every cell of the matrix: what no tool serves is refused before anything is sent, and the answer names what is served.
#[tokio::test]
async fn empty_cells_are_unsupported() {
    let world = World::new(1.0).await;
    let (_store, host) = world.host();
    let empty = [
        (PlatformName::Instagram, EngageAction::Share),
        (PlatformName::Threads, EngageAction::Share),
        (PlatformName::TikTok, EngageAction::Reply),
    ];
    let mut done = 0;
    for platform in chimera::contracts::engage::PLATFORMS {
        for action in EngageAction::ALL {
            let input = EngageInput { platform: *platform, ..engagement(*action) };
            let answer = engage(&host, &input).await;
            if empty.contains(&(*platform, *action)) {
                assert_eq!(code(&answer), "UNSUPPORTED_ACTION", "{platform} {action}");
                let error = answer.error.unwrap();
                assert!(!error.retryable && error.message.contains("`like`"), "{}", error.message);
            } else {
                assert_eq!(answer.status, EngageStatus::Success, "{platform} {action}: {answer:?}");
                done += 1;
            }
        }
    }
    assert_eq!((done, world.platform.posts().len()), (17, 17));
}

#[tokio::test]
async fn a_target_that_is_not_there_is_refused() {
    let missing = ToldTargets { missing: BTreeSet::from(["post_1".to_owned()]), ..ToldTargets::default() };
    let dark = ToldTargets { unreachable: true, ..ToldTargets::default() };
    for (targets, expected, retryable) in
        [(missing, "INVALID_TARGET", false), (dark, "PLATFORM_TRANSIENT_ERROR", true)]
    {
        let world =
            World::with(Judges { targets: Arc::new(targets), ..Judges::seed(1.0) }, Rules::default()).await;
        let (_store, host) = world.host();
        let answer = engage(&host, &engagement(EngageAction::Reply)).await;
        let error = answer.error.unwrap();
        assert_eq!((error.code.as_str(), error.retryable), (expected, retryable));
        assert_eq!((error.platform, error.target.as_deref()), (Some(PlatformName::Threads), Some("post_1")));
        assert_eq!(world.platform.performed(), []);
    }
}

#[tokio::test]
async fn only_a_worker_may_engage() {
    let world = World::new(1.0).await;
    let (_store, host) = world.host();
    let input = engagement(EngageAction::Like);
    for (context, expected) in [
        (CallContext { role: CallerRole::Planner, ..engage_context() }, "AUTHZ_FAILURE"),
        (CallContext { role: CallerRole::Judge, ..engage_context() }, "AUTHZ_FAILURE"),
        (CallContext { role: CallerRole::Reviewer, ..engage_context() }, "AUTHZ_FAILURE"),
    ] {
        assert_eq!(code(&engage_as(&host, &context, &input).await), expected, "{context:?}");
    }
    assert_eq!(world.platform.performed(), []);
}

/// What the host forgot is told to the host, in every way to call, and no model hears of it; nothing is recorded.
#[tokio::test]
async fn the_host_has_to_say_for_whom() {
    let world = World::new(1.0).await;
    let (store, host) = world.host();
    let input = engagement(EngageAction::Like);
    let json = serde_json::to_vec(&input).unwrap();
    let entries = || async { store.head().await.unwrap().size };
    let before = entries().await;
    for (context, faults) in [
        (CallContext { agent: None, ..engage_context() }, vec![ContextFault::NoAgent]),
        (CallContext { campaign: None, ..engage_context() }, vec![ContextFault::NoCampaign]),
        (CallContext { actor: String::new(), ..engage_context() }, vec![ContextFault::NoActor]),
        (
            CallContext { agent: None, key: Some("a\u{7}b".to_owned()), ..engage_context() },
            vec![ContextFault::NoAgent, ContextFault::Key { place: 1, character: '\u{7}' }],
        ),
        // Whatever the caller may do, and whatever the input is.
        (
            CallContext { campaign: None, role: CallerRole::Judge, ..engage_context() },
            vec![ContextFault::NoCampaign],
        ),
    ] {
        let expected = HostError::Context(faults);
        let skills = host.skills();
        let id = "skill_engagement_manage";
        assert_eq!(skill(&host).call(&context, input.clone()).await.unwrap_err(), expected);
        assert_eq!(skill(&host).submit(&context, &input).await.unwrap_err(), expected);
        assert_eq!(skills.call_json(id, &context, &json).await.unwrap_err(), expected);
        assert_eq!(skills.call_json(id, &context, b"no json").await.unwrap_err(), expected);
    }
    let unknown = host.skills().call_json("skill_unheard_of", &engage_context(), &json).await.unwrap_err();
    let configured = vec!["skill_engagement_manager", "skill_engagement_manage", "skill_publish_content"];
    assert_eq!(unknown, HostError::NoSuchSkill { id: "skill_unheard_of".to_owned(), configured });
    assert_eq!(entries().await, before);
    assert_eq!(world.platform.performed(), []);
}

/// The JSON of the contract, read by the skill: unknown and doubled members, wrong types and words, and what is missing.
#[tokio::test]
async fn json_that_is_not_the_contracts_is_refused_whole() {
    let world = World::new(1.0).await;
    let (_store, host) = world.host();
    let skill = host.skills().get("skill_engagement_manage").unwrap();
    for (json, pointers) in [
        (r#"{}"#, vec!["/action", "/platform", "/target"]),
        (r#"{"action":"poke","platform":"linkedin","target":""}"#, vec!["/action", "/platform", "/target"]),
        (
            r#"{"action":"like","platform":"twitter","target":1,"content":2,"persona_constraints":3}"#,
            vec!["/content", "/persona_constraints", "/target"],
        ),
        (r#"{"action":"like","platform":"twitter","target":"tweet_1","confidence":1}"#, vec!["/confidence"]),
        (r#"{"action":"like","action":"follow","platform":"twitter","target":"t"}"#, vec!["/action"]),
        (r#"not json"#, vec![""]),
    ] {
        let answer = skill.call_json(&engage_context(), json.as_bytes()).await.unwrap();
        assert!(answer.is_error, "{json}");
        let answer: serde_json::Value = serde_json::from_str(&answer.json).unwrap();
        assert_eq!(answer["status"], "failed", "{json}");
        assert_eq!(answer["error"]["code"], "VALIDATION_ERROR", "{json}");
        let faults = answer["error"]["faults"].as_array().unwrap();
        let found: Vec<_> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{json}");
    }
    assert_eq!(world.platform.performed(), []);
}

/// What a platform says no to comes back under its code.
#[tokio::test]
async fn what_the_platform_refuses_is_told_under_its_code() {
    for refusal in [
        ErrorCode::PlatformAuthInvalid,
        ErrorCode::ContentPolicyViolation,
        ErrorCode::InvalidTarget,
        ErrorCode::PlatformTransientError,
    ] {
        let world = World::new(1.0).await;
        let (_store, host) = world.host();
        let input = engagement(EngageAction::Comment);
        // Whatever may pass is tried again within the call, three times.
        world.platform.plan(input.platform, [Fault::Refuse(refusal); 4]);
        let answer = engage(&host, &input).await;
        assert_eq!((answer.status, code(&answer)), (EngageStatus::Failed, refusal.as_str()));
        assert_eq!(answer.error.map(|error| error.retryable), Some(refusal.retryable()));
        assert_eq!(world.platform.posts(), []);
        assert_eq!(world.platform.performed().len(), if refusal.retryable() { 4 } else { 1 });
    }
}

/// A blip is over before the caller learns of it; nothing is sent twice.
#[tokio::test]
async fn what_provably_did_not_happen_is_tried_again() {
    let world = World::new(1.0).await;
    let (_store, host) = world.host();
    let input = engagement(EngageAction::Reply);
    let blip = Fault::Refuse(ErrorCode::PlatformTransientError);
    let limit = Fault::RateLimit { retry_after: chrono::TimeDelta::seconds(2) };
    world.platform.plan(input.platform, [blip, limit]);
    assert_eq!(engage(&host, &input).await.status, EngageStatus::Success);
    assert_eq!((world.platform.performed().len(), world.platform.posts().len()), (3, 1));
}
