//! A tool call after the border: arguments that fit, or the first reason why they do not.

mod arguments;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use self::arguments::Arguments;
use crate::{
    engagement::{EngagementKind, TargetKind},
    platform::Platform,
    tools::{Does, Listed, Takes, ToolName},
};

/// A call whose arguments fit the schema.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) tool: ToolName,
    pub(crate) platform: Platform,
    pub(crate) work: Work,
    pub(crate) call_meta_key: Option<String>,
}

/// What a call asks for.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Post(Draft),
    Engage(Intent),
    Upload(Upload),
    Get { id: String },
    List { listed: Listed, account: Option<String>, limit: u64 },
    Target { kind: TargetKind, id: String },
}

/// A post before it is one.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) account: String,
    pub(crate) text: String,
    pub(crate) title: Option<String>,
    pub(crate) media_ids: Vec<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// An engagement before it is one.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) account: String,
    pub(crate) kind: EngagementKind,
    /// What the target has to be.
    pub(crate) on: TargetKind,
    pub(crate) target: String,
    pub(crate) text: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// Media that arrived. Only its size and hash travel on.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) filename: String,
    pub(crate) bytes: usize,
    pub(crate) sha256: String,
    pub(crate) declared_sha256: Option<String>,
}

impl Request {
    /// Checks the arguments of a call.
    pub(crate) fn parse(
        tool: ToolName,
        arguments: Map<String, Value>,
        call_meta_key: Option<String>,
    ) -> Result<Self, String> {
        let spec = tool.spec();
        let mut arguments = Arguments::new(arguments);
        let platform = arguments.platform(&spec)?;
        let work = match spec.does {
            Does::Post { text, title } => Work::Post(draft(&mut arguments, platform, text, title)?),
            Does::Engage { kind, on, target } => Work::Engage(intent(&mut arguments, kind, on, target)?),
            Does::Upload => Work::Upload(upload(&mut arguments)?),
            Does::Get { id } => Work::Get { id: arguments.required_name(id)? },
            Does::List(listed) => {
                Work::List { listed, account: arguments.account()?, limit: arguments.limit()? }
            }
            Does::Target => {
                Work::Target { kind: arguments.target_kind()?, id: arguments.required_name("id")? }
            }
        };
        arguments.end()?;
        Ok(Self { tool, platform, work, call_meta_key })
    }

    /// The key argument of an act.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        match &self.work {
            Work::Post(draft) => draft.idempotency_key.as_deref(),
            Work::Engage(intent) => intent.idempotency_key.as_deref(),
            Work::Upload(_) | Work::Get { .. } | Work::List { .. } | Work::Target { .. } => None,
        }
    }

    /// Whose call it is.
    pub(crate) fn account(&self) -> Option<&str> {
        match &self.work {
            Work::Post(draft) => Some(&draft.account),
            Work::Engage(intent) => Some(&intent.account),
            Work::List { account, .. } => account.as_deref(),
            Work::Upload(_) | Work::Get { .. } | Work::Target { .. } => None,
        }
    }

    /// The one thing that it is about.
    pub(crate) fn target(&self) -> Option<&str> {
        match &self.work {
            Work::Engage(intent) => Some(&intent.target),
            Work::Get { id } | Work::Target { id, .. } => Some(id),
            Work::Post(_) | Work::Upload(_) | Work::List { .. } => None,
        }
    }
}

fn draft(arguments: &mut Arguments, platform: Platform, text: &str, titled: bool) -> Result<Draft, String> {
    Ok(Draft {
        text: arguments.required_text(text)?,
        title: if titled { arguments.name("title")? } else { None },
        media_ids: arguments.media_ids(platform.media_limit())?,
        account: arguments.actor()?,
        idempotency_key: arguments.name("idempotency_key")?,
    })
}

fn intent(
    arguments: &mut Arguments,
    kind: EngagementKind,
    on: TargetKind,
    target: &str,
) -> Result<Intent, String> {
    Ok(Intent {
        kind,
        on,
        target: arguments.required_name(target)?,
        text: match kind.takes_text() {
            Takes::Always => Some(arguments.required_text("text")?),
            Takes::Perhaps => arguments.text("text")?,
            Takes::Never => None,
        },
        account: arguments.actor()?,
        idempotency_key: arguments.name("idempotency_key")?,
    })
}

fn upload(arguments: &mut Arguments) -> Result<Upload, String> {
    let filename = arguments.required_name("filename")?;
    let data = arguments.required_text("data")?;
    let declared_sha256 = arguments.sha256()?;
    let bytes = STANDARD.decode(data).map_err(|error| format!("`data` is not base64: {error}"))?;
    Ok(Upload { filename, bytes: bytes.len(), sha256: hex::encode(Sha256::digest(&bytes)), declared_sha256 })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(tool: ToolName, arguments: Value) -> Result<Request, String> {
        let Value::Object(arguments) = arguments else {
            return Err("not an object".to_owned());
        };
        Request::parse(tool, arguments, None)
    }

    #[test]
    fn what_does_not_fit_is_named() {
        use ToolName::{
            FollowUser, GetPost, GetTarget, LikeVideo, ListPosts, PostInstagram, PostTweet, ReplyToThread,
            ShareVideo, UploadMedia,
        };
        let table = [
            (PostTweet, json!({}), "`text` is missing"),
            (PostTweet, json!({"text": ""}), "`text` is empty"),
            (PostTweet, json!({"text": null}), "`text` is not a string"),
            (PostTweet, json!({"text": "a", "dry_run": true}), "`dry_run` is not an argument of this tool"),
            (
                PostTweet,
                json!({"text": "a", "media_ids": ["1", "2", "3", "4", "5"]}),
                "`media_ids` has more than 4 ids",
            ),
            (
                PostTweet,
                json!({"text": "a", "media_ids": [1]}),
                "`media_ids` holds something that is not an id",
            ),
            (
                PostTweet,
                json!({"text": "a", "account": "a/b"}),
                "`account` has characters other than letters, digits and `_.-`",
            ),
            (PostInstagram, json!({"text": "a"}), "`caption` is missing"),
            (GetPost, json!({"platform": "myspace", "id": "1"}), "`platform` `myspace` is not known"),
            (
                ListPosts,
                json!({"platform": "twitter", "limit": 0}),
                "`limit` is not an integer from 1 to 100",
            ),
            (
                UploadMedia,
                json!({"platform": "twitter", "filename": "a", "data": "YQ==", "sha256": "zz"}),
                "`sha256` is not 64 hexadecimal digits",
            ),
            (PostTweet, json!({"text": "a", "title": "b"}), "`title` is not an argument of this tool"),
            (ReplyToThread, json!({"thread_id": "1"}), "`text` is missing"),
            (ReplyToThread, json!({"thread_id": "1", "text": ""}), "`text` is empty"),
            (ReplyToThread, json!({"post_id": "1", "text": "a"}), "`thread_id` is missing"),
            (LikeVideo, json!({"video_id": "1", "text": "a"}), "`text` is not an argument of this tool"),
            (ShareVideo, json!({"video_id": "1", "text": ""}), "`text` is empty"),
            (FollowUser, json!({"user_id": "1"}), "`platform` is missing"),
            (
                FollowUser,
                json!({"user_id": "1", "platform": "linkedin"}),
                "`follow_user` does not serve the `platform` `linkedin`",
            ),
            (
                GetTarget,
                json!({"platform": "twitter", "id": "1", "kind": "video"}),
                "`kind` `video` is not `post`, `comment` or `user`",
            ),
        ];
        for (tool, arguments, expected) in table {
            let refused = check(tool, arguments.clone()).err();
            assert_eq!(refused.as_deref(), Some(expected), "{arguments}");
        }
        let broken = json!({"platform": "twitter", "filename": "a", "data": "?"});
        assert!(check(UploadMedia, broken).is_err_and(|error| error.contains("not base64")));
    }
}
