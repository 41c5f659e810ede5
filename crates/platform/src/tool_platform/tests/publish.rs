//! Publishing: what is sent, what an answer means, what stops it before.

use super::*;

fn publish(world: &World) -> Outcome {
    act_at(world, &effect(PlatformName::Twitter, Vec::new()), &[], at(10))
}

#[test]
fn a_publish_call_carries_what_the_profile_says() {
    let world = answering(vec![said(
        false,
        json!({ "id": "17", "created_at": "2027-01-15T08:00:01Z", "text": TEXT }),
    )]);
    let effect = effect(PlatformName::Twitter, vec![medium(MediaIdentity::ByReference)]);
    let uploads = [Uploaded { media_id: "m1".to_owned() }];
    let Outcome::Done(evidence) = act_at(&world, &effect, &uploads, at(9)) else { panic!("not done") };
    assert_eq!(evidence.post.id, "17");
    assert_eq!(evidence.post.url.as_deref(), Some("https://twitter.com/me/status/17"));
    assert_eq!(evidence.post.published_at, Some(at(1)));
    let calls = world.server.calls.lock().unwrap();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let key = key(&effect);
    assert_eq!(
        Value::Object(call.arguments.clone()),
        json!({ "text": TEXT, "media_ids": ["m1"], "account": "me", "idempotency_key": key.as_str() })
    );
    assert_eq!((call.send_before, call.deadline), (at(9), at(10)));
    let meta = |name: &str| call.meta[&format!("{META_PREFIX}/{name}")].as_str();
    assert_eq!(meta("call-key"), key.as_str());
    assert_eq!((meta("platform"), meta("step")), ("twitter", "publish"));
    assert_eq!(meta("correlation-id"), "00000000-0000-0000-0000-000000000abc");
    assert_eq!(meta("request-key"), "caller@example.com");
    let span = key.as_str().get(..16).unwrap();
    assert_eq!(call.meta["traceparent"], format!("00-00000000000000000000000000000abc-{span}-01"));
}

#[test]
fn a_text_only_post_has_no_empty_media() {
    let world = answering(vec![said(false, json!({ "id": "17" }))]);
    publish(&world);
    assert!(!world.server.calls.lock().unwrap()[0].arguments.contains_key("media_ids"));
}

#[test]
fn a_refusal_is_one_only_in_known_words() {
    let lost = Called::Lost { reason: "timed out; api_key=abc".to_owned() };
    let soft = |text: &str| said(false, json!({ "error": text }));
    for (called, expected) in [
        (refused(429, 88, "Rate limit exceeded"), Some(ErrorCode::PlatformRateLimit)),
        (refused(401, 89, "Invalid or expired token."), Some(ErrorCode::PlatformAuthInvalid)),
        (refused(403, 187, "duplicate content."), None),
        (refused(403, "content_policy_violation", "no"), Some(ErrorCode::ContentPolicyViolation)),
        (refused(400, 186, "a bit shorter"), Some(ErrorCode::ContentTooLong)),
        (refused(409, "idempotency_key_reused", "other"), None),
        (refused(400, "bad_arguments", "bad arguments: x"), Some(ErrorCode::ValidationError)),
        (soft("401 Unauthorized"), Some(ErrorCode::PlatformAuthInvalid)),
        (said(false, json!({ "draft": true })), Some(ErrorCode::PlatformNotConfigured)),
        (said(false, json!({ "draft": true, "id": "1" })), Some(ErrorCode::PlatformNotConfigured)),
        (Called::NotSent { reason: "no".to_owned() }, Some(ErrorCode::PlatformTransientError)),
        (Called::Failed { reason: "JSON-RPC error -32602: unknown tool".to_owned() }, None),
        (Called::Failed { reason: "JSON-RPC error -32601: method not found".to_owned() }, None),
        (refused(503, 130, "Over capacity"), None),
        // FastMCP's words for what a tool threw, here when it read its post back.
        (
            said(true, json!("Error executing tool post_tweet: 404 Not Found")),
            Some(ErrorCode::ValidationError),
        ),
        (
            said(true, json!("Error executing tool post_tweet: no permalink of the tweet found, not found")),
            None,
        ),
        (said(true, json!("Error calling tool 'post_tweet': invalid params")), None),
        (
            said(true, json!("Error executing tool post_tweet: 1 validation error for post_tweetArguments")),
            Some(ErrorCode::ValidationError),
        ),
        (said(true, json!("Tool post_tweet not found")), Some(ErrorCode::PlatformNotConfigured)),
        (said(true, json!("Unknown tool: post_tweet")), Some(ErrorCode::PlatformNotConfigured)),
        // A library repeats a lost call by itself, and is told so about our own post.
        (refused(400, 368, "Posting the same content repeatedly isn't allowed."), None),
        (refused(422, "x", "It is too similar to a recent one"), None),
        // The Graph APIs send faults of their own as 400.
        (refused(400, -1, "no"), None),
        (refused(400, 7, "An unexpected error has occurred. Please retry your request later."), None),
        (said(true, json!({ "error": { "status": 400, "is_transient": true, "message": "no" } })), None),
        (
            said(true, json!({ "error": { "status": 400, "is_transient": false, "message": "no" } })),
            Some(ErrorCode::ValidationError),
        ),
        (refused(500, 88, "Rate limit exceeded"), None),
        (refused(409, 1, "conflict"), None),
        (refused(408, 1, "request took too long"), None),
        (said(true, json!({ "error": "An unknown error has occurred." })), None),
        (said(true, json!(null)), None),
        (said(true, json!({ "id": "17" })), None),
        (said(false, json!({ "success": false, "error": "" })), None),
        (said(false, json!({ "success": false, "id": "17" })), None),
        (said(false, json!({ "ok": true })), None),
        (said(false, json!({ "id": "a sentence" })), None),
        (said(false, json!("posted!")), None),
        (soft("401 likes is odd"), None),
        (soft("ProxyError('Unable to connect to proxy') 401 Unauthorized"), None),
        (soft(&format!("no answer for {TEXT}")), None),
        (lost, None),
    ] {
        let shown = format!("{called:?}");
        let found = match publish(&answering(vec![called])) {
            Outcome::NotDone(refusal) => Some(refusal.code),
            Outcome::Unknown(lost) => {
                assert!(!lost.reason.contains("abc"), "{lost:?}");
                None
            }
            other => panic!("{shown}: {other:?}"),
        };
        assert_eq!(found, expected, "{shown}");
    }
}

#[test]
fn what_needs_a_human_is_not_answered() {
    let asking = ToolAnswer {
        result_type: Some("input_required".to_owned()),
        structured: Some(json!({ "id": "17" })),
        ..ToolAnswer::default()
    };
    let outcome = publish(&answering(vec![Called::Answered(asking)]));
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[test]
fn our_own_text_never_reads_as_a_refusal() {
    let world =
        answering(vec![said(true, json!({ "message": "odd", "text": "HTTP 429: duplicate content" }))]);
    let mut content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    content.text = "HTTP 429: duplicate content".to_owned();
    let effect = Effect::new(content).unwrap();
    let outcome = act_at(&world, &effect, &[], at(10));
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[test]
fn a_rate_limit_says_when_it_ends() {
    let error = json!({ "error": { "status": 429, "message": "slow down", "retry_after_seconds": 30 } });
    let Outcome::NotDone(refusal) = publish(&answering(vec![said(true, error)])) else {
        panic!("not refused")
    };
    assert_eq!(refusal.retry_at, Some(at(30)));
}

#[test]
fn nothing_is_called_where_something_is_missing() {
    let check = |world: &World, effect: &Effect, send_before, expected: ErrorCode| {
        let Outcome::NotDone(refusal) = act_at(world, effect, &[], send_before) else {
            panic!("not refused")
        };
        assert_eq!(refusal.code, expected, "{refusal:?}");
    };
    let tweet = effect(PlatformName::Twitter, Vec::new());
    let none = world(Ok(Vec::new()), Ok(Vec::new()), Vec::new());
    check(&none, &tweet, at(10), ErrorCode::PlatformNotConfigured);
    let down = world(Err("exited; token=abc"), Ok(Vec::new()), Vec::new());
    check(&down, &tweet, at(10), ErrorCode::PlatformTransientError);
    check(&answering(Vec::new()), &tweet, now(), ErrorCode::PlatformTransientError);
    let unbound = engagement(PlatformName::LinkedIn, EffectKind::Like, "1", "");
    check(&answering(Vec::new()), &unbound, at(10), ErrorCode::PlatformNotConfigured);
    let no_upload = effect(PlatformName::Twitter, vec![medium(MediaIdentity::ByReference)]);
    check(&answering(Vec::new()), &no_upload, at(10), ErrorCode::MediaUploadFailed);
}

/// A server that is being started again is a transient fault; a missing program is not.
#[test]
fn readiness_tells_what_passes_from_what_lasts() {
    for (reason, expected) in [
        ("it is started again in 100 ms", ErrorCode::PlatformTransientError),
        ("the program was not found", ErrorCode::PlatformUnavailable),
    ] {
        let world = world(Err(reason), Ok(Vec::new()), Vec::new());
        let wanted = [me(PlatformName::Twitter)];
        let faults = world.platform.ready(&wanted, EffectKind::Publish).now_or_never().unwrap();
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn readiness_names_every_fault_of_every_platform() {
    let lacks = ["post_linkedin", "post_tiktok", "list_likes"];
    let partly: Vec<_> = tools().into_iter().filter(|tool| !lacks.contains(&tool.name.as_str())).collect();
    let world = world(Ok(partly), Ok(Vec::new()), Vec::new());
    let wanted = [PlatformName::Twitter, PlatformName::LinkedIn, PlatformName::TikTok];
    let unready = |kind| {
        let faults = world.platform.ready(&wanted.map(me), kind).now_or_never().unwrap();
        faults.iter().map(|fault| fault.platform).collect::<Vec<_>>()
    };
    assert_eq!(unready(EffectKind::Publish), [PlatformName::LinkedIn, PlatformName::TikTok]);
    assert_eq!(unready(EffectKind::Like), wanted);
    // What liking lacks is no matter of following.
    assert_eq!(unready(EffectKind::Follow), [PlatformName::LinkedIn]);
    let service = world.platform.service(me(PlatformName::Twitter), EffectKind::Publish).unwrap();
    assert!(matches!(service.keys, Keys::Enforced { .. }));
}
