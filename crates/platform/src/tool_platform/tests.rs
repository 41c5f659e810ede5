//! The port over a scripted server that holds the platform to the contract of [`ToolClient`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{
    CampaignId, Clock, CorrelationId, Digest, ErrorCode, Namespace, PlatformName, SkillName,
};
use chimera_effect::{
    CallKey, Effect, EffectKind, EffectV1, Finding, Keys, LookUp, Media, MediaIdentity, Outcome, Platform,
    Refusal, RequestKey, Trace, Upload, Uploaded,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::publish::Publication;
use super::{Binding, ToolPlatform};
use crate::media::{MediaError, MediaProbe, MediaUrl, Probed};
use crate::profile::Profile;
use crate::tool::{Called, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
use crate::wire::META_PREFIX;

const TEXT: &str = "Hello world, this is a post #ai\n\nAI-generated";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

#[derive(Debug)]
struct Stopped(DateTime<Utc>);

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    async fn sleep_until(&self, _: DateTime<Utc>) {}
}

#[derive(Debug)]
struct Bytes(Result<Vec<u8>, &'static str>);

#[async_trait]
impl MediaProbe for Bytes {
    async fn probe(&self, _: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        panic!("publishing reads, it does not probe")
    }

    async fn read(&self, _: &MediaUrl, deadline: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        assert!(deadline > now());
        self.0.clone().map_err(MediaError::new)
    }
}

/// A server that answers what it was told to, once each.
#[derive(Debug)]
struct Scripted {
    tools: Result<Vec<ToolInfo>, &'static str>,
    answers: Mutex<VecDeque<Called>>,
    calls: Mutex<Vec<ToolCall>>,
}

#[async_trait]
impl ToolClient for Scripted {
    fn server(&self) -> &'static str {
        "scripted"
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        assert!(deadline > now());
        let failed = |reason: &str| ServerError { server: "scripted".to_owned(), reason: reason.to_owned() };
        self.tools.clone().map_err(failed)
    }

    async fn call(&self, call: ToolCall) -> Called {
        assert!(call.deadline > now(), "nobody waits for this");
        let tools = self.tools.clone().unwrap();
        let tool = tools.iter().find(|tool| tool.name == call.tool).expect("the tool was checked before");
        for name in call.arguments.keys() {
            assert!(tool.input_schema["properties"].get(name).is_some(), "undeclared argument {name}");
        }
        for name in call.meta.keys() {
            assert!(name.starts_with(META_PREFIX) || name == "traceparent", "foreign name {name}");
        }
        let late = call.send_before <= now();
        self.calls.lock().unwrap().push(call);
        if late {
            return Called::NotSent { reason: "too late".to_owned() };
        }
        self.answers.lock().unwrap().pop_front().expect("one call, one answer")
    }
}

fn tools() -> Vec<ToolInfo> {
    let post = |text: &str| {
        json!({
            "properties": { text: {}, "media_ids": {}, "account": {}, "idempotency_key": {} },
            "required": [text],
            "additionalProperties": false,
        })
    };
    [
        ("post_tweet", post("text")),
        ("post_instagram", post("caption")),
        ("post_linkedin", post("text")),
        (
            "upload_media",
            json!({ "properties": { "platform": {}, "filename": {}, "data": {}, "sha256": {} } }),
        ),
        (
            "list_posts",
            json!({ "properties": { "platform": {}, "account": {}, "limit": { "type": "integer" } } }),
        ),
        ("get_post", json!({ "properties": { "platform": {}, "id": {} }, "required": ["platform", "id"] })),
    ]
    .into_iter()
    .map(|(name, input_schema)| ToolInfo { name: name.to_owned(), input_schema })
    .collect()
}

struct World {
    server: Arc<Scripted>,
    platform: ToolPlatform,
}

fn world(
    tools: Result<Vec<ToolInfo>, &'static str>,
    media: Result<Vec<u8>, &'static str>,
    answers: Vec<Called>,
) -> World {
    let server = Arc::new(Scripted { tools, answers: Mutex::new(answers.into()), calls: Mutex::default() });
    let client: Arc<dyn ToolClient> = server.clone();
    let bindings = Binding::all(&Profile::seeds().unwrap(), &client);
    let platform = ToolPlatform::new(bindings, Arc::new(Bytes(media)), Arc::new(Stopped(now())));
    World { server, platform }
}

fn answering(answers: Vec<Called>) -> World {
    world(Ok(tools()), Ok(b"bytes".to_vec()), answers)
}

fn effect(platform: PlatformName, media: Vec<Media>) -> Effect {
    Effect::new(EffectV1 {
        namespace: Namespace::default(),
        campaign: CampaignId::from_uuid(Uuid::from_u128(1)),
        kind: EffectKind::Publish,
        platform,
        account: "me".to_owned(),
        target: None,
        text: TEXT.to_owned(),
        media,
        disclosure: None,
        not_before: None,
        not_after: None,
    })
    .unwrap()
}

fn medium(identity: MediaIdentity) -> Media {
    Media { url: "https://cdn.example.com/a/cat.png".to_owned(), identity }
}

fn key(effect: &Effect) -> CallKey {
    let namespace = Namespace::default();
    CallKey::of(&RequestKey { namespace, skill: SkillName::Publish, key: "caller".to_owned() }, effect)
}

fn publish_at(world: &World, effect: &Effect, uploads: &[Uploaded], send_before: DateTime<Utc>) -> Outcome {
    let publication = Publication { effect, uploads, call_key: &key(effect), trace: &trace(), send_before };
    world.platform.publish(&publication).now_or_never().unwrap()
}

fn publish(world: &World) -> Outcome {
    publish_at(world, &effect(PlatformName::Twitter, Vec::new()), &[], at(10))
}

fn said(is_error: bool, structured: Value) -> Called {
    Called::Answered(ToolAnswer {
        is_error,
        texts: vec![structured.to_string()],
        structured: Some(structured),
        result_type: None,
    })
}

fn refused(status: u16, code: impl Into<Value>, message: &str) -> Called {
    said(true, json!({ "error": { "status": status, "code": code.into(), "message": message } }))
}

#[test]
fn a_publish_call_carries_what_the_profile_says() {
    let world = answering(vec![said(
        false,
        json!({ "id": "17", "created_at": "2027-01-15T08:00:01Z", "text": TEXT }),
    )]);
    let effect = effect(PlatformName::Twitter, vec![medium(MediaIdentity::ByReference)]);
    let uploads = [Uploaded { media_id: "m1".to_owned() }];
    let Outcome::Done(evidence) = publish_at(&world, &effect, &uploads, at(9)) else { panic!("not done") };
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
        (refused(403, 187, "duplicate content."), Some(ErrorCode::ContentPolicyViolation)),
        (refused(403, "content_policy_violation", "no"), Some(ErrorCode::ContentPolicyViolation)),
        (refused(400, 186, "a bit shorter"), Some(ErrorCode::ContentTooLong)),
        (refused(409, "idempotency_key_reused", "other"), None),
        (refused(400, "bad_arguments", "bad arguments: x"), Some(ErrorCode::ValidationError)),
        (soft("401 Unauthorized"), Some(ErrorCode::PlatformAuthInvalid)),
        (said(false, json!({ "draft": true })), Some(ErrorCode::PlatformNotConfigured)),
        (said(false, json!({ "draft": true, "id": "1" })), Some(ErrorCode::PlatformNotConfigured)),
        (Called::NotSent { reason: "no".to_owned() }, Some(ErrorCode::PlatformTransientError)),
        (Called::Rejected { reason: "unknown tool".to_owned() }, Some(ErrorCode::PlatformNotConfigured)),
        (Called::Rejected { reason: "invalid params".to_owned() }, Some(ErrorCode::ValidationError)),
        (refused(503, 130, "Over capacity"), None),
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
    let outcome = publish_at(&world, &effect, &[], at(10));
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
        let Outcome::NotDone(refusal) = publish_at(world, effect, &[], send_before) else {
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
    let unbound = effect(PlatformName::TikTok, Vec::new());
    check(&answering(Vec::new()), &unbound, at(10), ErrorCode::PlatformNotConfigured);
    let no_upload = effect(PlatformName::Twitter, vec![medium(MediaIdentity::ByReference)]);
    check(&answering(Vec::new()), &no_upload, at(10), ErrorCode::MediaUploadFailed);
}

#[test]
fn readiness_names_every_fault_of_every_platform() {
    let partly: Vec<_> = tools().into_iter().filter(|tool| tool.name != "post_linkedin").collect();
    let world = world(Ok(partly), Ok(Vec::new()), Vec::new());
    let wanted = [PlatformName::Twitter, PlatformName::LinkedIn, PlatformName::TikTok];
    let faults = world.platform.ready(&wanted, EffectKind::Publish).now_or_never().unwrap();
    let platforms: Vec<_> = faults.iter().map(|fault| fault.platform).collect();
    assert_eq!(platforms, [PlatformName::LinkedIn, PlatformName::TikTok], "{faults:?}");
    assert_eq!(world.platform.ready(&wanted, EffectKind::Like).now_or_never().unwrap().len(), 3);
    let service = world.platform.service(PlatformName::Twitter, EffectKind::Publish).unwrap();
    assert!(matches!(service.keys, Keys::Enforced { .. }));
}

fn trace() -> Trace {
    Trace {
        caller_key: "caller@example.com".to_owned(),
        correlation: CorrelationId::from_uuid(Uuid::from_u128(0xabc)),
    }
}

fn upload(world: &World, identity: MediaIdentity) -> Result<Uploaded, Refusal> {
    let media = medium(identity);
    let effect = effect(PlatformName::Instagram, vec![media.clone()]);
    let call_key = key(&effect).step("upload", 0);
    let upload = Upload { effect: &effect, media: &media, call_key, trace: &trace() };
    world.platform.upload(upload).now_or_never().unwrap()
}

#[test]
fn the_bytes_that_were_approved_are_uploaded() {
    let digest = Digest::of(b"bytes");
    let world = answering(vec![said(false, json!({ "media_id": "m1" }))]);
    assert_eq!(upload(&world, MediaIdentity::Sha256(digest)).unwrap().media_id, "m1");
    assert_eq!(
        Value::Object(world.server.calls.lock().unwrap()[0].arguments.clone()),
        json!({ "platform": "instagram", "filename": "cat.png", "data": "Ynl0ZXM=", "sha256": digest.to_string() })
    );
}

#[test]
fn an_upload_that_fails_may_be_repeated() {
    let approved = MediaIdentity::Sha256(Digest::of(b"other"));
    let by_reference = || MediaIdentity::ByReference;
    for (world, identity, expected) in [
        (answering(Vec::new()), approved, ErrorCode::ApprovalContentMismatch),
        (world(Ok(tools()), Err("gone"), Vec::new()), by_reference(), ErrorCode::MediaNotAccessible),
        (answering(vec![refused(503, 2, "later")]), by_reference(), ErrorCode::MediaUploadFailed),
        (answering(vec![refused(413, 1, "too large")]), by_reference(), ErrorCode::MediaUploadFailed),
        (answering(vec![refused(401, 190, "expired")]), by_reference(), ErrorCode::PlatformAuthInvalid),
        (answering(vec![said(false, json!({}))]), by_reference(), ErrorCode::MediaUploadFailed),
        (
            answering(vec![Called::Lost { reason: "died".to_owned() }]),
            by_reference(),
            ErrorCode::MediaUploadFailed,
        ),
    ] {
        assert_eq!(upload(&world, identity).unwrap_err().code, expected);
    }
}

fn post(id: &str, text: &str, seconds: i64) -> Value {
    json!({ "id": id, "text": text, "url": "https://x.com/1", "created_at": at(seconds).to_rfc3339() })
}

/// A look at `now`; the first attempt began 60 seconds before.
fn look(answers: Vec<Called>, settled: i64, absent_looks: u32) -> Finding {
    let effect = effect(PlatformName::Twitter, Vec::new());
    let look = LookUp {
        call_key: key(&effect),
        effect,
        since: at(-60),
        settled_from: at(settled),
        absent_looks,
        not_ours: vec!["theirs".to_owned()],
        trace: trace(),
    };
    answering(answers).platform.find(&look).now_or_never().unwrap()
}

fn list(posts: &[Value], complete: bool) -> Called {
    said(false, json!({ "posts": posts, "complete": complete }))
}

fn id_of(finding: &Finding) -> Option<&str> {
    match finding {
        Finding::There(evidence) => Some(&evidence.post.id),
        _ => None,
    }
}

#[test]
fn the_oldest_post_of_our_own_time_is_found() {
    let wrapped = format!("Note!\n<<<BEGIN\n{TEXT}\n<<<END");
    let posts = [
        post("later", TEXT, -10),
        post("ours", TEXT, -58),
        post("theirs", TEXT, -59),
        post("wrapped", &wrapped, -62),
        post("earlier", TEXT, -66),
    ];
    let found = look(vec![list(&posts, true)], -1, 0);
    assert_eq!(id_of(&found), Some("ours"), "{found:?}");
    let found = look(vec![list(&posts[3..], true)], -1, 0);
    assert_eq!(id_of(&found), Some("wrapped"), "within the skew of clocks: {found:?}");
}

#[test]
fn absence_needs_time_and_two_looks() {
    let others = [post("a", "something else", -70)];
    let again = |settled: i64, absent| Finding::Unsettled { look_again: at(settled), absent };
    for (settled, looks, expected) in [
        (20, 0, again(20, false)),
        (20, 5, again(20, false)),
        (0, 0, again(5, true)),
        (-9, 1, Finding::AbsentForGood),
    ] {
        assert_eq!(look(vec![list(&others, true)], settled, looks), expected, "{settled} {looks}");
    }
    assert_eq!(look(vec![list(&others, false)], -9, 1), Finding::AbsentForGood, "reaches back");
    assert_eq!(look(vec![list(&[], true)], -9, 1), Finding::AbsentForGood);
}

#[test]
fn a_list_that_hides_something_proves_nothing() {
    let recent = [post("a", "something else", -1)];
    let pinned = [post("pinned", "old", -9_000), post("a", "something else", -1)];
    let timeless = [json!({ "id": "a", "text": TEXT })];
    for posts in [&recent[..], &pinned, &timeless, &[]] {
        let finding = look(vec![list(posts, false)], -9, 1);
        assert!(matches!(finding, Finding::CannotTell { .. }), "{posts:?} {finding:?}");
    }
}

#[test]
fn a_look_that_fails_says_nothing() {
    for called in [
        refused(503, 1, "later"),
        said(false, json!({ "error": "no" })),
        said(false, json!({ "posts": [{ "text": "no id" }], "complete": true })),
        said(false, json!("nothing")),
        Called::Lost { reason: "died".to_owned() },
        Called::NotSent { reason: "down".to_owned() },
    ] {
        let finding = look(vec![called], -9, 1);
        assert_eq!(finding, Finding::Unsettled { look_again: at(5), absent: false });
    }
}

#[test]
fn a_shortened_text_is_looked_at_whole() {
    let short = [post("ours", "Hello world, this is…", -10)];
    let whole = |text: &str| said(false, json!({ "id": "ours", "text": text }));
    let found = look(vec![list(&short, true), whole(TEXT)], -9, 1);
    assert_eq!(id_of(&found), Some("ours"), "{found:?}");
    let other = look(vec![list(&short, true), whole("Hello world, this is another")], -9, 1);
    assert_eq!(other, Finding::AbsentForGood);
    let failed = look(vec![list(&short, true), refused(503, 1, "later")], -9, 1);
    assert_eq!(failed, Finding::Unsettled { look_again: at(5), absent: false });
    let doubtful = look(vec![list(&short, true), whole("Hello world, this is…")], -9, 1);
    assert!(matches!(doubtful, Finding::CannotTell { .. }), "{doubtful:?}");
}
