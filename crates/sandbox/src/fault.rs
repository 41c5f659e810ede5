//! Faults on demand: what goes wrong here, for whom and how often in `rule`, when in `strike`.

mod rule;
mod strike;

use serde::{Deserialize, Serialize};

pub use rule::FaultRule;
pub(crate) use strike::{Faults, Mark, Strikes};

use crate::call::Outcome;

/// What goes wrong. In JSON a bare name (`"lost_after"`) or an object with one entry (`{"slow": {"ms": 500}}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 429, worded as the platform does. Nothing is made.
    RateLimit {
        /// What the refusal tells the caller to wait; also the length of the limit when the rule gives no other.
        retry_after_seconds: u64,
    },
    /// A 5xx. Nothing is made.
    ServerError {
        /// 500 to 599.
        status: u16,
    },
    /// The work is done, then a 5xx is answered.
    ServerErrorAfterPosting {
        /// 500 to 599.
        status: u16,
    },
    /// No answer ever; nothing is made. Other requests are served.
    LostBefore,
    /// The work is done, then no answer ever. Other requests are served.
    LostAfter,
    /// The process ends without an answer; nothing is made.
    DieBefore,
    /// The work is done, then the process ends without an answer.
    DieAfter,
    /// `isError: false` around `{"error": text}`; nothing is made. Half of the servers in the wild do this.
    SoftError {
        /// The text of the error.
        text: String,
    },
    /// 401. Nothing is made.
    Auth,
    /// 403 on content policy. Nothing is made.
    Policy,
    /// The work is done after a delay, and answered then, also when the caller cancelled: a ghost post.
    Slow {
        /// The delay in milliseconds.
        ms: u64,
    },
    /// Answers `{"draft": true}` and makes nothing public.
    DraftOnly,
}

impl Fault {
    /// The label of a call this struck.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::RateLimit { .. } => Outcome::RateLimit,
            Self::ServerError { .. } => Outcome::ServerError,
            Self::ServerErrorAfterPosting { .. } => Outcome::ServerErrorAfterPosting,
            Self::LostBefore => Outcome::LostBefore,
            Self::LostAfter => Outcome::LostAfter,
            Self::DieBefore => Outcome::DieBefore,
            Self::DieAfter => Outcome::DieAfter,
            Self::SoftError { .. } => Outcome::SoftError,
            Self::Auth => Outcome::Auth,
            Self::Policy => Outcome::Policy,
            Self::Slow { .. } => Outcome::Slow,
            Self::DraftOnly => Outcome::DraftOnly,
        }
    }

    /// Whether the call must first be acceptable: these faults are about work that is done.
    pub(crate) fn needs_the_work(&self) -> bool {
        matches!(
            self,
            Self::ServerErrorAfterPosting { .. } | Self::LostAfter | Self::DieAfter | Self::Slow { .. }
        )
    }
}
