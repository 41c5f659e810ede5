//! What comes of an engagement: done, refused, or unknown, by the rules of a post.

use super::matrix::{answer, served, words};
use super::*;

fn act(world: &World, platform: PlatformName, kind: EffectKind, target: &str) -> Outcome {
    act_at(world, &engagement(platform, kind, target, words(kind)), &[], at(9))
}

fn code(outcome: &Outcome) -> Option<ErrorCode> {
    match outcome {
        Outcome::NotDone(refusal) => Some(refusal.code),
        Outcome::Unknown(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_of_any_kind_is_one_only_in_known_words() {
    let lost = Called::Lost { reason: "timed out".to_owned() };
    for (platform, kind, target) in served() {
        let whole = answer(kind, target, words(kind));
        let mut flagged = whole.clone();
        flagged["success"] = false.into();
        for (called, expected) in [
            (refused(429, "x", "Too many requests"), Some(ErrorCode::PlatformRateLimit)),
            (refused(401, "x", "HTTP 401 Unauthorized"), Some(ErrorCode::PlatformAuthInvalid)),
            (refused(403, "content_policy_violation", "no"), Some(ErrorCode::ContentPolicyViolation)),
            (refused(404, "not_found", "no such thing"), Some(ErrorCode::InvalidTarget)),
            (refused(400, "bad_arguments", "bad arguments: x"), Some(ErrorCode::ValidationError)),
            (said(false, json!({ "error": "401 Unauthorized" })), Some(ErrorCode::PlatformAuthInvalid)),
            (said(false, json!({ "dry_run": true })), Some(ErrorCode::PlatformNotConfigured)),
            (Called::NotSent { reason: "no".to_owned() }, Some(ErrorCode::PlatformTransientError)),
            (Called::Failed { reason: "JSON-RPC error -32602: unknown tool".to_owned() }, None),
            (refused(503, "x", "Over capacity"), None),
            (refused(500, "x", "404 Not Found"), None),
            (said(true, json!({ "error": "An unknown error has occurred." })), None),
            (said(true, whole), None),
            (said(false, flagged), None),
            (said(false, json!({ "ok": true })), None),
            (said(false, json!("done!")), None),
            (lost.clone(), None),
        ] {
            let shown = format!("{platform} {kind:?} {called:?}");
            let world = answering(vec![called]);
            assert_eq!(code(&act(&world, platform, kind, target)), expected, "{shown}");
            only_call(&world);
        }
    }
}

#[test]
fn what_has_no_id_is_done_only_when_it_is_confirmed() {
    for (kind, member) in [(EffectKind::Like, "liked"), (EffectKind::Follow, "following")] {
        for said_so in [json!(false), json!("true"), json!(null)] {
            let world = answering(vec![said(false, json!({ member: said_so, "target": "1" }))]);
            let outcome = act(&world, PlatformName::Twitter, kind, "1");
            assert!(matches!(outcome, Outcome::Unknown(_)), "{kind:?} {outcome:?}");
        }
    }
    let unconfirmed = answering(vec![said(false, json!({ "id": "17", "shared": false }))]);
    let outcome = act(&unconfirmed, PlatformName::TikTok, EffectKind::Share, "1");
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[test]
fn no_two_effects_share_a_composed_id() {
    let like = |request: &str| {
        let effect = engagement(PlatformName::Twitter, EffectKind::Like, "tweet_1", "");
        let request =
            RequestKey { namespace: Namespace::default(), skill: SkillName::Engage, key: request.to_owned() };
        let call_key = CallKey::of(&request, &effect);
        let world = answering(vec![said(false, answer(EffectKind::Like, "tweet_1", ""))]);
        let trace = trace();
        let act = Act {
            effect_id: effect_id(),
            effect: &effect,
            uploads: &[],
            call_key: &call_key,
            trace: &trace,
            number: 1,
            send_before: at(9),
        };
        match world.platform.act(&act).now_or_never().unwrap() {
            Outcome::Done(evidence) => evidence.post.id,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(like("one"), like("one"));
    assert_ne!(like("one"), like("two"));
}

#[test]
fn a_share_without_words_sends_none() {
    let world = answering(vec![said(false, answer(EffectKind::Share, "1", ""))]);
    let effect = engagement(PlatformName::Twitter, EffectKind::Share, "1", "");
    assert!(matches!(act_at(&world, &effect, &[], at(9)), Outcome::Done(_)));
    assert!(!only_call(&world).arguments.contains_key("text"));
}

#[test]
fn nothing_is_sent_that_the_tool_cannot_carry() {
    let reply = |target: &str, text: &str| engagement(PlatformName::Twitter, EffectKind::Reply, target, text);
    let like = |target: &str, text: &str| engagement(PlatformName::Twitter, EffectKind::Like, target, text);
    let changed = |effect: &Effect, change: fn(&mut EffectV1)| {
        let mut content = effect.content().clone();
        change(&mut content);
        Effect::new(content).unwrap()
    };
    let with_media = changed(&reply("1", "a"), |content| {
        content.media = vec![medium(MediaIdentity::ByReference)];
    });
    let without_target = changed(&like("1", ""), |content| content.target = None);
    for (effect, expected) in [
        (like("1", "words"), ErrorCode::ValidationError),
        (reply("1", ""), ErrorCode::ValidationError),
        (with_media, ErrorCode::ValidationError),
        (without_target, ErrorCode::InvalidTarget),
        (reply("", "a"), ErrorCode::InvalidTarget),
        (reply("a sentence", "a"), ErrorCode::InvalidTarget),
        // The id would be longer than any.
        (like(&"1".repeat(490), ""), ErrorCode::InvalidTarget),
    ] {
        let world = answering(Vec::new());
        assert_eq!(code(&act_at(&world, &effect, &[], at(9))), Some(expected), "{effect:?}");
        assert!(world.server.calls.lock().unwrap().is_empty());
    }
    let late = answering(Vec::new());
    let outcome = act_at(&late, &like("1", ""), &[], now());
    assert_eq!(code(&outcome), Some(ErrorCode::PlatformTransientError));
}

#[test]
fn a_name_is_no_refusal() {
    for (target, message, expected) in [
        ("@rate_limit", "could not follow rate_limit", None),
        ("too_many", "HTTP 429: too_many", Some(ErrorCode::PlatformRateLimit)),
        ("429", "HTTP 429", None),
        ("user_1", "Rate limit exceeded for user_1", Some(ErrorCode::PlatformRateLimit)),
        ("e", "Rate limit exceeded", Some(ErrorCode::PlatformRateLimit)),
    ] {
        let world = answering(vec![said(true, json!({ "message": message }))]);
        let outcome = act(&world, PlatformName::Twitter, EffectKind::Follow, target);
        assert_eq!(code(&outcome), expected, "{target} {message}");
    }
}

#[test]
fn a_missing_post_is_no_missing_target() {
    let world = answering(vec![refused(404, "not_found", "no such media")]);
    let outcome = act_at(&world, &effect(PlatformName::Twitter, Vec::new()), &[], at(9));
    assert_eq!(code(&outcome), Some(ErrorCode::ValidationError));
}
