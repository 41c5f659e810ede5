//! What is done with things of other people: comments, likes, follows, shares. The ways it is shown stand here too.
//!
//! A like or a follow is a state, not a thing: the second one changes nothing. It is written down all the same, as
//! [`again`](Engagement::again), because a test must see that somebody acted twice.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::Platform;

/// An engagement that came in and was not refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// Where.
    pub platform: Platform,
    /// By which account.
    pub account: String,
    /// What was done.
    pub kind: EngagementKind,
    /// The id of the post, comment or user it was done with.
    pub target: String,
    /// The platform's id of the comment or share; likes and follows have none.
    pub id: Option<String>,
    /// The public link, on platforms where a reply is a post.
    pub url: Option<String>,
    /// The text of a comment, or the words that go with a share, exactly as they were sent.
    pub text: Option<String>,
    /// When it became public, to the millisecond; for a repetition, when the first one did.
    pub created_at: DateTime<Utc>,
    /// Whether the account liked or followed the target before, so that nothing became public by this one.
    pub again: bool,
    /// The `idempotency_key` argument, also where the platform does not honour keys.
    pub idempotency_key: Option<String>,
    /// The value of a `_meta` entry whose name ends in `/call-key`.
    pub call_meta_key: Option<String>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngagementKind {
    /// A text below a post.
    Comment,
    /// An answer to a post or a comment.
    Reply,
    /// A like.
    Like,
    /// A follow.
    Follow,
    /// A post shown again, with words of one's own or without.
    Share,
}

/// What an engagement is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A post, a video, a thread.
    Post,
    /// A comment below one.
    Comment,
    /// An account.
    User,
}

impl EngagementKind {
    /// Whether it is a comment or a reply.
    #[must_use]
    pub fn is_comment(self) -> bool {
        matches!(self, Self::Comment | Self::Reply)
    }

    /// Whether doing it twice is the same as doing it once.
    pub(crate) fn is_state(self) -> bool {
        matches!(self, Self::Like | Self::Follow)
    }

    /// What comes into the world by it, for others to engage with.
    pub(crate) fn makes(self) -> Option<TargetKind> {
        match self {
            Self::Comment | Self::Reply => Some(TargetKind::Comment),
            Self::Share => Some(TargetKind::Post),
            Self::Like | Self::Follow => None,
        }
    }
}

impl TargetKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Post, Self::Comment, Self::User];

    /// The name on the wire: `post`, `comment`, `user`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::User => "user",
        }
    }

    /// The kinds under which something of this kind may be known on a platform.
    pub(crate) fn aliases(self, platform: Platform) -> &'static [Self] {
        match self {
            Self::User => &[Self::User],
            _ if platform.replies_are_posts() => &[Self::Post, Self::Comment],
            Self::Post => &[Self::Post],
            Self::Comment => &[Self::Comment],
        }
    }
}

impl Engagement {
    /// What the tool that made it answers, the first time and on every repetition.
    pub(crate) fn answer(&self) -> Value {
        let at = self.created_at_text();
        match self.kind {
            EngagementKind::Comment | EngagementKind::Reply => present(json!({
                "id": self.id,
                "url": self.url,
                "created_at": at,
                "text": self.text,
                "target": self.target,
            })),
            EngagementKind::Like => json!({ "liked": true, "target": self.target, "timestamp": at }),
            EngagementKind::Follow => json!({ "following": true, "target": self.target, "timestamp": at }),
            EngagementKind::Share => present(json!({
                "id": self.id,
                "shared": true,
                "target": self.target,
                "created_at": at,
                "text": self.text,
            })),
        }
    }

    /// How a list shows it.
    pub(crate) fn item(&self) -> Value {
        let at = self.created_at_text();
        match self.kind {
            EngagementKind::Comment | EngagementKind::Reply => present(json!({
                "id": self.id,
                "kind": self.kind,
                "target": self.target,
                "text": self.text,
                "created_at": at,
                "url": self.url,
            })),
            EngagementKind::Like | EngagementKind::Follow => {
                json!({ "target": self.target, "created_at": at })
            }
            // A share without words has `null` for a text.
            EngagementKind::Share => json!({
                "id": self.id,
                "target": self.target,
                "text": self.text,
                "created_at": at,
            }),
        }
    }

    /// What a look-up shows, where it can be looked up like a post.
    pub(crate) fn view(&self) -> Value {
        present(json!({
            "id": self.id,
            "url": self.url,
            "text": self.text,
            "created_at": self.created_at_text(),
            "account": self.account,
        }))
    }

    fn created_at_text(&self) -> String {
        self.created_at.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// An object without the members that are null.
pub(crate) fn present(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, member)| !member.is_null()).collect())
        }
        other => other,
    }
}
