//! How acts are compared: what makes one the second of another.

use serde::Serialize;

use crate::{
    engagement::{Engagement, EngagementKind},
    platform::Platform,
    post::Post,
};

/// Something that somebody did in public, reduced to what tells one act from the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// What was done.
    pub kind: ActKind,
    /// Where.
    pub platform: Platform,
    /// By which account.
    pub account: String,
    /// What it was done with; a post has no target.
    pub target: Option<String>,
    /// The text; likes and follows have none.
    pub text: Option<String>,
    /// The `idempotency_key` argument, also where the platform does not honour keys.
    pub idempotency_key: Option<String>,
    /// The value of a `_meta` entry whose name ends in `/call-key`.
    pub call_meta_key: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// A post was made.
    Post,
    /// Something of other people was engaged with.
    Engagement(EngagementKind),
}

impl Act {
    /// Acts with the same marks are the same act; keys are no part of them.
    pub(crate) fn marks(&self) -> (ActKind, Platform, &str, Option<&str>, Option<&str>) {
        (self.kind, self.platform, &self.account, self.target.as_deref(), self.text.as_deref())
    }
}

impl From<&Post> for Act {
    fn from(post: &Post) -> Self {
        Self {
            kind: ActKind::Post,
            platform: post.platform,
            account: post.account.clone(),
            target: None,
            text: Some(post.text.clone()),
            idempotency_key: post.idempotency_key.clone(),
            call_meta_key: post.call_meta_key.clone(),
        }
    }
}

impl From<&Engagement> for Act {
    fn from(engagement: &Engagement) -> Self {
        Self {
            kind: ActKind::Engagement(engagement.kind),
            platform: engagement.platform,
            account: engagement.account.clone(),
            target: Some(engagement.target.clone()),
            text: engagement.text.clone(),
            idempotency_key: engagement.idempotency_key.clone(),
            call_meta_key: engagement.call_meta_key.clone(),
        }
    }
}
