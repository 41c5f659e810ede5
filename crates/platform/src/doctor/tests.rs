//! The doctor over a scripted server, which answers each tool always the same and fails the test where an acting one is called.

mod calls;
mod lists;
mod single;
mod suggest;
mod verdict;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::{Clock, PlatformName};
use chimera_effect::EffectKind;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::{Absence, Diagnosis, Doctor, Health, KindDiagnosis};
use crate::profile::Profile;
use crate::targets::TargetKind;
use crate::tool::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
use crate::tool_platform::Binding;

const SECRET: &str = "swordfish-of-the-host";

#[derive(Debug)]
struct Stopped;

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    async fn sleep_until(&self, _: DateTime<Utc>) {}
}

/// A server whose tools that read answer as they are told, and whose other tools may not be called.
#[derive(Debug)]
struct Scripted {
    tools: Result<Vec<ToolInfo>, &'static str>,
    answers: BTreeMap<&'static str, Value>,
    calls: Mutex<Vec<ToolCall>>,
    secrets: Secrets,
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
        1
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    fn late(&self) -> Vec<LateAnswer> {
        Vec::new()
    }

    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        let failed = |reason: &str| ServerError {
            server: "scripted".to_owned(),
            reason: reason.to_owned(),
            retry_after: None,
        };
        self.tools.clone().map_err(failed)
    }

    async fn call(&self, call: ToolCall) -> Called {
        let name = call.tool.clone();
        self.calls.lock().unwrap().push(call);
        let answer = self.answers.get(name.as_str()).unwrap_or_else(|| panic!("`{name}` may not be called"));
        let structured = Some(answer.clone());
        Called::Answered(ToolAnswer { structured, ..ToolAnswer::default() })
    }
}

const PROFILE: &str = r#"
    name = "doctored"
    [platforms.twitter]
    settings = { urn = "the urn of the account" }
    [platforms.twitter.sign_in]
    tool = "login"
    confirm = { pointer = "/ok", equals = true }
    [platforms.twitter.whoami]
    tool = "whoami"
    account = "/username"
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}", by = "{settings.urn}" }
    id = "/id"
    reads_back = false
    [platforms.twitter.publish.by_media.image]
    arguments = { url = "{media_url}" }
    [platforms.twitter.list]
    tool = "list"
    arguments = { user = "{account}" }
    items = "/items"
    id = "/id"
    text = "/text"
    created_at = "/at"
    author = "/by"
    [platforms.twitter.get]
    tool = "get"
    arguments = { id = "{id}" }
    id = "/id"
    text = "/text"
    [platforms.twitter.delete]
    tool = "delete"
    arguments = { id = "{id}" }
    [platforms.twitter.targets]
    post = "[0-9]+"
    [platforms.twitter.look_up.post]
    tool = "show"
    arguments = { id = "{target}" }
    confirm = { pointer = "/id" }
    [platforms.twitter.like]
    tool = "like"
    arguments = { id = "{target}" }
    target_kind = "post"
    id_template = "like:{target}:{key}"
    confirm = { pointer = "/liked", equals = true }
    [platforms.twitter.like.state]
    tool = "is_liked"
    arguments = { id = "{target}" }
    confirm = { pointer = "/liked", equals = true }
"#;

/// The tools of [`PROFILE`], with what they take.
fn tools() -> Vec<ToolInfo> {
    let tool = |(name, arguments): (&str, &[&str])| {
        let properties: Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        ToolInfo { name: name.to_owned(), input_schema: json!({ "properties": properties }) }
    };
    [
        ("login", &[][..]),
        ("whoami", &[]),
        ("post", &["text", "by", "url"]),
        ("list", &["user"]),
        ("get", &["id"]),
        ("delete", &["id"]),
        ("show", &["id"]),
        ("like", &["id"]),
        ("is_liked", &["id"]),
    ]
    .map(tool)
    .into()
}

fn item(id: &str, text: &str, at: &str, by: &str) -> Value {
    json!({ "id": id, "text": text, "at": at, "by": by })
}

fn two_posts() -> Value {
    json!({ "items": [
        item("2", "the second of two posts", "2027-01-15T07:00:00Z", "@Me"),
        item("1", "the first one", "2027-01-14T07:00:00Z", "me"),
    ] })
}

/// What every reading tool answers where all is well.
fn answers() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("login", json!({ "ok": true })),
        ("whoami", json!({ "username": "me" })),
        ("list", two_posts()),
        ("get", json!({ "id": "2", "text": "the second of two posts" })),
        ("show", json!({ "id": "2" })),
        ("is_liked", json!({ "liked": false })),
    ])
}

fn server(answers: BTreeMap<&'static str, Value>) -> Arc<Scripted> {
    Arc::new(Scripted {
        tools: Ok(tools()),
        answers,
        calls: Mutex::default(),
        secrets: Secrets::new([SECRET.to_owned()]),
    })
}

fn examined(profile: &str, server: &Arc<Scripted>) -> Diagnosis {
    let client: Arc<dyn ToolClient> = Arc::<Scripted>::clone(server);
    let profile = Profile::parse(profile).unwrap();
    let bindings =
        Binding::all(&profile, &client).into_iter().map(|binding| binding.setting("urn", "urn:me"));
    Doctor::new(bindings, Arc::new(Stopped)).examine("me").now_or_never().unwrap()
}

/// The diagnosis of [`PROFILE`] with something replaced, and with another answer of one tool.
fn with(replaced: (&str, &str), tool: &'static str, answer: Value) -> Diagnosis {
    assert!(replaced.0.is_empty() || PROFILE.contains(replaced.0), "{}", replaced.0);
    let profile =
        if replaced.0.is_empty() { PROFILE.to_owned() } else { PROFILE.replace(replaced.0, replaced.1) };
    let mut all = answers();
    all.insert(tool, answer);
    examined(&profile, &server(all))
}

fn kind(diagnosis: &Diagnosis, kind: EffectKind) -> &KindDiagnosis {
    diagnosis.platforms[0].kinds.iter().find(|found| found.kind == kind).unwrap()
}

/// That something is told of a part, with this health.
fn assert_told(diagnosis: &Diagnosis, about: &str, health: Health, words: &str) {
    let told = diagnosis
        .observations()
        .any(|found| found.about == about && found.health == health && found.to_string().contains(words));
    assert!(told, "{about} {health:?} {words:?} in\n{diagnosis}");
}
