//! The port over a scripted server that holds the platform to the contract of [`ToolClient`].

mod accounts;
mod against;
mod asked;
mod built_in;
mod built_in_answers;
mod built_in_reports;
mod engage;
mod failing_client;
mod find;
mod find_engagement;
mod fit;
mod late;
mod look;
mod matrix;
mod not_sent;
mod odd_answers;
mod odd_lists;
mod publish;
mod reports;
mod requests;
mod sessions;
mod targets;
mod upload;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::{
    CampaignId, Clock, CorrelationId, Digest, EffectId, ErrorCode, Namespace, PlatformName, SkillName,
};
use chimera_effect::{
    AccountRef, CallKey, Effect, EffectKind, EffectV1, Finding, Keys, LookUp, Media, MediaIdentity, Outcome,
    Platform, Refusal, RequestKey, Trace, Upload, Uploaded,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::act::Act;
use super::{Binding, ToolPlatform};
use crate::media::{MediaError, MediaProbe, MediaUrl, Probed};
use crate::profile::Profile;
use crate::tool::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
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
    /// By the ending of the URL.
    async fn probe(&self, url: &MediaUrl, deadline: DateTime<Utc>) -> Result<Probed, MediaError> {
        assert!(deadline > now());
        let bytes = self.0.clone().map_err(MediaError::new)?;
        let media_type = match url.file_name().rsplit_once('.') {
            Some((_, "mp4")) => "video/mp4",
            Some((_, "png")) => "image/png",
            _ => "application/pdf",
        };
        Ok(Probed {
            sha256: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            media_type: media_type.to_owned(),
            file_name: url.file_name().to_owned(),
        })
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
    late: Mutex<Vec<LateAnswer>>,
    secrets: Secrets,
    life: AtomicU64,
}

#[async_trait]
impl ToolClient for Scripted {
    fn server(&self) -> &'static str {
        "scripted"
    }

    fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::seconds(60)
    }

    fn late(&self) -> Vec<LateAnswer> {
        std::mem::take(&mut *self.late.lock().unwrap())
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        assert!(deadline > now());
        let failed = |reason: &str| ServerError {
            server: "scripted".to_owned(),
            reason: reason.to_owned(),
            retry_after: reason.contains("started again").then(|| TimeDelta::seconds(1)),
        };
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
        if call.life.is_some_and(|life| life != self.life()) {
            return Called::NotSent { reason: "the server was started anew".to_owned() };
        }
        let late = call.send_before <= now();
        self.calls.lock().unwrap().push(call);
        if late {
            return Called::NotSent { reason: "too late".to_owned() };
        }
        self.answers.lock().unwrap().pop_front().expect("one call, one answer")
    }
}

/// The tools of the seeds: their arguments, those first that they require.
const TOOLS: &[(&str, &[&str], &[&str])] = &[
    ("post_tweet", &["text"], &["media_ids", "account", "idempotency_key"]),
    ("post_instagram", &["caption"], &["media_ids", "account", "idempotency_key"]),
    ("post_linkedin", &["text"], &["media_ids", "account", "idempotency_key"]),
    ("post_tiktok", &["text"], &["media_ids", "account", "idempotency_key"]),
    ("post_youtube", &["text"], &["title", "media_ids", "account", "idempotency_key"]),
    ("post_threads", &["text"], &["media_ids", "account", "idempotency_key"]),
    ("upload_media", &["platform", "filename", "data"], &["sha256"]),
    ("get_post", &["platform", "id"], &[]),
    ("list_posts", &["platform"], &["account", "limit"]),
    ("get_tweet", &["tweet_id"], &[]),
    ("get_target", &["platform", "id", "kind"], &[]),
    ("follow_user", &["platform", "user_id"], &["account", "idempotency_key"]),
    ("reply_to_tweet", &["tweet_id", "text"], &["account", "idempotency_key"]),
    ("like_tweet", &["tweet_id"], &["account", "idempotency_key"]),
    ("retweet", &["tweet_id"], &["text", "account", "idempotency_key"]),
    ("comment_on_post", &["post_id", "text"], &["account", "idempotency_key"]),
    ("like_post", &["post_id"], &["account", "idempotency_key"]),
    ("reply_to_comment", &["comment_id", "text"], &["account", "idempotency_key"]),
    ("comment_on_video", &["video_id", "text"], &["account", "idempotency_key"]),
    ("like_video", &["video_id"], &["account", "idempotency_key"]),
    ("share_video", &["video_id"], &["text", "account", "idempotency_key"]),
    ("reply_to_thread", &["thread_id", "text"], &["account", "idempotency_key"]),
    ("like_thread", &["thread_id"], &["account", "idempotency_key"]),
    ("list_comments", &["platform"], &["account", "limit"]),
    ("list_likes", &["platform"], &["account", "limit"]),
    ("list_follows", &["platform"], &["account", "limit"]),
    ("list_shares", &["platform"], &["account", "limit"]),
];

fn tools() -> Vec<ToolInfo> {
    let argument = |name: &&str| {
        let kind = match *name {
            "limit" => "integer",
            "media_ids" => "array",
            _ => "string",
        };
        ((*name).to_owned(), json!({ "type": kind }))
    };
    TOOLS
        .iter()
        .map(|(name, required, optional)| {
            let properties: Map<String, Value> = required.iter().chain(*optional).map(argument).collect();
            let input_schema =
                json!({ "properties": properties, "required": required, "additionalProperties": false });
            ToolInfo { name: (*name).to_owned(), input_schema }
        })
        .collect()
}

/// Our account.
fn me(platform: PlatformName) -> AccountRef<'static> {
    AccountRef::new(platform, "me")
}

/// Read once: it is long.
static SEEDS: LazyLock<Profile> = LazyLock::new(|| Profile::seeds().unwrap());

struct World {
    server: Arc<Scripted>,
    platform: ToolPlatform,
}

fn world(
    tools: Result<Vec<ToolInfo>, &'static str>,
    media: Result<Vec<u8>, &'static str>,
    answers: Vec<Called>,
) -> World {
    world_of(&SEEDS, tools, media, answers)
}

fn world_of(
    profile: &Profile,
    tools: Result<Vec<ToolInfo>, &'static str>,
    media: Result<Vec<u8>, &'static str>,
    answers: Vec<Called>,
) -> World {
    let server = Arc::new(Scripted {
        tools,
        answers: Mutex::new(answers.into()),
        calls: Mutex::default(),
        late: Mutex::default(),
        secrets: Secrets::default(),
        life: AtomicU64::new(1),
    });
    let client: Arc<dyn ToolClient> = server.clone();
    let bindings = Binding::all(profile, &client);
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

fn engagement(platform: PlatformName, kind: EffectKind, target: &str, text: &str) -> Effect {
    let content = effect(platform, Vec::new()).content().clone();
    let target = Some(target.to_owned());
    Effect::new(EffectV1 { kind, target, text: text.to_owned(), ..content }).unwrap()
}

fn act_at(world: &World, effect: &Effect, uploads: &[Uploaded], send_before: DateTime<Utc>) -> Outcome {
    let act = Act {
        effect_id: effect_id(),
        effect,
        uploads,
        call_key: &key(effect),
        trace: &trace(),
        number: 1,
        send_before,
    };
    world.platform.act(&act).now_or_never().unwrap()
}

fn effect_id() -> EffectId {
    EffectId::from_uuid(Uuid::from_u128(7))
}

/// The id of a like, as the built-in profile composes it.
fn composed(kind: EffectKind, target: &str, key: &CallKey) -> String {
    format!("{}:{target}:{}", kind.as_str(), key.as_str().get(..16).unwrap())
}

/// The only call that the server got.
fn only_call(world: &World) -> ToolCall {
    let calls = world.server.calls.lock().unwrap();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    call.clone()
}

fn medium(identity: MediaIdentity) -> Media {
    Media { url: "https://cdn.example.com/a/cat.png".to_owned(), identity }
}

fn key(effect: &Effect) -> CallKey {
    let namespace = Namespace::default();
    CallKey::of(&RequestKey { namespace, skill: SkillName::Publish, key: "caller".to_owned() }, effect)
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

fn trace() -> Trace {
    Trace {
        caller_key: "caller@example.com".to_owned(),
        correlation: CorrelationId::from_uuid(Uuid::from_u128(0xabc)),
    }
}
