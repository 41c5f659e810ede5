//! A post, and the two ways it is shown.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{engagement::present, platform::Platform};

/// Something that became public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Where.
    pub platform: Platform,
    /// By which account.
    pub account: String,
    /// The platform's id; unique in its platform for the life of the record.
    pub id: String,
    /// The public link.
    pub url: String,
    /// The text, exactly as it was sent.
    pub text: String,
    /// The title, where the platform has one and it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The media it shows, as returned by `upload_media`.
    pub media_ids: Vec<String>,
    /// When, to the millisecond.
    pub created_at: DateTime<Utc>,
    /// The `idempotency_key` argument, also where the platform does not honour keys.
    pub idempotency_key: Option<String>,
    /// The value of a `_meta` entry whose name ends in `/call-key`.
    pub call_meta_key: Option<String>,
}

impl Post {
    /// What the tool that created it answers, the first time and on every replay.
    pub(crate) fn answer(&self) -> Value {
        json!({
            "id": self.id,
            "url": self.url,
            "created_at": self.created_at_text(),
            "text": self.text,
        })
    }

    /// What a look-up shows.
    pub(crate) fn view(&self) -> Value {
        present(json!({
            "id": self.id,
            "url": self.url,
            "title": self.title,
            "text": self.text,
            "created_at": self.created_at_text(),
            "account": self.account,
        }))
    }

    fn created_at_text(&self) -> String {
        self.created_at.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}
