//! The work of a call without faults.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Reply;
use crate::{
    call::{Call, Outcome},
    engagement::Engagement,
    entry::{Entry, Media},
    post::Post,
    refusal::Refusal,
    request::Request,
};

/// What the work changes, what it answers, how it is counted.
pub(super) struct Performed {
    pub(super) made: Made,
    pub(super) reply: Result<Value, Refusal>,
    /// `None` for look-ups, which are not counted.
    pub(super) outcome: Option<Outcome>,
    /// The id of what was made, or was answered from a key.
    pub(super) id: Option<String>,
}

/// What comes into the world.
pub(super) enum Made {
    Nothing,
    Post(Post),
    Engagement(Engagement),
    Media(Media),
}

impl Performed {
    /// No work at all.
    pub(super) fn nothing() -> Self {
        Self::looked_up(Ok(Value::Null))
    }

    pub(super) fn refused(outcome: Outcome, refusal: Refusal) -> Self {
        Self { made: Made::Nothing, reply: Err(refusal), outcome: Some(outcome), id: None }
    }

    /// A look-up.
    pub(super) fn looked_up(reply: Result<Value, Refusal>) -> Self {
        Self { made: Made::Nothing, reply, outcome: None, id: None }
    }

    /// A known key: the first answer again.
    pub(super) fn replayed(answer: Value, id: Option<String>) -> Self {
        Self { made: Made::Nothing, reply: Ok(answer), outcome: Some(Outcome::Replayed), id }
    }

    /// A known key with other content.
    pub(super) fn key_conflict() -> Self {
        Self::refused(Outcome::KeyConflict, Refusal::key_conflict())
    }

    pub(super) fn reply(self) -> Reply {
        self.reply.map_or_else(Reply::Refused, Reply::Answer)
    }

    /// The line for the record; the call is part of it when it is counted.
    pub(super) fn entry(&self, request: &Request, outcome: Option<Outcome>, now: DateTime<Utc>) -> Entry {
        let mut entry =
            Entry { call: outcome.map(|outcome| self.call(request, outcome, now)), ..Entry::default() };
        match &self.made {
            Made::Nothing => {}
            Made::Post(post) => entry.post = Some(post.clone()),
            Made::Engagement(engagement) => entry.engagement = Some(engagement.clone()),
            Made::Media(media) => entry.media = Some(media.clone()),
        }
        entry
    }

    fn call(&self, request: &Request, outcome: Outcome, at: DateTime<Utc>) -> Call {
        Call {
            tool: request.tool,
            platform: Some(request.platform),
            outcome,
            post_id: self.id.clone(),
            target: request.target().map(str::to_owned),
            idempotency_key: request.idempotency_key().map(str::to_owned),
            call_meta_key: request.call_meta_key.clone(),
            at,
        }
    }
}
