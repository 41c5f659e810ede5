//! The sections of a profile as they are written.

use std::collections::BTreeMap;

use chimera_contracts::{ErrorCode, Money};
use serde::Deserialize;
use serde_json::Value;

use crate::profile::{Condition, IdKind, Input, Wrap};
use crate::targets::TargetKind;

/// What stands in a platform's own section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    pub(super) account_url: Option<String>,
    pub(super) timeout_ms: u32,
    pub(super) settle_ms: u32,
    #[serde(default)]
    pub(super) idempotency: RawIdempotency,
    pub(super) price: Money,
    #[serde(default)]
    pub(super) errors: Vec<RawError>,
    #[serde(default)]
    pub(super) soft_errors: Vec<Condition>,
    pub(super) rate_window_s: Option<u32>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table `{ arg = \"…\", enforced_for_s = … }`, either of them optional"
)]
pub(super) struct RawIdempotency {
    pub(super) arg: Option<String>,
    pub(super) enforced_for_s: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table `{ pattern = \"…\", code = \"…\" }`")]
pub(super) struct RawError {
    pub(super) pattern: String,
    pub(super) code: ErrorCode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table `{ count = …, per_s = … }`")]
pub(super) struct RawLimit {
    pub(super) count: u32,
    pub(super) per_s: u32,
}

/// One pointer or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a JSON pointer, or a list of them")]
pub(super) enum Pointers {
    One(String),
    Many(Vec<String>),
}

/// A tool that makes something public. What only engagements have is refused by name in `publish`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAct {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) id: Option<Pointers>,
    pub(super) id_pattern: Option<String>,
    pub(super) id_template: Option<String>,
    #[serde(default)]
    pub(super) id_kind: IdKind,
    pub(super) url: Option<String>,
    pub(super) url_template: Option<String>,
    pub(super) published_at: Option<String>,
    pub(super) confirm: Option<Condition>,
    #[serde(default)]
    pub(super) not_published: Vec<Condition>,
    pub(super) target_kind: Option<TargetKind>,
    pub(super) timeout_ms: Option<u32>,
    pub(super) idempotency: Option<RawIdempotency>,
    pub(super) price: Option<Money>,
    pub(super) limit: Option<RawLimit>,
    pub(super) reads_back: Option<bool>,
    pub(super) sets_state: Option<bool>,
    pub(super) state: Option<toml::Value>,
    pub(super) list: Option<toml::Value>,
    pub(super) get: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUpload {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) id: Pointers,
    pub(super) timeout_ms: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) items: String,
    pub(super) id: Option<String>,
    pub(super) text: Option<String>,
    pub(super) target: Option<String>,
    pub(super) url: Option<String>,
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) own: bool,
    pub(super) author: Option<String>,
    pub(super) edited: Option<String>,
    #[serde(default)]
    pub(super) wraps: Vec<Wrap>,
    pub(super) complete: Option<String>,
    pub(super) total: Option<String>,
    pub(super) next: Option<String>,
    pub(super) next_argument: Option<String>,
    pub(super) look_every_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) confirm: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGet {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) text: Option<String>,
    pub(super) id: Option<String>,
    pub(super) author: Option<String>,
    pub(super) target: Option<String>,
    pub(super) url: Option<String>,
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) wraps: Vec<Wrap>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<Input, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    pub(super) confirm: Condition,
    #[serde(default)]
    pub(super) missing: Vec<Condition>,
    pub(super) text: Option<String>,
    pub(super) author: Option<String>,
}
