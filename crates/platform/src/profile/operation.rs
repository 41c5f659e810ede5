//! The operations of a profile: which tool, which arguments, and where its answer holds what.

use std::collections::BTreeMap;

use chimera_contracts::ErrorCode;
use chrono::TimeDelta;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a caller can hand over, whatever the tool calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Input {
    /// The text as it is sent.
    Text,
    /// The account.
    Account,
    /// Ids of uploaded media, as an array.
    MediaIds,
    /// The id of the only uploaded medium.
    MediaId,
    /// URLs of the media, as an array.
    MediaUrls,
    /// The URL of the only medium.
    MediaUrl,
    /// The bytes of a medium, in base64.
    Data,
    /// The name of a medium's file.
    FileName,
    /// SHA-256 of a medium's bytes, in hex.
    Sha256,
    /// The id of a post.
    Id,
}

/// How a tool is called.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Invocation {
    /// The tool.
    pub(crate) tool: String,
    /// Input to argument.
    #[serde(default)]
    pub(crate) arguments: BTreeMap<Input, String>,
    /// Arguments that are always the same, such as `execute = true`.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, Value>,
}

/// Something that an answer may say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// Where (RFC 6901).
    pub(crate) pointer: String,
    /// What has to stand there; without it anything but null, `false` and nothing.
    pub(crate) equals: Option<Value>,
}

/// Words of a server and what they mean.
#[derive(Clone, Debug)]
pub(crate) struct ErrorRule {
    pub(crate) pattern: Regex,
    pub(crate) code: ErrorCode,
}

/// Whether an id is that of a post or that of something to poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdKind {
    /// A post that is public.
    #[default]
    Platform,
    /// Work that was accepted (PUB-19).
    Pending,
}

/// The tool that publishes.
#[derive(Clone, Debug)]
pub(crate) struct PublishTool {
    pub(crate) invocation: Invocation,
    /// Where the id may be, in order.
    pub(crate) id: Vec<String>,
    /// The id within text, as the first group.
    pub(crate) id_pattern: Option<Regex>,
    pub(crate) id_kind: IdKind,
    pub(crate) url: Option<String>,
    pub(crate) url_template: Option<String>,
    pub(crate) published_at: Option<String>,
    /// What a success has to say beside the id.
    pub(crate) confirm: Option<Condition>,
    /// What says that nothing became public.
    pub(crate) not_published: Vec<Condition>,
}

/// The tool that takes media.
#[derive(Clone, Debug)]
pub(crate) struct UploadTool {
    pub(crate) invocation: Invocation,
    pub(crate) id: Vec<String>,
    pub(crate) timeout: TimeDelta,
}

/// The tool that lists the newest posts of an account, without gaps.
#[derive(Clone, Debug)]
pub(crate) struct ListTool {
    pub(crate) invocation: Invocation,
    pub(crate) items: String,
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<String>,
    /// What says that there are no older posts than those listed.
    pub(crate) complete: Option<String>,
    pub(crate) look_every: TimeDelta,
}

/// The tool that shows one post.
#[derive(Clone, Debug)]
pub(crate) struct GetTool {
    pub(crate) invocation: Invocation,
    pub(crate) text: String,
}

impl Invocation {
    /// Whether the tool takes an input.
    pub(crate) fn takes(&self, input: Input) -> bool {
        self.arguments.contains_key(&input)
    }

    /// Whether the tool takes media in some form.
    pub(crate) fn takes_media(&self) -> bool {
        [Input::MediaIds, Input::MediaId, Input::MediaUrls, Input::MediaUrl]
            .iter()
            .any(|input| self.takes(*input))
    }

    /// The arguments of a call. An input that is not there is left out, never sent as null.
    pub(crate) fn arguments(&self, value: impl Fn(Input) -> Option<Value>) -> Map<String, Value> {
        let constants = self.constants.iter().map(|(name, value)| (name.clone(), value.clone()));
        let mapped = self.arguments.iter().filter_map(|(input, name)| Some((name.clone(), value(*input)?)));
        constants.chain(mapped).collect()
    }
}

impl Condition {
    /// Whether an answer says it.
    pub(crate) fn holds(&self, answer: &Value) -> bool {
        let found = answer.pointer(&self.pointer);
        match &self.equals {
            Some(expected) => found == Some(expected),
            None => found.is_some_and(|found| !matches!(found, Value::Null | Value::Bool(false))),
        }
    }
}
