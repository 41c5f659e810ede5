//! The port through which the kernel acts. The kernel owns it, so that an [`Attempt`] can be sealed.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{CorrelationId, ErrorCode, Money, PlatformName};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::effect::{Effect, EffectKind, Media};
use crate::record::{CallKey, EffectRecord, RequestRecord};

/// What a tool does with the key of a call (mcp.md: seldom anything).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keys {
    /// The same key again creates nothing new and gives the first answer, for this long.
    Enforced {
        /// How long the tool remembers a key.
        retention: TimeDelta,
    },
    /// The key is sent and proves nothing.
    Advisory,
}

/// What a platform serves for one kind of effect: data, asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// What the tool does with keys.
    pub keys: Keys,
    /// Whether an earlier attempt can be looked up.
    pub look_up: bool,
    /// Whether media are uploaded before the post.
    pub uploads: bool,
    /// How long one call may take (PUB-11).
    pub timeout: TimeDelta,
    /// How long after a call's last moment the platform may still act on it.
    pub settle: TimeDelta,
    /// What one effect costs.
    pub price: Money,
}

/// A post as the platform names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExternalPost {
    /// The platform's id.
    pub id: String,
    /// The public URL, from the answer or the profile's template.
    pub url: Option<String>,
    /// When the platform says that it was published.
    pub published_at: Option<DateTime<Utc>>,
}

/// What the platform said, redacted; kept beside the evidence, never in it.
pub type Said = Option<String>;

/// It is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The post.
    pub post: ExternalPost,
    /// What the platform said.
    pub said: Said,
}

/// It did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code on the wire.
    pub code: ErrorCode,
    /// What was the matter, for people; redacted.
    pub message: String,
    /// When it may be tried again, where the platform said so.
    pub retry_at: Option<DateTime<Utc>>,
    /// What the platform said.
    #[serde(skip)]
    pub said: Said,
}

/// It was accepted and is not public yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The id to poll.
    pub pending_id: String,
    /// What the platform said.
    pub said: Said,
}

/// Nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// How the answer was lost, for people; redacted.
    pub reason: String,
    /// What the platform said, where it said something that settles nothing.
    pub said: Said,
}

/// What came of an attempt. No `Result`: `?` must not drop a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is public.
    Done(Evidence),
    /// It provably did not happen.
    NotDone(Refusal),
    /// It was accepted for later.
    Accepted(Pending),
    /// It may have happened.
    Unknown(Lost),
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is public.
    There(Evidence),
    /// It is not there, and it is too late for it to appear.
    AbsentForGood,
    /// It is not there yet, or the look failed.
    Unsettled {
        /// When to look again.
        look_again: DateTime<Utc>,
        /// Whether this look saw the whole list without it.
        absent: bool,
    },
    /// This platform cannot tell.
    CannotTell {
        /// Why, for people.
        reason: String,
    },
}

/// What every call carries beside its arguments (PUB-05): whose request it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The caller's key.
    pub caller_key: String,
    /// The trace.
    pub correlation: CorrelationId,
}

impl Trace {
    /// The trace of a request.
    #[must_use]
    pub fn of(request: &RequestRecord) -> Self {
        Self { caller_key: request.key.key.clone(), correlation: request.correlation }
    }
}

/// A question about an earlier attempt.
#[derive(Clone, Debug)]
pub struct LookUp {
    /// What was to become public.
    pub effect: Effect,
    /// The key that every attempt carried.
    pub call_key: CallKey,
    /// When the first attempt that is not settled began.
    pub since: DateTime<Utc>,
    /// From when on absence means something.
    pub settled_from: DateTime<Utc>,
    /// How many looks, after that moment, did not find it.
    pub absent_looks: u32,
    /// Ids of posts that belong to other effects.
    pub not_ours: Vec<String>,
    /// Whose request it is.
    pub trace: Trace,
}

/// A medium to be made known to a platform. Nothing becomes public by it.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    /// The effect that it is for.
    pub effect: &'a Effect,
    /// The medium.
    pub media: &'a Media,
    /// A key of its own, the same at every repetition.
    pub call_key: CallKey,
    /// Whose request it is.
    pub trace: &'a Trace,
}

/// A medium as the platform names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uploaded {
    /// The platform's id of the medium.
    pub media_id: String,
}

/// A platform that is wanted and cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReady {
    /// The platform.
    pub platform: PlatformName,
    /// The code on the wire.
    pub code: ErrorCode,
    /// Every fault, with what to do.
    pub message: String,
}

/// The outside world.
///
/// # Contract
/// - `service` and `account` are constant, cheap and touch nothing outside.
/// - `perform` writes to the wire at most once, and never at or after `attempt.send_before()`.
/// - `perform` answers `NotDone` only when it provably did not happen: it was never sent, or the platform refused it in
///   words that the profile knows. Whatever else is `Unknown` (MCP-03). It answers within the service's timeout.
/// - `find`, `upload` and `ready` make nothing public and may be repeated; each answers within a limit of its own.
/// - `find` says `AbsentForGood` only at or after `look.settled_from`, at its second absent look, and only where the list
///   it sees is complete; it never says `There` with an id in `look.not_ours`.
/// - Dropping the future of `perform` withdraws nothing.
/// - All texts that come back are redacted (MCP-06).
#[async_trait]
pub trait Platform: Debug + Send + Sync + 'static {
    /// What is served; `None` where no tool is configured.
    fn service(&self, platform: PlatformName, kind: EffectKind) -> Option<Service>;

    /// Checks that what is wanted can be used: servers start, tools exist. All faults at once; empty when ready.
    async fn ready(&self, wanted: &[PlatformName], kind: EffectKind) -> Vec<NotReady>;

    /// Makes a medium known to the platform.
    ///
    /// # Errors
    /// When that failed; nothing is public either way.
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal>;

    /// Acts: the only way to.
    async fn perform(&self, attempt: &Attempt) -> Outcome;

    /// Looks whether an earlier attempt became public.
    async fn find(&self, look: &LookUp) -> Finding;
}

impl Service {
    /// Whether a key first used at `first` is still enforced for a call that begins at `now`: until the last moment at
    /// which that call may reach the platform or act there.
    #[must_use]
    pub fn enforces_key(&self, first: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let reach = self.timeout.checked_add(&self.settle).and_then(|reach| now.checked_add_signed(reach));
        match (self.keys, reach) {
            (Keys::Enforced { retention }, Some(last)) => last.signed_duration_since(first) < retention,
            _ => false,
        }
    }
}

impl LookUp {
    /// The question that an unsettled effect leaves open; `None` when it was never attempted.
    #[must_use]
    pub fn about(record: &EffectRecord, not_ours: Vec<String>, trace: Trace) -> Option<Self> {
        let progress = &record.progress;
        Some(Self {
            effect: record.effect.clone(),
            call_key: record.call_key.clone(),
            since: progress.unsettled_since.or(progress.began_at)?,
            settled_from: progress.settled_from?,
            absent_looks: progress.absent_looks,
            not_ours,
            trace,
        })
    }
}
