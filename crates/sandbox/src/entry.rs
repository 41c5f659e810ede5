//! One line of the record.
//!
//! INVARIANT: everything one decision changes is in one line. A line is either whole or not there, so a killed
//! process leaves no post without its call and no strike without its effect.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{call::Call, engagement::Engagement, platform::Platform, post::Post};

/// The first line of every record; says what the file is before anything is written behind it.
pub(crate) const HEADER: &str = r#"{"chimera_sandbox_record":1}"#;

/// What one decision changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<Call>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) post: Option<Post>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) engagement: Option<Engagement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<Media>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) strike: Option<StrikeLine>,
}

impl Entry {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Media that was uploaded. The bytes are not kept: nobody asks for them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    pub(crate) platform: Platform,
    pub(crate) media_id: String,
    pub(crate) filename: String,
    pub(crate) sha256: String,
    pub(crate) bytes: usize,
}

/// A fault that struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrikeLine {
    pub(crate) rule: String,
    pub(crate) at: DateTime<Utc>,
}
