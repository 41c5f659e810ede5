//! What each tool is, as one table: its name, where it works, what it does, which arguments say with what.

use super::ToolName;
use crate::{
    engagement::{EngagementKind, TargetKind},
    platform::Platform,
};

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// Where it works. With more than one platform the argument `platform` says which.
    pub(crate) platforms: &'static [Platform],
    pub(crate) does: Does,
}

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Publishes a post.
    Post {
        /// The argument that holds the text.
        text: &'static str,
        /// Whether it takes a title.
        title: bool,
    },
    /// Does something with a target.
    Engage {
        kind: EngagementKind,
        /// What the target is.
        on: TargetKind,
        /// The argument that names it.
        target: &'static str,
    },
    /// Stores media.
    Upload,
    /// Shows one post.
    Get {
        /// The argument that names it.
        id: &'static str,
    },
    /// Shows the newest of something.
    List(Listed),
    /// Tells whether a target is there.
    Target,
}

/// What a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Posts,
    Comments,
    Likes,
    Follows,
    Shares,
}

/// Whether a tool takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Never,
    Perhaps,
    Always,
}

const TWITTER: &[Platform] = &[Platform::Twitter];
const INSTAGRAM: &[Platform] = &[Platform::Instagram];
const LINKEDIN: &[Platform] = &[Platform::LinkedIn];
const TIKTOK: &[Platform] = &[Platform::TikTok];
const YOUTUBE: &[Platform] = &[Platform::YouTube];
const THREADS: &[Platform] = &[Platform::Threads];
const EVERYWHERE: &[Platform] = &Platform::ALL;
/// Where the seeds' tools engage; elsewhere they only post.
const ENGAGED: &[Platform] = &[Platform::Twitter, Platform::Instagram, Platform::TikTok, Platform::Threads];

impl ToolName {
    /// The row of a tool.
    pub(crate) fn spec(self) -> Spec {
        use EngagementKind::{Comment, Follow, Like, Reply, Share};
        use TargetKind::{Comment as OnComment, Post as OnPost, User as OnUser};
        let (name, platforms, does) = match self {
            Self::PostTweet => ("post_tweet", TWITTER, post("text")),
            Self::PostInstagram => ("post_instagram", INSTAGRAM, post("caption")),
            Self::PostLinkedin => ("post_linkedin", LINKEDIN, post("text")),
            Self::PostTiktok => ("post_tiktok", TIKTOK, post("text")),
            Self::PostYoutube => ("post_youtube", YOUTUBE, Does::Post { text: "text", title: true }),
            Self::PostThreads => ("post_threads", THREADS, post("text")),
            Self::UploadMedia => ("upload_media", EVERYWHERE, Does::Upload),
            Self::GetPost => ("get_post", EVERYWHERE, Does::Get { id: "id" }),
            Self::ListPosts => ("list_posts", EVERYWHERE, Does::List(Listed::Posts)),
            Self::GetTweet => ("get_tweet", TWITTER, Does::Get { id: "tweet_id" }),
            Self::FollowUser => ("follow_user", ENGAGED, engage(Follow, OnUser, "user_id")),
            Self::ReplyToTweet => ("reply_to_tweet", TWITTER, engage(Reply, OnPost, "tweet_id")),
            Self::LikeTweet => ("like_tweet", TWITTER, engage(Like, OnPost, "tweet_id")),
            Self::Retweet => ("retweet", TWITTER, engage(Share, OnPost, "tweet_id")),
            Self::CommentOnPost => ("comment_on_post", INSTAGRAM, engage(Comment, OnPost, "post_id")),
            Self::LikePost => ("like_post", INSTAGRAM, engage(Like, OnPost, "post_id")),
            Self::ReplyToComment => ("reply_to_comment", INSTAGRAM, engage(Reply, OnComment, "comment_id")),
            Self::CommentOnVideo => ("comment_on_video", TIKTOK, engage(Comment, OnPost, "video_id")),
            Self::LikeVideo => ("like_video", TIKTOK, engage(Like, OnPost, "video_id")),
            Self::ShareVideo => ("share_video", TIKTOK, engage(Share, OnPost, "video_id")),
            Self::ReplyToThread => ("reply_to_thread", THREADS, engage(Reply, OnPost, "thread_id")),
            Self::LikeThread => ("like_thread", THREADS, engage(Like, OnPost, "thread_id")),
            Self::ListComments => ("list_comments", ENGAGED, Does::List(Listed::Comments)),
            Self::ListLikes => ("list_likes", ENGAGED, Does::List(Listed::Likes)),
            Self::ListFollows => ("list_follows", ENGAGED, Does::List(Listed::Follows)),
            Self::ListShares => ("list_shares", ENGAGED, Does::List(Listed::Shares)),
            Self::GetTarget => ("get_target", EVERYWHERE, Does::Target),
        };
        Spec { name, platforms, does }
    }
}

fn post(text: &'static str) -> Does {
    Does::Post { text, title: false }
}

fn engage(kind: EngagementKind, on: TargetKind, target: &'static str) -> Does {
    Does::Engage { kind, on, target }
}

impl Spec {
    /// Whether it makes something public.
    pub(crate) fn acts(&self) -> bool {
        matches!(self.does, Does::Post { .. } | Does::Engage { .. })
    }

    /// Whether it is somebody's: an account can be named.
    pub(crate) fn takes_account(&self) -> bool {
        self.acts() || matches!(self.does, Does::List(_))
    }

    /// Whether it is about one thing that is there before.
    pub(crate) fn takes_target(&self) -> bool {
        matches!(self.does, Does::Engage { .. } | Does::Get { .. } | Does::Target)
    }
}

impl EngagementKind {
    /// Whether it has a text.
    pub(crate) fn takes_text(self) -> Takes {
        match self {
            Self::Comment | Self::Reply => Takes::Always,
            Self::Share => Takes::Perhaps,
            Self::Like | Self::Follow => Takes::Never,
        }
    }
}

impl Listed {
    /// The member of the answer that holds the items.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Comments => "comments",
            Self::Likes => "likes",
            Self::Follows => "follows",
            Self::Shares => "shares",
        }
    }

    /// Whether it shows engagements of this kind.
    pub(crate) fn shows(self, kind: EngagementKind) -> bool {
        match self {
            Self::Posts => false,
            Self::Comments => kind.is_comment(),
            Self::Likes => kind == EngagementKind::Like,
            Self::Follows => kind == EngagementKind::Follow,
            Self::Shares => kind == EngagementKind::Share,
        }
    }
}
