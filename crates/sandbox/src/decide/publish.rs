//! Posts, and the media they show.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    Rules, next_number,
    performed::{Made, Performed},
};
use crate::{
    call::Outcome,
    entry::Media,
    platform::Platform,
    post::Post,
    refusal::Refusal,
    request::{Draft, Request, Upload},
    state::{Earlier, State},
    tools::MAX_MEDIA_BYTES,
};

/// How many of an account's newest posts X compares a text with.
const DUPLICATE_WINDOW: usize = 100;

impl Rules {
    pub(super) fn publish(
        &self,
        state: &State,
        request: &Request,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Performed {
        let platform = request.platform;
        let limit = platform.text_limit();
        if draft.text.chars().count() > limit {
            let refusal = Refusal::too_long(platform, "caption", limit);
            return Performed::refused(Outcome::ContentRefused, refusal);
        }
        if let Some(earlier) = self.earlier(state, platform, draft.idempotency_key.as_deref()) {
            return replay(earlier, draft);
        }
        let unknown = draft.media_ids.iter().find(|id| !state.knows_media(platform, id));
        if let Some(id) = unknown {
            let refusal = Refusal::unknown_media(platform, id);
            return Performed::refused(Outcome::UnknownMedia, refusal);
        }
        if self.refuse_duplicates && platform == Platform::Twitter && is_double(state, draft) {
            return Performed::refused(Outcome::DuplicateRefused, Refusal::duplicate());
        }
        made(state, request, draft, now)
    }
}

/// A known key: the first answer for the same content, a conflict for other content.
fn replay(earlier: Earlier<'_>, draft: &Draft) -> Performed {
    match earlier {
        Earlier::Post(first) if is_same(first, draft) => {
            Performed::replayed(first.answer(), Some(first.id.clone()))
        }
        Earlier::Post(_) | Earlier::Engagement(_) => Performed::key_conflict(),
    }
}

fn is_same(first: &Post, draft: &Draft) -> bool {
    first.account == draft.account
        && first.text == draft.text
        && first.title == draft.title
        && first.media_ids == draft.media_ids
}

fn is_double(state: &State, draft: &Draft) -> bool {
    state
        .newest(Platform::Twitter)
        .filter(|post| post.account == draft.account)
        .take(DUPLICATE_WINDOW)
        .any(|post| post.text == draft.text)
}

fn made(state: &State, request: &Request, draft: &Draft, now: DateTime<Utc>) -> Performed {
    let platform = request.platform;
    let number = next_number(state, platform, now);
    let post = Post {
        platform,
        account: draft.account.clone(),
        id: platform.post_id(number),
        url: platform.post_url(&draft.account, number),
        text: draft.text.clone(),
        title: draft.title.clone(),
        media_ids: draft.media_ids.clone(),
        created_at: now,
        idempotency_key: draft.idempotency_key.clone(),
        call_meta_key: request.call_meta_key.clone(),
    };
    Performed {
        reply: Ok(post.answer()),
        outcome: Some(Outcome::Posted),
        id: Some(post.id.clone()),
        made: Made::Post(post),
    }
}

/// Keeps media for a later post.
pub(super) fn store(state: &State, platform: Platform, upload: &Upload, now: DateTime<Utc>) -> Performed {
    if upload.bytes > MAX_MEDIA_BYTES {
        let refusal = Refusal::media_too_large(MAX_MEDIA_BYTES);
        return Performed::refused(Outcome::ContentRefused, refusal);
    }
    let declared = upload.declared_sha256.as_ref();
    if declared.is_some_and(|declared| *declared != upload.sha256) {
        let refusal = Refusal::checksum_mismatch(&upload.sha256);
        return Performed::refused(Outcome::ContentRefused, refusal);
    }
    let media = Media {
        platform,
        media_id: platform.media_id(next_number(state, platform, now)),
        filename: upload.filename.clone(),
        sha256: upload.sha256.clone(),
        bytes: upload.bytes,
    };
    Performed {
        reply: Ok(json!({ "media_id": media.media_id, "sha256": media.sha256, "bytes": media.bytes })),
        outcome: Some(Outcome::Uploaded),
        id: None,
        made: Made::Media(media),
    }
}
