//! The operations of a profile: which tool, which arguments, and where its answer holds what.

use std::collections::BTreeMap;

use chimera_contracts::{Digest, ErrorCode, Money};
use chimera_effect::{EffectV1, Keys};
use chrono::TimeDelta;
use regex_lite::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::invocation::{Input, Invocation};
use crate::limits::RateLimit;
use crate::targets::TargetKind;

/// Something that an answer may say.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table `{ pointer = \"/…\", equals = … }`, `equals` where it matters"
)]
pub(crate) struct Condition {
    /// Where (RFC 6901).
    pub(crate) pointer: String,
    /// What has to stand there, exactly. Without it anything but what servers write for nothing and for no: null, `false`, zero, an
    /// empty text, list or table, and the words "false", "no", "none", "null", "undefined" and "0".
    pub(crate) equals: Option<Value>,
}

/// Words of a server and what they mean.
#[derive(Clone, Debug)]
pub(crate) struct ErrorRule {
    pub(crate) pattern: Regex,
    pub(crate) code: ErrorCode,
}

/// Whether an id is that of a post or that of something to poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdKind {
    /// A post that is public.
    #[default]
    Platform,
    /// Work that was accepted (PUB-19).
    Pending,
}

/// Who gives the id of what an act makes.
#[derive(Clone, Debug)]
pub(crate) enum Naming {
    /// The platform does.
    Theirs {
        /// Where the id may be, in order.
        id: Vec<String>,
        /// The id within text, as the first group.
        pattern: Option<Regex>,
    },
    /// We do, by a template that holds the call's key: a like has no id of its own, and no two effects share one.
    Ours(String),
}

/// What the media of one post are: one or several, and of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MediaKind {
    /// One picture.
    Image,
    /// Several pictures.
    Images,
    /// One video.
    Video,
    /// Several videos.
    Videos,
    /// Pictures and videos.
    Mixed,
}

impl MediaKind {
    /// The kind of a post's media by their media types; `None` where one is neither a picture nor a video.
    pub(crate) fn of<'a>(media_types: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let (mut images, mut videos) = (0_usize, 0_usize);
        for media_type in media_types {
            match media_type.split_once('/')?.0.to_ascii_lowercase().as_str() {
                "image" => images = images.saturating_add(1),
                "video" => videos = videos.saturating_add(1),
                _ => return None,
            }
        }
        match (images, videos) {
            (0, 0) => None,
            (1, 0) => Some(Self::Image),
            (_, 0) => Some(Self::Images),
            (0, 1) => Some(Self::Video),
            (0, _) => Some(Self::Videos),
            _ => Some(Self::Mixed),
        }
    }

    /// As profiles write it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Images => "images",
            Self::Video => "video",
            Self::Videos => "videos",
            Self::Mixed => "mixed",
        }
    }

    /// Whether it is more than one medium.
    pub(crate) const fn is_several(self) -> bool {
        matches!(self, Self::Images | Self::Videos | Self::Mixed)
    }
}

/// A tool's call, and what is called instead where a post has media of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) usual: Invocation,
    pub(crate) by_media: BTreeMap<MediaKind, Invocation>,
}

impl Calls {
    /// Every call.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Invocation> {
        std::iter::once(&self.usual).chain(self.by_media.values())
    }

    /// Every call that a post may come to: what takes no media is not called where each post has some.
    pub(crate) fn reached(&self, needs_media: bool) -> impl Iterator<Item = &Invocation> {
        let never = needs_media && !self.by_media.is_empty() && !self.usual.takes_media();
        self.all().skip(usize::from(never))
    }

    /// The call for media of this kind; `None` for none.
    pub(crate) fn with(&self, media: Option<MediaKind>) -> &Invocation {
        media.and_then(|kind| self.by_media.get(&kind)).unwrap_or(&self.usual)
    }
}

/// A step before the act that makes nothing public: a container, a draft.
#[derive(Clone, Debug)]
pub(crate) struct PrepareTool {
    pub(crate) calls: Calls,
    /// Where its id stands, which the act takes.
    pub(crate) id: Vec<String>,
    /// Where it differs from the platform's.
    pub(crate) timeout: Option<TimeDelta>,
}

/// How something is taken back.
#[derive(Clone, Debug)]
pub(crate) enum Delete {
    /// By a tool.
    Tool(DeleteTool),
    /// Not at all, and why.
    Never(String),
}

/// The tool that takes something back.
#[derive(Clone, Debug)]
pub(crate) struct DeleteTool {
    pub(crate) invocation: Invocation,
}

/// A call that has to come first after each start of the server.
#[derive(Clone, Debug)]
pub(crate) struct SignInTool {
    pub(crate) invocation: Invocation,
    pub(crate) confirm: Option<Condition>,
}

/// The tool that tells in which account the server acts.
#[derive(Clone, Debug)]
pub(crate) struct WhoAmITool {
    pub(crate) invocation: Invocation,
    pub(crate) account: Vec<String>,
}

/// The tool that makes something public: a post, a comment, a like.
#[derive(Clone, Debug)]
pub(crate) struct ActTool {
    pub(crate) calls: Calls,
    /// Whether a post without media is refused.
    pub(crate) needs_media: bool,
    pub(crate) prepare: Option<PrepareTool>,
    pub(crate) naming: Naming,
    pub(crate) id_kind: IdKind,
    pub(crate) url: Option<String>,
    pub(crate) url_template: Option<String>,
    pub(crate) published_at: Option<String>,
    /// What a success has to say beside the id.
    pub(crate) confirm: Option<Condition>,
    /// What says that nothing became public.
    pub(crate) not_published: Vec<Condition>,
    /// What it is about, unless it is a post of our own.
    pub(crate) target: Option<TargetKind>,
    /// How often an account may do it, where anything is known.
    pub(crate) limit: Option<RateLimit>,
    /// The argument that takes our key, and what the tool does with it.
    pub(crate) key_argument: Option<String>,
    pub(crate) keys: Keys,
    /// Where it differs from the platform's.
    pub(crate) timeout: Option<TimeDelta>,
    /// Where it differs from the platform's.
    pub(crate) price: Option<Money>,
    /// Whether the tool may ask the platform something after its write, so that an error may be the read's.
    pub(crate) reads_back: bool,
    /// Whether the tool sets a state, so that calling it again changes nothing. Never a toggle.
    pub(crate) sets_state: bool,
    /// The tool that tells whether the state is set.
    pub(crate) state: Option<StateTool>,
    pub(crate) list: Option<ListTool>,
    pub(crate) get: Option<GetTool>,
    /// A number of `state`, `list` and `get`, by all that they say; `None` where there is none of them.
    pub(crate) look_rules: Option<u32>,
    /// How it is taken back, where the profile says.
    pub(crate) delete: Option<Delete>,
}

impl ActTool {
    /// The step before, for media of this kind: a tool that takes them at once has none.
    pub(crate) fn prepares(&self, media: Option<MediaKind>) -> Option<&PrepareTool> {
        self.prepare.as_ref().filter(|_| self.calls.with(media).takes(Input::Prepared))
    }

    /// The call that takes what is posted: that of the step before, where there is one.
    pub(crate) fn taking(&self, media: Option<MediaKind>) -> &Invocation {
        self.prepares(media).map_or(&self.calls, |prepare| &prepare.calls).with(media)
    }

    /// A number of the rules by which what a look shows is read. A release that reads lists by more rules changes it as well:
    /// what is unknown at that time is for a person then, which is the safe side.
    pub(crate) fn number_of_look_rules(&self) -> Option<u32> {
        // What a call costs and how often it may be made is no rule of reading.
        let list =
            self.list.clone().map(|list| ListTool { price: None, look_every: TimeDelta::zero(), ..list });
        let rules = (&self.state, &list, &self.get);
        let any = self.state.is_some() || list.is_some() || self.get.is_some();
        let digest = Digest::tagged("chimera/look-rules/v1", format!("{rules:?}").as_bytes());
        let number = digest.as_bytes().first_chunk().map(|first| u32::from_be_bytes(*first));
        number.filter(|_| any)
    }

    /// Whether words can go with it.
    pub(crate) fn takes_text(&self) -> bool {
        self.every_call().any(Invocation::takes_words)
    }

    /// Whether media are uploaded before.
    pub(crate) fn takes_media_ids(&self) -> bool {
        self.every_call().any(Invocation::takes_media_ids)
    }

    /// Whether the kind of a post's media decides what is called.
    pub(crate) fn goes_by_media(&self, content: &EffectV1) -> bool {
        !content.media.is_empty() && self.has_by_media()
    }

    fn has_by_media(&self) -> bool {
        let prepared = self.prepare.as_ref().is_some_and(|prepare| !prepare.calls.by_media.is_empty());
        prepared || !self.calls.by_media.is_empty()
    }

    /// Every call that makes something public, or is a step to it.
    pub(crate) fn every_call(&self) -> impl Iterator<Item = &Invocation> {
        let prepare = self.prepare.iter().flat_map(|prepare| prepare.calls.all());
        self.calls.all().chain(prepare)
    }
}

/// The tool that tells whether a target is liked, followed or shared by us.
#[derive(Clone, Debug)]
pub(crate) struct StateTool {
    pub(crate) invocation: Invocation,
    /// What the answer says when it is.
    pub(crate) confirm: Condition,
    /// Where it differs from the platform's.
    pub(crate) price: Option<Money>,
}

/// What a server puts around a text that it shows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table `{ begin = \"…\", end = \"…\" }`")]
pub(crate) struct Wrap {
    /// What stands before the text; more may stand before it.
    pub(crate) begin: String,
    /// What stands after it; more may follow.
    pub(crate) end: String,
}

impl Wrap {
    /// The text within, where the wrapper is there once.
    pub(crate) fn unwrap<'a>(&self, shown: &'a str) -> Option<&'a str> {
        let (before, rest) = shown.split_once(&self.begin)?;
        let (text, after) = rest.rsplit_once(&self.end)?;
        let again =
            [before, text, after].iter().any(|part| part.contains(&self.begin) || part.contains(&self.end));
        (!again).then_some(text)
    }
}

/// How the next page of a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NextPage {
    /// Where the cursor stands. Where its parent stands and it does not, there is no further page.
    pub(crate) pointer: String,
    /// The argument that takes it; `None` when pages cannot be followed.
    pub(crate) argument: Option<String>,
}

/// The tool that takes media.
#[derive(Clone, Debug)]
pub(crate) struct UploadTool {
    pub(crate) invocation: Invocation,
    pub(crate) id: Vec<String>,
    pub(crate) timeout: TimeDelta,
}

/// The tool that lists what an account did of one kind, the newest first, without gaps.
#[derive(Clone, Debug)]
pub(crate) struct ListTool {
    pub(crate) invocation: Invocation,
    pub(crate) items: String,
    /// `None` where the platform gives no ids.
    pub(crate) id: Option<String>,
    /// `None` where there are no words.
    pub(crate) text: Option<String>,
    /// What it was done to, in the form that the acting tool takes; `None` for posts, and where the list is `by_target`.
    pub(crate) target: Option<String>,
    /// Whether it is asked about one target, so that every item was done to that.
    pub(crate) by_target: bool,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<String>,
    /// Whether the list is the account's own and nobody else's.
    pub(crate) own: bool,
    /// Whether what the platform holds back is not in it, so that it proves no absence.
    pub(crate) leaves_out_held: bool,
    /// Who made it.
    pub(crate) author: Option<String>,
    /// The author within what stands there, as the first group.
    pub(crate) author_pattern: Option<Regex>,
    /// What marks an item that was edited.
    pub(crate) edited: Option<String>,
    pub(crate) wraps: Vec<Wrap>,
    /// What says that there is nothing older than what is listed.
    pub(crate) complete: Option<Condition>,
    /// How many items there are, on all pages.
    pub(crate) total: Option<String>,
    pub(crate) next: Option<NextPage>,
    pub(crate) look_every: TimeDelta,
    /// Where it differs from the platform's.
    pub(crate) price: Option<Money>,
}

/// The tool that shows one post, whole.
#[derive(Clone, Debug)]
pub(crate) struct GetTool {
    pub(crate) invocation: Invocation,
    /// `None` where there are no words.
    pub(crate) text: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) author_pattern: Option<Regex>,
    pub(crate) target: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) wraps: Vec<Wrap>,
    /// Where it differs from the platform's.
    pub(crate) price: Option<Money>,
}

/// The tool that shows whether a target is there.
#[derive(Clone, Debug)]
pub(crate) struct TargetTool {
    pub(crate) invocation: Invocation,
    /// What an answer about a target that is there says.
    pub(crate) confirm: Condition,
    /// What says, without an error, that it is not.
    pub(crate) missing: Vec<Condition>,
    pub(crate) text: Option<String>,
    pub(crate) author: Option<String>,
}

/// What the targets of one kind look like, whole.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// As the profile writes it.
    pub(crate) shown: String,
    whole: Regex,
}

impl Shape {
    /// The shape of a pattern that matches from the first character to the last.
    pub(crate) fn new(pattern: String) -> Result<Self, regex_lite::Error> {
        Ok(Self { whole: Regex::new(&format!("^(?:{pattern})$"))?, shown: pattern })
    }

    /// Whether a target has it.
    pub(crate) fn fits(&self, target: &str) -> bool {
        self.whole.is_match(target)
    }
}

impl Condition {
    /// Whether it holds of what stands at its pointer.
    pub(crate) fn holds(&self, found: Option<&Value>) -> bool {
        match &self.equals {
            Some(expected) => found == Some(expected),
            None => found.is_some_and(is_set),
        }
    }

    /// The same of a tool that tells a state; `None` where what stands there is neither it nor its opposite. Servers write
    /// `"true"` and `1` for `true`, and a state that is told as unset is set again.
    pub(crate) fn tells(&self, found: &Value) -> Option<bool> {
        match &self.equals {
            None => Some(is_set(found)),
            Some(Value::Bool(expected)) => truth(found).map(|truth| truth == *expected),
            Some(expected) => {
                (std::mem::discriminant(expected) == std::mem::discriminant(found)).then(|| expected == found)
            }
        }
    }
}

/// Whether something stands there: none of the words, numbers and empty things that servers write for nothing and for no.
pub(crate) fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "" | "false" | "0" | "no" | "none" | "null" | "undefined"
        ),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Whether it is a *yes*, however servers write it, and nothing else that may stand there.
pub(crate) fn is_yes(value: &Value) -> bool {
    truth(value) == Some(true)
}

/// Whether it is a *no*.
pub(crate) fn is_no(value: &Value) -> bool {
    truth(value) == Some(false)
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_u64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_servers_write_for_yes_no_and_nothing() {
        for (value, set, truth_of) in [
            (json!(true), true, Some(true)),
            (json!("True"), true, Some(true)),
            (json!(1), true, Some(true)),
            (json!(false), false, Some(false)),
            (json!("False"), false, Some(false)),
            (json!(0), false, Some(false)),
            (json!("no"), false, Some(false)),
            (json!(null), false, None),
            (json!(""), false, None),
            (json!("None"), false, None),
            (json!([]), false, None),
            (json!({}), false, None),
            (json!(7), true, None),
            (json!("draft"), true, None),
            (json!({ "a": 1 }), true, None),
        ] {
            assert_eq!((is_set(&value), truth(&value)), (set, truth_of), "{value}");
        }
    }
}
