//! The sections of a profile as they are written. The doc comments are the descriptions of the JSON Schema.

use std::collections::BTreeMap;

use chimera_contracts::{ErrorCode, Money};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::profile::{Condition, IdKind, MediaKind, Wrap};
use crate::targets::TargetKind;

/// The arguments of a tool, by the tool's own names. A value may be anything; `{name}` in it stands for what Chimera
/// hands over. `"{text}"` alone is the value as it is, `"from:{account}"` a text around it.
pub(super) type Arguments = BTreeMap<String, Value>;

/// What a profile says of one platform, but for its tools.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Settings")]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    /// The public page of an account: begins with `https://` and holds `{account}`.
    pub(super) account_url: Option<String>,
    /// How long an act may take, with its media and the step before it, in milliseconds.
    #[serde(default = "timeout_ms")]
    pub(super) timeout_ms: u32,
    /// How long after a call's last moment the platform may still act on it, in milliseconds. The default bears a server that
    /// sleeps out a rate limit of a quarter of an hour and sends then.
    #[serde(default = "settle_ms")]
    pub(super) settle_ms: u32,
    /// The argument that carries our key, and how long the tool enforces it.
    #[serde(default)]
    pub(super) idempotency: RawIdempotency,
    /// What one act costs.
    #[serde(default = "free")]
    pub(super) price: Money,
    /// What one call costs that only reads.
    #[serde(default = "free")]
    pub(super) read_price: Money,
    /// Words of the server's errors and what they mean; they are looked for in answers of acts alone.
    #[serde(default)]
    pub(super) errors: Vec<RawError>,
    /// What an answer says that is an error without `isError`.
    #[serde(default)]
    pub(super) soft_errors: Vec<Condition>,
    /// How long a rate limit lasts of which the answer gives no time, in seconds.
    pub(super) rate_window_s: Option<u32>,
    /// What the host has to give with its binding, with a description each; arguments name it as `{settings.NAME}`.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, String>,
    /// The largest answer that is read, in bytes.
    #[serde(default = "answer_limit")]
    pub(super) answer_limit_bytes: u32,
}

/// PUB-11.
const fn timeout_ms() -> u32 {
    10_000
}

/// The window of X's rate limits, which two public servers sleep out before they send again (mcp.md, 4).
const fn settle_ms() -> u32 {
    900_000
}

const fn answer_limit() -> u32 {
    4 * 1024 * 1024
}

const fn free() -> Money {
    Money::usd_micros(0)
}

/// The argument that carries our key.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Idempotency")]
#[serde(
    deny_unknown_fields,
    expecting = "a table `{ arg = \"…\", enforced_for_s = … }`, either of them optional"
)]
pub(super) struct RawIdempotency {
    /// The tool's argument.
    pub(super) arg: Option<String>,
    /// For how many seconds the tool promises that the same key makes nothing new. The operator's word.
    pub(super) enforced_for_s: Option<u32>,
}

/// Words of a server and what they mean.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
#[serde(deny_unknown_fields, expecting = "a table `{ pattern = \"…\", code = \"…\" }`")]
pub(super) struct RawError {
    /// A regular expression.
    pub(super) pattern: String,
    /// The code of it.
    pub(super) code: ErrorCode,
}

/// How often an account may do it.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Limit")]
#[serde(deny_unknown_fields, expecting = "a table `{ count = …, per_s = … }`")]
pub(super) struct RawLimit {
    /// How often.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) count: u32,
    /// In how many seconds.
    #[schemars(range(min = 1))]
    pub(super) per_s: u32,
}

/// One pointer or several, to be tried in order.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a JSON pointer, or a list of them")]
pub(super) enum Pointers {
    /// A JSON pointer (RFC 6901).
    One(String),
    /// Several, to be tried in order.
    Many(Vec<String>),
}

/// What says that a list is complete: where a *yes* stands, or what has to stand there.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a JSON pointer, or a table `{ pointer = \"/…\", equals = … }`")]
pub(super) enum Complete {
    /// A JSON pointer (RFC 6901) to a *yes*.
    At(String),
    /// What has to stand there, such as `false` of *there is more*.
    Says(Condition),
}

impl Complete {
    pub(super) fn condition(self) -> Condition {
        match self {
            Self::At(pointer) => Condition { pointer, equals: None },
            Self::Says(condition) => condition,
        }
    }
}

/// Whether a post needs media.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "Media")]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMedia {
    /// A post may have media, as far as the tool takes them.
    #[default]
    Optional,
    /// A post without media is refused before anything is sent.
    Required,
}

/// A tool that makes something public.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Act")]
#[serde(deny_unknown_fields)]
pub(super) struct RawAct {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments. `{text}` has to stand alone: what is posted is what was approved.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that the tool takes as a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Where the new post's id stands.
    pub(super) id: Option<Pointers>,
    /// The id within text: a regular expression with one group.
    pub(super) id_pattern: Option<String>,
    /// The id of what the platform gives none to; holds `{key}`.
    pub(super) id_template: Option<String>,
    /// Whether the id is a post's or that of work to be polled.
    #[serde(default)]
    pub(super) id_kind: IdKind,
    /// Where the URL of the post stands.
    pub(super) url: Option<String>,
    /// The URL of the post by a template; holds `{id}`.
    pub(super) url_template: Option<String>,
    /// Where the time stands at which it became public.
    pub(super) published_at: Option<String>,
    /// What a success has to say beside the id.
    pub(super) confirm: Option<Condition>,
    /// What says that nothing became public: a draft, a preview.
    #[serde(default)]
    pub(super) not_published: Vec<Condition>,
    /// Of a post: whether it needs media.
    pub(super) media: Option<RawMedia>,
    /// Of a post with media of one kind: what is called instead.
    #[serde(default)]
    pub(super) by_media: BTreeMap<MediaKind, RawByMedia>,
    /// A step before the act that makes nothing public, such as a container; the act takes `{prepared}`.
    #[schemars(with = "Option<RawPrepare>")]
    pub(super) prepare: Option<Value>,
    /// Of an engagement, and required there: what it is about.
    pub(super) target_kind: Option<TargetKind>,
    /// Of an engagement: how long one call may take, in milliseconds, where it differs from the platform's.
    pub(super) timeout_ms: Option<u32>,
    /// Of an engagement: its own key, where it differs from the platform's.
    pub(super) idempotency: Option<RawIdempotency>,
    /// Of an engagement: its price, where it differs from the platform's.
    pub(super) price: Option<Money>,
    /// How often an account may do it.
    pub(super) limit: Option<RawLimit>,
    /// Whether the tool may ask the platform something after its write, so that an error may be the read's; `true` unless said.
    pub(super) reads_back: Option<bool>,
    /// Of a like, follow or share: whether calling it again changes nothing. Never of a toggle.
    pub(super) sets_state: Option<bool>,
    /// Of a like, follow or share: the tool that tells whether it is set.
    #[schemars(with = "Option<RawState>")]
    pub(super) state: Option<Value>,
    /// Of an engagement: the tool that lists what the account did.
    #[schemars(with = "Option<RawList>")]
    pub(super) list: Option<Value>,
    /// Of an engagement: the tool that shows one item, whole.
    #[schemars(with = "Option<RawGet>")]
    pub(super) get: Option<Value>,
    /// Of an engagement: the tool that takes it back.
    #[schemars(with = "Option<RawDelete>")]
    pub(super) delete: Option<Value>,
}

/// What is called when a post has media of one kind. Without `tool` the arguments are added to those of the usual call; with
/// one they stand alone.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ByMedia")]
#[serde(deny_unknown_fields)]
pub(super) struct RawByMedia {
    /// Another tool.
    pub(super) tool: Option<String>,
    /// More arguments, or other ones.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// The same that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
}

/// A step before the act.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Prepare")]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrepare {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Of a post with media of one kind: what is called instead.
    #[serde(default)]
    pub(super) by_media: BTreeMap<MediaKind, RawByMedia>,
    /// Where its id stands, which the act takes as `{prepared}`.
    pub(super) id: Pointers,
    /// How long it may take, in milliseconds; half of the time that is left for the act at most.
    pub(super) timeout_ms: Option<u32>,
}

/// The tool that takes media.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Upload")]
#[serde(deny_unknown_fields)]
pub(super) struct RawUpload {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments; one takes `{data}` or `{media_path}`.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Where the id of the medium stands.
    pub(super) id: Pointers,
    /// How long it may take, in milliseconds.
    pub(super) timeout_ms: u32,
}

/// The tool that lists what an account did, the newest first, without gaps.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "List")]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Where the items stand.
    pub(super) items: String,
    /// Within an item: its id. Required where the platform gives one.
    pub(super) id: Option<String>,
    /// Within an item: its text. Required where the act has one.
    pub(super) text: Option<String>,
    /// Within an item: what it was done to. Required of engagements.
    pub(super) target: Option<String>,
    /// Within an item: its URL.
    pub(super) url: Option<String>,
    /// Within an item: when it was made.
    pub(super) created_at: Option<String>,
    /// Whether the list is the account's own and nobody else's.
    #[serde(default)]
    pub(super) own: bool,
    /// Whether it leaves out what the platform holds back, such as a comment that waits for approval: then it proves no
    /// absence.
    #[serde(default)]
    pub(super) leaves_out_held: bool,
    /// Within an item: who made it.
    pub(super) author: Option<String>,
    /// The author within what stands there: a regular expression with one group.
    pub(super) author_pattern: Option<String>,
    /// Within an item: what marks it as edited.
    pub(super) edited: Option<String>,
    /// What the server puts around a text.
    #[serde(default)]
    pub(super) wraps: Vec<Wrap>,
    /// What says that nothing older is left out.
    pub(super) complete: Option<Complete>,
    /// Where it says how many items there are on all pages.
    pub(super) total: Option<String>,
    /// Where the cursor of the next page stands.
    pub(super) next: Option<String>,
    /// The argument that takes it.
    pub(super) next_argument: Option<String>,
    /// The shortest pause between two looks, in milliseconds.
    pub(super) look_every_ms: Option<u32>,
    /// What one call costs, where it differs from the platform's `read_price`.
    pub(super) price: Option<Money>,
}

/// The tool that tells whether a state is set.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "State")]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments; one takes `{target}`.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// What the answer says when it is.
    pub(super) confirm: Condition,
    /// What one call costs, where it differs from the platform's `read_price`.
    pub(super) price: Option<Money>,
}

/// The tool that shows one post, whole.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Get")]
#[serde(deny_unknown_fields)]
pub(super) struct RawGet {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments; one takes `{id}`.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Where its text stands.
    pub(super) text: Option<String>,
    /// Where its id stands.
    pub(super) id: Option<String>,
    /// Where it says who made it.
    pub(super) author: Option<String>,
    /// The author within what stands there: a regular expression with one group.
    pub(super) author_pattern: Option<String>,
    /// Where it says what it was done to.
    pub(super) target: Option<String>,
    /// Where its URL stands.
    pub(super) url: Option<String>,
    /// Where it says when it was made.
    pub(super) created_at: Option<String>,
    /// What the server puts around a text.
    #[serde(default)]
    pub(super) wraps: Vec<Wrap>,
    /// What one call costs, where it differs from the platform's `read_price`.
    pub(super) price: Option<Money>,
}

/// The tool that shows whether a target is there.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Target")]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments; one takes `{target}`.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// What an answer says about a target that is there.
    pub(super) confirm: Condition,
    /// What says, without an error, that it is not.
    #[serde(default)]
    pub(super) missing: Vec<Condition>,
    /// Where its words stand.
    pub(super) text: Option<String>,
    /// Where it says who wrote them.
    pub(super) author: Option<String>,
}

/// A call that has to come first after each start of the server.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SignIn")]
#[serde(deny_unknown_fields)]
pub(super) struct RawSignIn {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// What the answer says when it worked; without it any answer that is no error.
    pub(super) confirm: Option<Condition>,
}

/// The tool that tells in which account the server acts.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhoAmI")]
#[serde(deny_unknown_fields)]
pub(super) struct RawWhoAmI {
    /// The tool.
    pub(super) tool: String,
    /// Its arguments.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// Where the account's names stand; one of them has to be the account that is bound.
    pub(super) account: Pointers,
}

/// How a post is taken back: a tool, or why there is none.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Delete")]
#[serde(deny_unknown_fields, expecting = "a table with `tool` and `arguments`, or `{ never = \"…\" }`")]
pub(super) struct RawDelete {
    /// The tool.
    pub(super) tool: Option<String>,
    /// Its arguments; one takes `{id}`, or `{target}` for a like, follow or share.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// Arguments that are a text that holds JSON.
    #[serde(default)]
    pub(super) json_arguments: Arguments,
    /// What the answer says when it is gone.
    pub(super) confirm: Option<Condition>,
    /// Why nothing can be taken back.
    pub(super) never: Option<String>,
}
