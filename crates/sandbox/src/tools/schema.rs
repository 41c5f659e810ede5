//! What `tools/list` shows of a row: the schema of its arguments and the annotations.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::{
    DEFAULT_ACCOUNT, DEFAULT_LIST, MAX_LIST, MAX_NAME, ToolName,
    table::{Does, Spec, Takes},
};
use crate::{
    engagement::{EngagementKind, TargetKind},
    keys::Keys,
    platform::Platform,
};

/// A tool as `tools/list` shows it, on a server whose platforms honour keys or not.
pub(crate) fn tool(name: ToolName, keys: &Keys) -> Tool {
    let spec = name.spec();
    Tool::new(spec.name, description(&spec), schema(&spec, keys)).with_annotations(annotations(name, &spec))
}

fn description(spec: &Spec) -> String {
    let place = match spec.platforms {
        [only] => format!(" on {}", only.title()),
        _ => String::new(),
    };
    match spec.does {
        Does::Post { .. } => format!("Publishes a post{place}. Public at once."),
        Does::Engage { kind, on, .. } => {
            format!("{} a {}{place}. Public at once.", verb(kind), on.name())
        }
        Does::Upload => "Stores media for a later post. Nothing becomes public.".to_owned(),
        Does::Get { .. } => format!("Shows one post{place} by its id."),
        Does::List(listed) => format!("Lists the newest {}{place}, newest first.", listed.name()),
        Does::Target => "Tells whether a post, a comment or a user is there.".to_owned(),
    }
}

fn verb(kind: EngagementKind) -> &'static str {
    match kind {
        EngagementKind::Comment => "Comments on",
        EngagementKind::Reply => "Replies to",
        EngagementKind::Like => "Likes",
        EngagementKind::Follow => "Follows",
        EngagementKind::Share => "Shares",
    }
}

fn annotations(name: ToolName, spec: &Spec) -> ToolAnnotations {
    // A key is optional, so a write by itself is never safe to repeat, unless it sets a state.
    let state = matches!(spec.does, Does::Engage { kind, .. } if kind.is_state());
    ToolAnnotations::new()
        .read_only(!name.writes())
        .destructive(false)
        .idempotent(!name.writes() || state)
        .open_world(true)
}

/// The arguments of a tool while they are put together.
#[derive(Default)]
struct Arguments {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Arguments {
    fn required(&mut self, name: &'static str, schema: Value) {
        self.required.push(name);
        self.optional(name, schema);
    }

    fn optional(&mut self, name: &'static str, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
    }

    fn end(self) -> JsonObject {
        let members = [
            ("type", json!("object")),
            ("properties", Value::Object(self.properties)),
            ("required", json!(self.required)),
            ("additionalProperties", json!(false)),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn schema(spec: &Spec, keys: &Keys) -> JsonObject {
    let mut arguments = Arguments::default();
    if spec.platforms.len() > 1 {
        arguments.required("platform", json!({ "type": "string", "enum": spec.platforms }));
    }
    match spec.does {
        Does::Post { text, title } => post(&mut arguments, spec, text, title),
        Does::Engage { kind, target, .. } => {
            arguments.required(target, name());
            match kind.takes_text() {
                Takes::Always => arguments.required("text", text()),
                Takes::Perhaps => arguments.optional("text", text()),
                Takes::Never => {}
            }
        }
        Does::Upload => upload(&mut arguments),
        Does::Get { id } => arguments.required(id, name()),
        Does::List(_) => arguments.optional(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIST, "default": DEFAULT_LIST }),
        ),
        Does::Target => {
            arguments.required("id", name());
            arguments.required("kind", json!({ "type": "string", "enum": TargetKind::ALL }));
        }
    }
    if spec.takes_account() {
        arguments.optional("account", account());
    }
    if spec.acts() {
        arguments.optional("idempotency_key", key(spec.platforms, keys));
    }
    arguments.end()
}

fn post(arguments: &mut Arguments, spec: &Spec, text_argument: &'static str, title: bool) {
    arguments.required(text_argument, text());
    if title {
        arguments.optional("title", name());
    }
    let most = spec.platforms.iter().map(|platform| platform.media_limit()).max();
    arguments.optional("media_ids", json!({ "type": "array", "maxItems": most, "items": name() }));
}

fn upload(arguments: &mut Arguments) {
    arguments.required("filename", name());
    arguments.required("data", json!({ "type": "string", "minLength": 1, "contentEncoding": "base64" }));
    arguments.optional("sha256", json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" }));
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn name() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME })
}

fn account() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,255}$", "default": DEFAULT_ACCOUNT })
}

fn key(platforms: &[Platform], keys: &Keys) -> Value {
    let honoured: Vec<&str> = platforms
        .iter()
        .filter(|platform| keys.honoured_on(**platform))
        .map(|platform| platform.name())
        .collect();
    let description = if honoured.is_empty() {
        "Noted only: this platform does not honour keys, and the same key acts a second time.".to_owned()
    } else {
        let names = honoured.join(", ");
        format!(
            "On {names}: the same key with the same content answers as the first time and does nothing more."
        )
    };
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME, "description": description })
}
