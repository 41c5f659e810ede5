//! The port through which the kernel acts. The kernel owns it, so that an [`Attempt`] can be sealed.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{CorrelationId, EffectId, ErrorCode, Money, Namespace, PlatformName};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::account::AccountRef;
use crate::attempt::Attempt;
use crate::effect::{Effect, EffectKind, EffectV1, Media};
use crate::look::{Finding, LookUp, PostOwners};
use crate::outcome::{Outcome, Refusal};
use crate::record::{CallKey, RequestRecord};

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
    /// Whether the tool sets a state, so that calling it again changes nothing: a like that stays a like. Never a toggle.
    pub sets_state: bool,
    /// Whether an earlier attempt can be looked up.
    pub look_up: bool,
    /// A number of the rules by which what a look shows is read: other rules have another one. `None` where it has none.
    pub look_rules: Option<u32>,
    /// Whether media are uploaded before the post.
    pub uploads: bool,
    /// How long one call may take (PUB-11).
    pub timeout: TimeDelta,
    /// How long after a call's last moment the platform may still act on it.
    pub settle: TimeDelta,
    /// How long after a call's last moment its server may still answer.
    pub grace: TimeDelta,
    /// The shortest pause between two looks, where the server asks for one.
    pub look_every: TimeDelta,
    /// What one effect costs.
    pub price: Money,
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

/// What an answer says that came after its attempt was told as unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateOutcome {
    /// The tenant of the effect.
    pub namespace: Namespace,
    /// The effect.
    pub effect: EffectId,
    /// Which attempt of it.
    pub attempt: u32,
    /// What the answer says.
    pub outcome: Outcome,
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

/// What the tools of an account cannot carry: it can never be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong.
    pub part: ContentPart,
    /// The code on the wire.
    pub code: ErrorCode,
    /// What is wrong and what is allowed, for people.
    pub message: String,
}

/// A part of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentPart {
    /// Its words.
    Text,
    /// Its media.
    Media,
}

/// The outside world.
///
/// # Contract
/// - `service` and `unfit` are constant, cheap and touch nothing outside. Where no tool is configured `service` is `None`, and
///   `unfit` has nothing to say.
/// - `ready` tells of every account that cannot be used, all at once.
/// - `perform` writes to the wire at most once, and never at or after `attempt.send_before()`.
/// - `perform` answers `Done` only of what is public, with its id, and `NotDone` only when it provably did not happen: it was
///   never sent, or the platform refused it through a tool that asks nothing after its write, in an answer without any sign
///   of a post. Whatever else is `Unknown` (MCP-03). It answers within the service's timeout.
/// - `find`, `upload` and `ready` make nothing public and may be repeated; each answers within a limit of its own.
/// - `find` says `There` only of an item that is the effect's: never by likeness alone, never with an id of which `owners`
///   says that another effect has it. It says `Absent` only over a whole list of which every newcomer is explained.
/// - `late` gives each answer out once that came after its attempt had been told as `Unknown`.
/// - Dropping the future of `perform` withdraws nothing; its answer is given out by `late`.
/// - What comes back is compared before it is redacted, and redacted before it is told (MCP-06).
/// - Safe to call concurrently.
#[async_trait]
pub trait Platform: Debug + Send + Sync + 'static {
    /// What is served for an account; `None` where no tool is configured.
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service>;

    /// What of a content the tools of its account cannot carry, every fault at once, asked before an approval is: nobody
    /// should approve what can never be sent. `media_types` are those of its media, in their order. Empty also where no tool
    /// is configured. Unless a platform says otherwise, it carries everything.
    fn unfit(&self, _content: &EffectV1, _media_types: &[String]) -> Vec<Unfit> {
        Vec::new()
    }

    /// Checks that what is wanted can be used: servers start, tools exist. All faults at once; empty when ready.
    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady>;

    /// Makes a medium known to the platform.
    ///
    /// # Errors
    /// When that failed; nothing is public either way.
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal>;

    /// Acts: the only way to.
    async fn perform(&self, attempt: &Attempt) -> Outcome;

    /// Looks whether an earlier attempt became public. `owners` tells which of the account's posts belong to effects.
    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding;

    /// The answers that came late, since this was asked last.
    fn late(&self) -> Vec<LateOutcome>;
}

impl Service {
    /// Whether a call for `content` that begins at `now` may repeat one that began at `first` without acting twice. Either it
    /// is a state that the tool sets, and the platform settled at most `gone` ago: later a person may have ended it. Or the
    /// tool still enforces the key at the last moment at which the call may reach the platform or act there.
    #[must_use]
    pub fn may_repeat(
        &self,
        content: &EffectV1,
        first: DateTime<Utc>,
        now: DateTime<Utc>,
        gone: TimeDelta,
    ) -> bool {
        // What began after now began by a clock that was set back: how long ago that is, nobody knows.
        let since = now.signed_duration_since(first);
        let Some(reach) = self.timeout.checked_add(&self.settle).filter(|_| since >= -CLOCKS_DIFFER) else {
            return false;
        };
        let settled_for = since.checked_sub(&reach);
        let sets = self.sets_state && content.is_state();
        (sets && settled_for.is_some_and(|settled_for| settled_for <= gone))
            || self.enforces_key(since, reach)
    }

    fn enforces_key(&self, since: TimeDelta, reach: TimeDelta) -> bool {
        let last = since.checked_add(&reach);
        match (self.keys, last) {
            (Keys::Enforced { retention }, Some(last)) => last < retention,
            _ => false,
        }
    }
}

/// How far the clocks of a store and of its workers may differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn service(keys: Keys, sets_state: bool) -> Service {
        Service {
            keys,
            sets_state,
            look_up: true,
            look_rules: None,
            uploads: false,
            timeout: TimeDelta::seconds(10),
            settle: TimeDelta::seconds(5),
            grace: TimeDelta::zero(),
            look_every: TimeDelta::zero(),
            price: Money::usd_micros(0),
        }
    }

    fn share(text: &str) -> EffectV1 {
        EffectV1 {
            namespace: Namespace::default(),
            campaign: chimera_contracts::CampaignId::from_uuid(chimera_contracts::derive_uuid("test", &[])),
            kind: EffectKind::Share,
            platform: PlatformName::Twitter,
            account: "me".to_owned(),
            target: Some("post_1".to_owned()),
            text: text.to_owned(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        }
    }

    #[test]
    fn what_may_be_sent_again() {
        let first = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let enforced = |seconds| Keys::Enforced { retention: TimeDelta::seconds(seconds) };
        let gone = TimeDelta::seconds(600);
        // The call may act up to fifteen seconds after it begins.
        for (keys, sets_state, after, may) in [
            (Keys::Advisory, false, 0, false),
            (Keys::Advisory, true, 0, true),
            // Longer ago, a person may have taken it back, and setting it again would undo that.
            (Keys::Advisory, true, 615, true),
            (Keys::Advisory, true, 616, false),
            (enforced(60), false, 0, true),
            (enforced(60), false, 44, true),
            (enforced(60), false, 45, false),
            (enforced(60), false, 59, false),
            (enforced(60), false, 61, false),
            (enforced(60), true, 61, true),
            (enforced(15), false, 0, false),
            (enforced(16), false, 0, true),
            (enforced(0), false, 0, false),
            // Two clocks of one machine differ by little; one that was set back tells nothing of how long it was.
            (enforced(60), false, -5, true),
            (enforced(60), false, -6, false),
            (Keys::Advisory, true, -6, false),
        ] {
            let now = first + TimeDelta::seconds(after);
            let said = format!("{keys:?}, {sets_state}, after {after} s");
            assert_eq!(service(keys, sets_state).may_repeat(&share(""), first, now, gone), may, "{said}");
            // Sharing with words makes a post each time, whatever the tool does with states.
            let with_words = service(keys, sets_state).may_repeat(&share("Look"), first, now, gone);
            assert_eq!(
                with_words,
                may && matches!(keys, Keys::Enforced { .. }) && !(sets_state && after > 60),
                "{said}"
            );
        }
        let endless = Service { timeout: TimeDelta::MAX, ..service(enforced(60), false) };
        assert!(!endless.may_repeat(&share(""), first, first, gone), "a reach beyond all time is no proof");
    }
}
