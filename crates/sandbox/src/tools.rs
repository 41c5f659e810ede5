//! The tools as a client sees them: names, schemas, annotations.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::Platform;

/// The most bytes of one upload. As base64 in one line this stays under the transport's limit of 16 MiB.
pub(crate) const MAX_MEDIA_BYTES: usize = 8 * 1024 * 1024;
/// The most posts one `list_posts` shows.
pub(crate) const MAX_LIST: u64 = 100;
/// How many it shows unless told.
pub(crate) const DEFAULT_LIST: u64 = 20;
/// The account that posts unless another is named.
pub(crate) const DEFAULT_ACCOUNT: &str = "chimera_agent";
/// The longest account, key, id and file name.
pub(crate) const MAX_NAME: usize = 255;

/// A tool of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolName {
    /// Publishes on X.
    PostTweet,
    /// Publishes on Instagram.
    PostInstagram,
    /// Publishes on `LinkedIn`.
    PostLinkedin,
    /// Stores media for a later post.
    UploadMedia,
    /// One post of any platform.
    GetPost,
    /// The newest posts of a platform.
    ListPosts,
    /// One post on X.
    GetTweet,
}

impl ToolName {
    /// All tools, in the order they are listed.
    pub const ALL: [Self; 7] = [
        Self::PostTweet,
        Self::PostInstagram,
        Self::PostLinkedin,
        Self::UploadMedia,
        Self::GetPost,
        Self::ListPosts,
        Self::GetTweet,
    ];

    /// The name on the wire, such as `post_tweet`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PostTweet => "post_tweet",
            Self::PostInstagram => "post_instagram",
            Self::PostLinkedin => "post_linkedin",
            Self::UploadMedia => "upload_media",
            Self::GetPost => "get_post",
            Self::ListPosts => "list_posts",
            Self::GetTweet => "get_tweet",
        }
    }

    /// The tool of a wire name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The platform a tool is bound to; `None` for those that take it as an argument.
    pub(crate) fn platform(self) -> Option<Platform> {
        match self {
            Self::PostTweet | Self::GetTweet => Some(Platform::Twitter),
            Self::PostInstagram => Some(Platform::Instagram),
            Self::PostLinkedin => Some(Platform::LinkedIn),
            Self::UploadMedia | Self::GetPost | Self::ListPosts => None,
        }
    }

    /// Whether it makes something public.
    pub(crate) fn posts(self) -> bool {
        matches!(self, Self::PostTweet | Self::PostInstagram | Self::PostLinkedin)
    }

    /// Whether it changes anything.
    pub(crate) fn writes(self) -> bool {
        self.posts() || self == Self::UploadMedia
    }

    fn description(self) -> &'static str {
        match self {
            Self::PostTweet => "Publishes a post on X. Public at once.",
            Self::PostInstagram => "Publishes a post on Instagram. Public at once.",
            Self::PostLinkedin => "Publishes a post on LinkedIn. Public at once.",
            Self::UploadMedia => "Stores media for a later post. Nothing becomes public.",
            Self::GetPost => "Shows one post by its id.",
            Self::ListPosts => "Lists the newest posts of a platform, newest first.",
            Self::GetTweet => "Shows one post on X by its id.",
        }
    }

    fn schema(self, honours_keys: bool) -> JsonObject {
        let id = json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME });
        match self {
            Self::PostTweet => post_schema(Platform::Twitter, "text", honours_keys),
            Self::PostInstagram => post_schema(Platform::Instagram, "caption", honours_keys),
            Self::PostLinkedin => post_schema(Platform::LinkedIn, "text", honours_keys),
            Self::UploadMedia => object(
                &json!({
                    "platform": platform_schema(),
                    "filename": { "type": "string", "minLength": 1, "maxLength": MAX_NAME },
                    "data": { "type": "string", "minLength": 1, "contentEncoding": "base64" },
                    "sha256": { "type": "string", "pattern": "^[0-9a-fA-F]{64}$" },
                }),
                &["platform", "filename", "data"],
            ),
            Self::GetPost => object(&json!({ "platform": platform_schema(), "id": id }), &["platform", "id"]),
            Self::ListPosts => object(
                &json!({
                    "platform": platform_schema(),
                    "account": account_schema(),
                    "limit": { "type": "integer", "minimum": 1, "maximum": MAX_LIST, "default": DEFAULT_LIST },
                }),
                &["platform"],
            ),
            Self::GetTweet => object(&json!({ "id": id }), &["id"]),
        }
    }

    fn annotations(self) -> ToolAnnotations {
        ToolAnnotations::new()
            .read_only(!self.writes())
            .destructive(false)
            // A key is optional, so a write by itself is never safe to repeat.
            .idempotent(!self.writes())
            .open_world(true)
    }

    /// What `tools/list` shows.
    pub(crate) fn tool(self, honours_keys: bool) -> Tool {
        Tool::new(self.name(), self.description(), self.schema(honours_keys))
            .with_annotations(self.annotations())
    }
}

fn post_schema(platform: Platform, text: &str, honours_keys: bool) -> JsonObject {
    let key = if honours_keys {
        "The same key with the same content answers with the first post and makes no second one."
    } else {
        "Noted only: this platform does not honour keys, and the same key makes a second post."
    };
    let properties = json!({
        text: { "type": "string", "minLength": 1 },
        "media_ids": {
            "type": "array",
            "maxItems": platform.media_limit(),
            "items": { "type": "string", "minLength": 1, "maxLength": MAX_NAME },
        },
        "account": account_schema(),
        "idempotency_key": { "type": "string", "minLength": 1, "maxLength": MAX_NAME, "description": key },
    });
    object(&properties, &[text])
}

fn platform_schema() -> Value {
    json!({ "type": "string", "enum": Platform::ALL })
}

fn account_schema() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,255}$", "default": DEFAULT_ACCOUNT })
}

fn object(properties: &Value, required: &[&str]) -> JsonObject {
    let members = [
        ("type", json!("object")),
        ("properties", properties.clone()),
        ("required", json!(required)),
        ("additionalProperties", json!(false)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
