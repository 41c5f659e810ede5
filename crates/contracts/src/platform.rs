//! The platforms that the contracts name.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A social platform (PUB-01); on the wire its lower-case name.
///
/// Publish takes all of them, engage the subset in [`crate::engage::PLATFORMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// `twitter` (X).
    Twitter,
    /// `instagram`
    Instagram,
    /// `linkedin`
    LinkedIn,
    /// `tiktok`
    TikTok,
    /// `youtube`
    YouTube,
    /// `threads`
    Threads,
}

impl PlatformName {
    /// Every platform, in the order of the seeds.
    pub const ALL: &'static [Self] =
        &[Self::Twitter, Self::Instagram, Self::LinkedIn, Self::TikTok, Self::YouTube, Self::Threads];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Twitter => "twitter",
            Self::Instagram => "instagram",
            Self::LinkedIn => "linkedin",
            Self::TikTok => "tiktok",
            Self::YouTube => "youtube",
            Self::Threads => "threads",
        }
    }
}

impl fmt::Display for PlatformName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no platform's name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a platform: expected `twitter`, `instagram`, `linkedin`, `tiktok`, `youtube` or `threads`")]
pub struct ParsePlatformError;

impl FromStr for PlatformName {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|platform| platform.as_str() == text).ok_or(ParsePlatformError)
    }
}

impl JsonSchema for PlatformName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PlatformName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|platform| platform.as_str()).collect();
        json_schema!({ "type": "string", "enum": names, "description": "A social platform." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_everywhere() {
        for platform in PlatformName::ALL {
            assert_eq!(platform.as_str().parse(), Ok(*platform));
            assert_eq!(serde_json::to_value(platform).unwrap(), platform.as_str());
        }
        for bad in ["", "Twitter", "x", "mastodon"] {
            assert_eq!(bad.parse::<PlatformName>(), Err(ParsePlatformError), "{bad}");
        }
    }
}
