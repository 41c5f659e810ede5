//! The platforms and what differs between them: names, limits. Ids and links stand in `ids`.

mod ids;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tools::ToolName;

/// A platform the sandbox imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// X, under the name its tools still carry.
    Twitter,
    /// Instagram.
    Instagram,
    /// `LinkedIn`.
    LinkedIn,
    /// `TikTok`.
    TikTok,
    /// `YouTube`.
    YouTube,
    /// Threads.
    Threads,
}

impl Platform {
    /// All platforms, in the order they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Twitter, Self::Instagram, Self::LinkedIn, Self::TikTok, Self::YouTube, Self::Threads];

    /// The name on the wire: `twitter`, `instagram`, `linkedin`, `tiktok`, `youtube`, `threads`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Twitter => "twitter",
            Self::Instagram => "instagram",
            Self::LinkedIn => "linkedin",
            Self::TikTok => "tiktok",
            Self::YouTube => "youtube",
            Self::Threads => "threads",
        }
    }

    /// The name as people write it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Twitter => "X",
            Self::Instagram => "Instagram",
            Self::LinkedIn => "LinkedIn",
            Self::TikTok => "TikTok",
            Self::YouTube => "YouTube",
            Self::Threads => "Threads",
        }
    }

    /// The platform of a wire name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.name() == name)
    }

    /// The tool that publishes here.
    pub(crate) fn post_tool(self) -> ToolName {
        match self {
            Self::Twitter => ToolName::PostTweet,
            Self::Instagram => ToolName::PostInstagram,
            Self::LinkedIn => ToolName::PostLinkedin,
            Self::TikTok => ToolName::PostTiktok,
            Self::YouTube => ToolName::PostYoutube,
            Self::Threads => ToolName::PostThreads,
        }
    }

    /// The longest text of a post, in Unicode scalar values.
    ///
    /// X weighs some characters twice and links as 23, `TikTok` counts UTF-16 units, `YouTube` bytes; a plain count
    /// never refuses what they would take for being too long by that alone, and that is enough here.
    pub(crate) fn text_limit(self) -> usize {
        match self {
            Self::Twitter => 280,
            Self::Instagram | Self::TikTok => 2_200,
            Self::LinkedIn => 3_000,
            Self::YouTube => 5_000,
            Self::Threads => 500,
        }
    }

    /// The longest comment or reply, counted the same way.
    pub(crate) fn comment_limit(self) -> usize {
        match self {
            Self::TikTok => 150,
            other => other.text_limit(),
        }
    }

    /// The most media of one post.
    pub(crate) fn media_limit(self) -> usize {
        match self {
            Self::Twitter => 4,
            Self::Instagram => 10,
            Self::LinkedIn | Self::Threads => 20,
            Self::TikTok => 35,
            Self::YouTube => 1,
        }
    }

    /// Whether a reply is a post like any other: it has a link of its own and can be looked up, liked and shared.
    pub(crate) fn replies_are_posts(self) -> bool {
        matches!(self, Self::Twitter | Self::Threads)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
