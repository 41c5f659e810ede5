//! Figures that a host knows about its accounts, as a snapshot with an id (PRO-08).
//!
//! A snapshot is a document: strategies read it and ask nobody, so that a proposal follows from what its provenance names.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use chimera_contracts::{Namespace, PlatformName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::audience::Hours;

/// The longest snapshot id, in characters.
const MAX_ID: usize = 255;

/// A snapshot's id in the host's words: 1 to 255 characters, none of them a control character or a space.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotId(String);

/// The text is no snapshot id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a snapshot id: expected 1 to 255 characters, without spaces and control characters")]
pub struct ParseSnapshotIdError;

impl SnapshotId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SnapshotId {
    type Error = ParseSnapshotIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
        let fits = (1..=MAX_ID).contains(&text.chars().count());
        if fits && plain { Ok(Self(text)) } else { Err(ParseSnapshotIdError) }
    }
}

impl From<SnapshotId> for String {
    fn from(id: SnapshotId) -> Self {
        id.0
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A share: finite, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(f64);

/// The number is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate: expected a number from 0 to 1")]
pub struct RateError;

impl Rate {
    /// The share as a number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rate {
    type Error = RateError;

    fn try_from(share: f64) -> Result<Self, Self::Error> {
        // Adding zero takes the sign from a negative zero and changes nothing else.
        if (0.0..=1.0).contains(&share) { Ok(Self(share + 0.0)) } else { Err(RateError) }
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

/// What is known about one platform's account. What is `None` is not known; nothing is guessed in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformInsights {
    /// How many follow the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u32>,
    /// How many accounts see a typical post that nobody paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<u32>,
    /// Which share of those who see a typical post react to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_rate: Option<Rate>,
    /// When this account's audience reacts best, in the audience's own time, every day; empty when that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub best_hours: Vec<Hours>,
}

/// The version of a snapshot's form; on the wire its number.
///
/// A member and no tag of an enum: a tagged reader buffers what it reads, and a host can turn on features of `serde_json`
/// under which numbers do not survive that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
enum Version {
    V1,
}

/// The number is no version of a snapshot.
#[derive(Debug, thiserror::Error)]
#[error("not a version of a snapshot: expected 1")]
struct ParseVersionError;

impl TryFrom<u8> for Version {
    type Error = ParseVersionError;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number == 1 { Ok(Self::V1) } else { Err(ParseVersionError) }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::V1 => 1,
        }
    }
}

/// Figures as a host hands them in: `{"v": 1, "id": "…", "platforms": {"twitter": {…}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsightsSnapshot {
    v: Version,
    /// Which figures these are; stands in the provenance of every proposal made from them.
    pub id: SnapshotId,
    /// The figures, by platform.
    pub platforms: BTreeMap<PlatformName, PlatformInsights>,
}

impl InsightsSnapshot {
    /// A snapshot of these figures.
    #[must_use]
    pub const fn new(id: SnapshotId, platforms: BTreeMap<PlatformName, PlatformInsights>) -> Self {
        Self { v: Version::V1, id, platforms }
    }

    /// What is known about a platform.
    #[must_use]
    pub fn platform(&self, platform: PlatformName) -> Option<&PlatformInsights> {
        self.platforms.get(&platform)
    }
}

/// Which figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsQuery {
    /// The tenant.
    pub namespace: Namespace,
    /// The artifact that is to be proposed for.
    pub artifact_id: String,
    /// The platforms; empty for whichever there are.
    pub platforms: Vec<PlatformName>,
}

/// The figures could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the insights cannot be read: {0}")]
pub struct InsightsError(pub String);

/// Where figures come from.
///
/// # Contract
/// - One id stands for one snapshot for ever: other figures come under another id.
/// - `None` says that nothing is known; an error says that it could not be found out, and may be asked again.
/// - An answer comes before `deadline`, or an error does.
/// - Reading has no effect; dropping the future neither. Safe to call concurrently.
#[async_trait]
pub trait Insights: Debug + Send + Sync + 'static {
    /// The figures in force.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn snapshot(
        &self,
        query: &InsightsQuery,
        deadline: DateTime<Utc>,
    ) -> Result<Option<InsightsSnapshot>, InsightsError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, good: bool) {
        let read = serde_json::from_str::<InsightsSnapshot>(json);
        assert_eq!(read.is_ok(), good, "{json}: {read:?}");
    }

    #[test]
    fn a_snapshot_is_right_or_not_read() {
        check(r#"{"v":1,"id":"s-1","platforms":{}}"#, true);
        check(
            r#"{"v":1,"id":"s-1","platforms":{"twitter":{"followers":1,"reach":2,"engagement_rate":0.5,
                "best_hours":["20:00-02:00"]}}}"#,
            true,
        );
        for bad in [
            r#"{"id":"s-1","platforms":{}}"#,
            r#"{"v":2,"id":"s-1","platforms":{}}"#,
            r#"{"v":"1","id":"s-1","platforms":{}}"#,
            r#"{"v":1,"id":"s-1"}"#,
            r#"{"v":1,"id":"","platforms":{}}"#,
            r#"{"v":1,"id":"a b","platforms":{}}"#,
            r#"{"v":1,"id":"s-1","platforms":{},"more":1}"#,
            r#"{"v":1,"id":"s-1","platforms":{"mastodon":{}}}"#,
            r#"{"v":1,"id":"s-1","platforms":{"twitter":{"clicks":1}}}"#,
            r#"{"v":1,"id":"s-1","platforms":{"twitter":{"reach":-1}}}"#,
            r#"{"v":1,"id":"s-1","platforms":{"twitter":{"engagement_rate":1.01}}}"#,
            r#"{"v":1,"id":"s-1","platforms":{"twitter":{"best_hours":["8-9"]}}}"#,
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn a_rate_is_a_share() {
        for good in [0.0, -0.0, 0.034, 1.0] {
            assert_eq!(Rate::try_from(good).map(Rate::get), Ok(good));
        }
        for bad in [-0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(Rate::try_from(bad), Err(RateError));
        }
    }
}
