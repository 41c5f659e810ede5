//! The three platforms and what differs between them: limits, ids, links.

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
}

/// The start of X's id clock, in Unix milliseconds; ids of other moments would look wrong to a reader who decodes them.
const SNOWFLAKE_EPOCH_MS: u64 = 1_288_834_974_657;
/// Instagram media ids have seventeen digits and begin with 179 these days.
const INSTAGRAM_ID_BASE: u64 = 17_900_000_000_000_000;
/// The alphabet of Instagram's short codes, lowest digit first.
const SHORTCODE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Platform {
    /// All platforms, in the order they are listed to people.
    pub const ALL: [Self; 3] = [Self::Twitter, Self::Instagram, Self::LinkedIn];

    /// The name on the wire: `twitter`, `instagram`, `linkedin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Twitter => "twitter",
            Self::Instagram => "instagram",
            Self::LinkedIn => "linkedin",
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
        }
    }

    /// The longest text, in Unicode scalar values.
    ///
    /// X weighs some characters twice and links as 23; a plain count never refuses what X would take for being
    /// too long by weight alone, and that is enough here.
    pub(crate) fn text_limit(self) -> usize {
        match self {
            Self::Twitter => 280,
            Self::Instagram => 2_200,
            Self::LinkedIn => 3_000,
        }
    }

    /// The most media of one post.
    pub(crate) fn media_limit(self) -> usize {
        match self {
            Self::Twitter => 4,
            Self::Instagram => 10,
            Self::LinkedIn => 20,
        }
    }

    /// A number for something new: grows with the clock, and past `last` even when the clock went back.
    pub(crate) fn next_number(self, now_ms: u64, last: Option<u64>) -> u64 {
        let by_clock = match self {
            Self::Twitter => now_ms.saturating_sub(SNOWFLAKE_EPOCH_MS) << 22,
            Self::Instagram => INSTAGRAM_ID_BASE.saturating_add(now_ms),
            Self::LinkedIn => now_ms << 22,
        };
        last.map_or(by_clock, |last| by_clock.max(last.saturating_add(1)))
    }

    /// The id of a post.
    pub(crate) fn post_id(self, number: u64) -> String {
        match self {
            Self::Twitter | Self::Instagram => number.to_string(),
            Self::LinkedIn => format!("urn:li:share:{number}"),
        }
    }

    /// The id of uploaded media.
    pub(crate) fn media_id(self, number: u64) -> String {
        match self {
            Self::Twitter | Self::Instagram => number.to_string(),
            Self::LinkedIn => format!("urn:li:image:{number}"),
        }
    }

    /// The public link of a post.
    pub(crate) fn post_url(self, account: &str, number: u64) -> String {
        match self {
            Self::Twitter => format!("https://twitter.com/{account}/status/{number}"),
            Self::Instagram => format!("https://www.instagram.com/p/{}/", shortcode(number)),
            Self::LinkedIn => format!("https://www.linkedin.com/feed/update/{}", self.post_id(number)),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The number inside an id of [`Platform::post_id`] or [`Platform::media_id`].
pub(crate) fn number_of(id: &str) -> Option<u64> {
    id.rsplit(':').next()?.parse().ok()
}

/// Instagram writes a post's number in base 64 into its link.
fn shortcode(number: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 {
        let digit = usize::try_from(rest % 64).ok();
        digits.extend(digit.and_then(|digit| SHORTCODE.get(digit)).copied());
        rest /= 64;
    }
    digits.into_iter().rev().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_only_grow() {
        for platform in Platform::ALL {
            let first = platform.next_number(1_790_000_000_000, None);
            let same_moment = platform.next_number(1_790_000_000_000, Some(first));
            let clock_went_back = platform.next_number(1_780_000_000_000, Some(same_moment));
            assert!(first < same_moment && same_moment < clock_went_back, "{platform}");
        }
    }

    #[test]
    fn ids_and_links_look_like_the_platforms() {
        let number = 1_755_123_456_789_012_345;
        let table = [
            (Platform::Twitter, "1755123456789012345", "https://twitter.com/me/status/1755123456789012345"),
            (
                Platform::LinkedIn,
                "urn:li:share:1755123456789012345",
                "https://www.linkedin.com/feed/update/urn:li:share:1755123456789012345",
            ),
        ];
        for (platform, id, url) in table {
            assert_eq!(platform.post_id(number), id);
            assert_eq!(number_of(id), Some(number));
            assert_eq!(platform.post_url("me", number), url);
        }
        let photo = Platform::Instagram.post_url("me", 64 * 64 + 63);
        assert_eq!(photo, "https://www.instagram.com/p/BA_/");
    }
}
