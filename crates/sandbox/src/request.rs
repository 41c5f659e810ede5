//! A tool call after the border: arguments that fit, or the first reason why they do not.
//!
//! By hand rather than by derive: a caller is told the name of the argument that is wrong, and `null` is not taken
//! for absence, which is what the schemas say.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    platform::Platform,
    tools::{DEFAULT_ACCOUNT, DEFAULT_LIST, MAX_LIST, MAX_NAME, ToolName},
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
    Upload(Upload),
    Get { id: String },
    List { account: Option<String>, limit: u64 },
}

/// A post before it is one.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) account: String,
    pub(crate) text: String,
    pub(crate) media_ids: Vec<String>,
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
        let mut arguments = Arguments(arguments);
        let platform = match tool.platform() {
            Some(platform) => platform,
            None => arguments.platform()?,
        };
        let work = match tool {
            ToolName::PostTweet | ToolName::PostLinkedin => {
                Work::Post(draft(&mut arguments, platform, "text")?)
            }
            ToolName::PostInstagram => Work::Post(draft(&mut arguments, platform, "caption")?),
            ToolName::UploadMedia => Work::Upload(upload(&mut arguments)?),
            ToolName::GetPost | ToolName::GetTweet => {
                Work::Get { id: arguments.name("id").and_then(|id| required("id", id))? }
            }
            ToolName::ListPosts => Work::List { account: arguments.account()?, limit: arguments.limit()? },
        };
        arguments.end()?;
        Ok(Self { tool, platform, work, call_meta_key })
    }

    /// The key argument of a post.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        match &self.work {
            Work::Post(draft) => draft.idempotency_key.as_deref(),
            Work::Upload(_) | Work::Get { .. } | Work::List { .. } => None,
        }
    }
}

fn draft(arguments: &mut Arguments, platform: Platform, text: &'static str) -> Result<Draft, String> {
    Ok(Draft {
        text: arguments.text(text).and_then(|value| required(text, value))?,
        media_ids: arguments.media_ids(platform.media_limit())?,
        account: arguments.account()?.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        idempotency_key: arguments.name("idempotency_key")?,
    })
}

fn upload(arguments: &mut Arguments) -> Result<Upload, String> {
    let filename = arguments.name("filename").and_then(|value| required("filename", value))?;
    let data = arguments.text("data").and_then(|value| required("data", value))?;
    let declared_sha256 = arguments.sha256()?;
    let bytes = STANDARD.decode(data).map_err(|error| format!("`data` is not base64: {error}"))?;
    Ok(Upload { filename, bytes: bytes.len(), sha256: hex::encode(Sha256::digest(&bytes)), declared_sha256 })
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("`{name}` is missing"))
}

/// The arguments that nobody has asked for yet.
struct Arguments(Map<String, Value>);

impl Arguments {
    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(Value::String(_)) => Err(format!("`{name}` is empty")),
            Some(_) => Err(format!("`{name}` is not a string")),
        }
    }

    /// A short string: an id, a key, a file name.
    fn name(&mut self, name: &str) -> Result<Option<String>, String> {
        let text = self.text(name)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > MAX_NAME) {
            return Err(format!("`{name}` has more than {MAX_NAME} characters"));
        }
        Ok(text)
    }

    fn platform(&mut self) -> Result<Platform, String> {
        let name = self.name("platform").and_then(|name| required("platform", name))?;
        Platform::from_name(&name).ok_or_else(|| format!("`platform` `{name}` is not known"))
    }

    fn account(&mut self) -> Result<Option<String>, String> {
        let account = self.name("account")?;
        let fits = |account: &String| {
            account.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        if account.as_ref().is_some_and(|account| !fits(account)) {
            return Err("`account` has characters other than letters, digits and `_.-`".to_owned());
        }
        Ok(account)
    }

    fn sha256(&mut self) -> Result<Option<String>, String> {
        let sha256 = self.name("sha256")?.map(|text| text.to_ascii_lowercase());
        let fits = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if sha256.as_ref().is_some_and(|text| !fits(text)) {
            return Err("`sha256` is not 64 hexadecimal digits".to_owned());
        }
        Ok(sha256)
    }

    fn limit(&mut self) -> Result<u64, String> {
        let Some(value) = self.0.remove("limit") else {
            return Ok(DEFAULT_LIST);
        };
        value
            .as_u64()
            .filter(|limit| (1..=MAX_LIST).contains(limit))
            .ok_or_else(|| format!("`limit` is not an integer from 1 to {MAX_LIST}"))
    }

    fn media_ids(&mut self, most: usize) -> Result<Vec<String>, String> {
        let ids = match self.0.remove("media_ids") {
            None => return Ok(Vec::new()),
            Some(Value::Array(ids)) if ids.len() <= most => ids,
            Some(Value::Array(_)) => return Err(format!("`media_ids` has more than {most} ids")),
            Some(_) => return Err("`media_ids` is not an array".to_owned()),
        };
        ids.into_iter()
            .map(|id| match id {
                Value::String(id) if (1..=MAX_NAME).contains(&id.chars().count()) => Ok(id),
                _ => Err("`media_ids` holds something that is not an id".to_owned()),
            })
            .collect()
    }

    /// Whatever is left was not asked for.
    fn end(&self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("`{name}` is not an argument of this tool")),
        }
    }
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
        use ToolName::{GetPost, ListPosts, PostInstagram, PostTweet, UploadMedia};
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
        ];
        for (tool, arguments, expected) in table {
            let refused = check(tool, arguments.clone()).err();
            assert_eq!(refused.as_deref(), Some(expected), "{arguments}");
        }
        let broken = json!({"platform": "twitter", "filename": "a", "data": "?"});
        assert!(check(UploadMedia, broken).is_err_and(|error| error.contains("not base64")));
    }
}
