//! The tools as a client sees them: names here, what each one is in `table`, schemas and annotations in `schema`.

mod schema;
mod table;

use serde::{Deserialize, Serialize};

pub(crate) use schema::tool;
pub(crate) use table::{Does, Listed, Spec, Takes};

use crate::platform::Platform;

/// The most bytes of one upload. As base64 in one line this stays under the transport's limit of 16 MiB.
pub(crate) const MAX_MEDIA_BYTES: usize = 8 * 1024 * 1024;
/// The most items one list shows.
pub(crate) const MAX_LIST: u64 = 100;
/// How many it shows unless told.
pub(crate) const DEFAULT_LIST: u64 = 20;
/// The account that acts unless another is named.
pub(crate) const DEFAULT_ACCOUNT: &str = "chimera_agent";
/// The longest account, key, id, title and file name.
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
    /// Publishes on `TikTok`.
    PostTiktok,
    /// Publishes on `YouTube`.
    PostYoutube,
    /// Publishes on Threads.
    PostThreads,
    /// Stores media for a later post.
    UploadMedia,
    /// One post of any platform.
    GetPost,
    /// The newest posts of a platform.
    ListPosts,
    /// One post on X.
    GetTweet,
    /// Follows a user.
    FollowUser,
    /// Replies to a post on X.
    ReplyToTweet,
    /// Likes a post on X.
    LikeTweet,
    /// Shares a post on X.
    Retweet,
    /// Comments on a post on Instagram.
    CommentOnPost,
    /// Likes a post on Instagram.
    LikePost,
    /// Replies to a comment on Instagram.
    ReplyToComment,
    /// Comments on a video on `TikTok`.
    CommentOnVideo,
    /// Likes a video on `TikTok`.
    LikeVideo,
    /// Shares a video on `TikTok`.
    ShareVideo,
    /// Replies to a thread on Threads.
    ReplyToThread,
    /// Likes a thread on Threads.
    LikeThread,
    /// The newest comments and replies of a platform.
    ListComments,
    /// The newest likes of a platform.
    ListLikes,
    /// The newest follows of a platform.
    ListFollows,
    /// The newest shares of a platform.
    ListShares,
    /// Whether a post, a comment or a user is there.
    GetTarget,
}

impl ToolName {
    /// All tools, in the order they are listed.
    pub const ALL: [Self; 27] = [
        Self::PostTweet,
        Self::PostInstagram,
        Self::PostLinkedin,
        Self::PostTiktok,
        Self::PostYoutube,
        Self::PostThreads,
        Self::UploadMedia,
        Self::GetPost,
        Self::ListPosts,
        Self::GetTweet,
        Self::FollowUser,
        Self::ReplyToTweet,
        Self::LikeTweet,
        Self::Retweet,
        Self::CommentOnPost,
        Self::LikePost,
        Self::ReplyToComment,
        Self::CommentOnVideo,
        Self::LikeVideo,
        Self::ShareVideo,
        Self::ReplyToThread,
        Self::LikeThread,
        Self::ListComments,
        Self::ListLikes,
        Self::ListFollows,
        Self::ListShares,
        Self::GetTarget,
    ];

    /// The name on the wire, such as `post_tweet`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The tool of a wire name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The platform a tool is bound to; `None` for those that take it as an argument.
    pub(crate) fn platform(self) -> Option<Platform> {
        match self.spec().platforms {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// Whether it changes anything.
    pub(crate) fn writes(self) -> bool {
        self.spec().acts() || self == Self::UploadMedia
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_and_the_wire_call_a_tool_the_same() {
        for tool in ToolName::ALL {
            assert_eq!(serde_json::to_value(tool).unwrap(), tool.name());
            assert_eq!(ToolName::from_name(tool.name()), Some(tool));
        }
    }
}
