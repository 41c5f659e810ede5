//! What comes of a call: a pure step from the state and the rules to one line for the record and one reply.
//!
//! The order is that of a real platform behind a real server: arguments (refused before this module), faults of the
//! way and the door (rate, auth, 5xx), then content, keys and media. Faults about work that was done strike only
//! calls whose work would be done, so a text that is too long is refused as that and uses up no strike.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    call::{Call, Outcome},
    config::SandboxConfig,
    entry::{Entry, Media, StrikeLine},
    error::SandboxError,
    fault::{Fault, Faults},
    platform::Platform,
    post::Post,
    refusal::Refusal,
    request::{Draft, Request, Upload, Work},
    state::State,
    tools::{MAX_MEDIA_BYTES, ToolName},
};

/// How many of an account's newest posts X compares a text with.
const DUPLICATE_WINDOW: usize = 100;

/// What a configuration means for single calls.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    keys: BTreeSet<Platform>,
    faults: Faults,
    refuse_duplicates: bool,
}

/// What a caller gets.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A result with `isError: false`, which need not mean success.
    Answer(Value),
    /// A result with `isError: true`.
    Refused(Refusal),
    /// Nothing, ever.
    Silence,
    /// Nothing, because the process ends now.
    Death,
}

/// What follows once the line is written.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// The call is over.
    Reply(Reply),
    /// The work is done after so many milliseconds.
    Later(u64),
}

/// The work of a call without faults: what it changes, what it answers, how it is counted.
struct Performed {
    post: Option<Post>,
    media: Option<Media>,
    reply: Result<Value, Refusal>,
    /// `None` for look-ups, which are not counted.
    outcome: Option<Outcome>,
    post_id: Option<String>,
}

impl Performed {
    fn refused(outcome: Outcome, refusal: Refusal) -> Self {
        Self { post: None, media: None, reply: Err(refusal), outcome: Some(outcome), post_id: None }
    }

    /// A look-up.
    fn looked_up(reply: Result<Value, Refusal>) -> Self {
        Self { post: None, media: None, reply, outcome: None, post_id: None }
    }

    fn reply(self) -> Reply {
        self.reply.map_or_else(Reply::Refused, Reply::Answer)
    }
}

impl Rules {
    /// Checks a configuration.
    pub(crate) fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        Ok(Self {
            keys: config.keys.clone(),
            faults: config.faults()?,
            refuse_duplicates: config.refuse_duplicates,
        })
    }

    /// Whether the platform of a tool honours keys; said in the tool's schema.
    pub(crate) fn honours_keys(&self, tool: ToolName) -> bool {
        tool.platform().is_some_and(|platform| self.keys.contains(&platform))
    }

    /// A call that has arrived.
    pub(crate) fn receive(&self, state: &State, request: &Request, now: DateTime<Utc>) -> (Entry, Next) {
        let performed = self.perform(state, request, now);
        let strike = self
            .faults
            .strike(request.platform, request.tool, now, |rule| state.strikes(rule))
            .filter(|strike| performed.reply.is_ok() || !strike.fault.needs_the_work());
        let Some(strike) = strike else {
            let entry = entry_of(request, &performed, performed.outcome, now);
            return (entry, Next::Reply(performed.reply()));
        };
        let outcome = request.tool.writes().then(|| strike.fault.outcome());
        let (performed, next) = struck(request.platform, strike.fault, performed);
        let mut entry = entry_of(request, &performed, outcome, now);
        entry.strike = Some(StrikeLine { rule: strike.rule, at: now });
        (entry, next)
    }

    /// The work of a call that was held back. The world may have changed since it was received, so everything is
    /// looked at again; it was counted then.
    pub(crate) fn carry_out(&self, state: &State, request: &Request, now: DateTime<Utc>) -> (Entry, Reply) {
        let performed = self.perform(state, request, now);
        let entry = entry_of(request, &performed, None, now);
        (entry, performed.reply())
    }

    fn perform(&self, state: &State, request: &Request, now: DateTime<Utc>) -> Performed {
        let platform = request.platform;
        match &request.work {
            Work::Post(draft) => self.publish(state, request, draft, now),
            Work::Upload(upload) => store(state, platform, upload, now),
            Work::Get { id } => Performed::looked_up(
                state.post(platform, id).map(Post::view).ok_or_else(|| Refusal::not_found(platform)),
            ),
            Work::List { account, limit } => {
                Performed::looked_up(Ok(list(state, platform, account.as_deref(), *limit)))
            }
        }
    }

    fn publish(&self, state: &State, request: &Request, draft: &Draft, now: DateTime<Utc>) -> Performed {
        let platform = request.platform;
        if draft.text.chars().count() > platform.text_limit() {
            return Performed::refused(Outcome::ContentRefused, Refusal::too_long(platform));
        }
        if let Some(first) = self.first_by_key(state, platform, draft) {
            return replay(first, draft);
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

    fn first_by_key<'state>(
        &self,
        state: &'state State,
        platform: Platform,
        draft: &Draft,
    ) -> Option<&'state Post> {
        let key = draft.idempotency_key.as_deref()?;
        self.keys.contains(&platform).then(|| state.post_by_key(platform, key)).flatten()
    }
}

/// The line for a call whose arguments do not fit.
pub(crate) fn bad_arguments(tool: ToolName, call_meta_key: Option<String>, now: DateTime<Utc>) -> Entry {
    Entry {
        call: tool.writes().then(|| Call {
            tool,
            platform: tool.platform(),
            outcome: Outcome::BadArguments,
            post_id: None,
            idempotency_key: None,
            call_meta_key,
            at: now,
        }),
        ..Entry::default()
    }
}

/// What a fault makes of a call: the work that is done all the same, and what follows.
fn struck(platform: Platform, fault: Fault, performed: Performed) -> (Performed, Next) {
    let reply = match fault {
        Fault::ServerErrorAfterPosting { status } => {
            let refusal = Refusal::server_error(platform, status);
            return (performed, Next::Reply(Reply::Refused(refusal)));
        }
        Fault::LostAfter => return (performed, Next::Reply(Reply::Silence)),
        Fault::DieAfter => return (performed, Next::Reply(Reply::Death)),
        Fault::Slow { ms } => return (undone(), Next::Later(ms)),
        Fault::LostBefore => Reply::Silence,
        Fault::DieBefore => Reply::Death,
        Fault::RateLimit { retry_after_seconds } => {
            Reply::Refused(Refusal::rate_limit(platform, retry_after_seconds))
        }
        Fault::ServerError { status } => Reply::Refused(Refusal::server_error(platform, status)),
        Fault::Auth => Reply::Refused(Refusal::auth(platform)),
        Fault::Policy => Reply::Refused(Refusal::policy(platform)),
        Fault::SoftError { text } => Reply::Answer(json!({ "error": text })),
        Fault::DraftOnly => Reply::Answer(json!({ "draft": true })),
    };
    (undone(), Next::Reply(reply))
}

/// No work at all.
fn undone() -> Performed {
    Performed::looked_up(Ok(Value::Null))
}

fn entry_of(request: &Request, performed: &Performed, outcome: Option<Outcome>, now: DateTime<Utc>) -> Entry {
    Entry {
        call: outcome.map(|outcome| Call {
            tool: request.tool,
            platform: Some(request.platform),
            outcome,
            post_id: performed.post_id.clone(),
            idempotency_key: request.idempotency_key().map(str::to_owned),
            call_meta_key: request.call_meta_key.clone(),
            at: now,
        }),
        post: performed.post.clone(),
        media: performed.media.clone(),
        strike: None,
    }
}

/// A known key: the first answer for the same content, a conflict for other content.
fn replay(first: &Post, draft: &Draft) -> Performed {
    let same =
        first.account == draft.account && first.text == draft.text && first.media_ids == draft.media_ids;
    if !same {
        return Performed::refused(Outcome::KeyConflict, Refusal::key_conflict());
    }
    Performed {
        post: None,
        media: None,
        reply: Ok(first.answer()),
        outcome: Some(Outcome::Replayed),
        post_id: Some(first.id.clone()),
    }
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
        media_ids: draft.media_ids.clone(),
        created_at: now,
        idempotency_key: draft.idempotency_key.clone(),
        call_meta_key: request.call_meta_key.clone(),
    };
    Performed {
        reply: Ok(post.answer()),
        outcome: Some(Outcome::Posted),
        post_id: Some(post.id.clone()),
        post: Some(post),
        media: None,
    }
}

fn store(state: &State, platform: Platform, upload: &Upload, now: DateTime<Utc>) -> Performed {
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
        post_id: None,
        post: None,
        media: Some(media),
    }
}

fn next_number(state: &State, platform: Platform, now: DateTime<Utc>) -> u64 {
    let now_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    platform.next_number(now_ms, state.last_number(platform))
}

fn list(state: &State, platform: Platform, account: Option<&str>, limit: u64) -> Value {
    let wanted = |post: &&Post| account.is_none_or(|account| post.account == account);
    let mut posts = state.newest(platform).filter(wanted).map(Post::view);
    let shown: Vec<Value> = (0..limit).map_while(|_| posts.next()).collect();
    let complete = posts.next().is_none();
    json!({ "posts": shown, "complete": complete })
}
