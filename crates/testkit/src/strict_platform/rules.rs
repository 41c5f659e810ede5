//! How a platform of the fake world behaves.

use chimera_contracts::{EffectId, ErrorCode, Money, PlatformName};
use chimera_effect::{EffectKind, Keys, Service};
use chrono::{DateTime, TimeDelta, Utc};

use crate::scene::PRICE;

/// The nature of one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What it does with keys. Where they are enforced it forgets a key `retention` after its first use.
    pub keys: Keys,
    /// Whether posts can be looked up.
    pub look_up: bool,
    /// A number of the rules by which a look is read.
    pub look_rules: u32,
    /// Whether a look sees every post, so that absence can mean something.
    pub complete_list: bool,
    /// Whether media are uploaded before the post.
    pub uploads: bool,
    /// Whether a post needs media.
    pub needs_media: bool,
    /// How long a call may take.
    pub timeout: TimeDelta,
    /// How long after its last moment a call may still act.
    pub settle: TimeDelta,
    /// How long a call takes until it is on the wire.
    pub latency: TimeDelta,
    /// What one effect costs.
    pub price: Money,
    /// Whether the tool that deletes is claimed to set a state, so that a lost undo is sent again; else it is looked for.
    pub deletes_again: bool,
}

impl Default for Rules {
    /// Keys prove nothing, posts can be looked up, no uploads; ten seconds to send, five to settle.
    fn default() -> Self {
        Self {
            keys: Keys::Advisory,
            look_up: true,
            look_rules: 1,
            complete_list: true,
            uploads: false,
            needs_media: false,
            timeout: TimeDelta::seconds(10),
            settle: TimeDelta::seconds(5),
            latency: TimeDelta::zero(),
            price: PRICE,
            deletes_again: true,
        }
    }
}

impl Rules {
    /// The same with keys that are enforced for this long.
    #[must_use]
    pub const fn enforcing_keys(self, retention: TimeDelta) -> Self {
        Self { keys: Keys::Enforced { retention }, ..self }
    }

    /// The same without a tool to look posts up.
    #[must_use]
    pub const fn without_look_up(self) -> Self {
        Self { look_up: false, ..self }
    }

    /// What the kernel is told about effects of a kind.
    #[must_use]
    pub fn service_of(&self, kind: EffectKind) -> Service {
        Service { sets_state: kind == EffectKind::Undo && self.deletes_again, ..self.service() }
    }

    /// What the kernel is told about effects that make something.
    #[must_use]
    pub fn service(&self) -> Service {
        let Self { keys, look_up, look_rules, uploads, timeout, settle, price, .. } = *self;
        Service {
            keys,
            sets_state: false,
            look_up,
            look_rules: look_up.then_some(look_rules),
            uploads,
            timeout,
            settle,
            grace: TimeDelta::zero(),
            look_every: TimeDelta::zero(),
            price,
        }
    }
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None: it is posted.
    Post,
    /// Refused for now.
    RateLimit {
        /// When it may be tried again, from now.
        retry_after: TimeDelta,
    },
    /// Refused with this code; nothing happens.
    Refuse(ErrorCode),
    /// The call does not arrive; the caller cannot know.
    LostBefore,
    /// It is posted, and the answer is lost.
    LostAfter,
    /// The call arrives after `send_before` and before the platform has settled; the caller cannot know.
    Ghost,
    /// It is accepted, and public once [`finish_accepted`](super::StrictPlatform::finish_accepted) says so.
    Accept,
}

/// Something public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The platform's id.
    pub id: String,
    /// Where.
    pub platform: PlatformName,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// In whose account.
    pub account: String,
    /// What it is about, for kinds that have a target.
    pub target: Option<String>,
    /// What it says.
    pub text: String,
    /// The effect that it is of; `None` for a post of somebody else.
    pub effect: Option<EffectId>,
    /// When it became public.
    pub at: DateTime<Utc>,
}
