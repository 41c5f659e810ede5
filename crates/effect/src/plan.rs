//! How a request is to be executed, as it was when it was admitted: the first plan of a key stands (PUB-05).
//!
//! It is stored with the request, so that a worker that goes on with it after a crash keeps the order that its caller asked for.

use chimera_contracts::ErrorCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// In which order the effects of a request are attempted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionOrder {
    /// One after the other, by position: each is attempted when the attempts of those before it have ended.
    Sequential,
    /// Together.
    #[default]
    Parallel,
}

/// Who attempts again what a platform refused for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryPolicy {
    /// The caller, with the same key (PUB-10).
    #[default]
    WhenAsked,
    /// The worker as well.
    Background {
        /// Attempts of one effect in all.
        attempts: u32,
        /// The pause after the first refusal, in seconds; each one after it is twice as long. A platform that names a later
        /// time is not asked before it.
        first_pause_s: u32,
        /// No attempt begins by itself later than this after the request was admitted, in seconds.
        within_s: u32,
    },
}

/// How a request is to be executed. The default is what requests without a plan have: all at once, some may fail, retries
/// when asked, no time of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExecutionPlan {
    /// In which order.
    #[serde(default)]
    pub order: ExecutionOrder,
    /// Whether nothing is to stay public unless everything is (`partial_success_allowed: false`, PUB-07). Nothing is attempted
    /// then once an effect of the request is known never to happen; one after the other waits until the one before is public.
    #[serde(default, skip_serializing_if = "is_false")]
    pub all_or_nothing: bool,
    /// Who attempts again what a platform refused for now.
    #[serde(default, skip_serializing_if = "RetryPolicy::is_when_asked")]
    pub retry: RetryPolicy,
    /// When it is due; at once where there is no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<DateTime<Utc>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl ExecutionPlan {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl RetryPolicy {
    fn is_when_asked(&self) -> bool {
        *self == Self::WhenAsked
    }

    /// Whether nothing of a request that was admitted at `admitted` is attempted by itself any more.
    #[must_use]
    pub fn is_over(self, admitted: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let Self::Background { within_s, .. } = self else { return true };
        let last = admitted.checked_add_signed(TimeDelta::seconds(within_s.into()));
        last.is_some_and(|last| now > last)
    }

    /// When the worker attempts an effect again that was refused at `now` after `attempts` attempts, of a request that was
    /// admitted at `admitted`; `None` where that waits for its caller. `retry_at` is what the platform asks for.
    #[must_use]
    pub fn next_attempt(
        self,
        code: ErrorCode,
        attempts: u32,
        retry_at: Option<DateTime<Utc>>,
        admitted: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let Self::Background { attempts: most, first_pause_s, within_s } = self else { return None };
        if attempts == 0 || attempts >= most || !code.retryable() {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1).min(31));
        let pause = doubled.and_then(|times| first_pause_s.checked_mul(times)).unwrap_or(u32::MAX);
        let paused = now.checked_add_signed(TimeDelta::seconds(pause.into()))?;
        let last = admitted.checked_add_signed(TimeDelta::seconds(within_s.into()))?;
        retry_at.into_iter().chain([paused]).max().filter(|at| *at <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy::Background { attempts: 4, first_pause_s: 5, within_s: 60 };

    #[test]
    fn pauses_double_and_end() {
        let at = |seconds: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let next = |attempts, retry_at: Option<i64>, now| {
            let retry_at = retry_at.map(at);
            let next = POLICY.next_attempt(ErrorCode::PlatformRateLimit, attempts, retry_at, at(0), at(now));
            next.map(|at| at.timestamp())
        };
        assert_eq!([1, 2, 3].map(|attempts| next(attempts, None, 0)), [Some(5), Some(10), Some(20)]);
        assert_eq!(next(4, None, 0), None, "four attempts in all");
        assert_eq!(next(1, Some(30), 0), Some(30), "not before the platform's time");
        assert_eq!(next(1, Some(2), 0), Some(5), "not before the pause");
        assert_eq!(next(1, None, 55), Some(60), "at the last moment");
        assert_eq!(next(1, None, 56), None, "not after the last moment");
        assert_eq!(
            next(0, None, 0),
            None,
            "nothing was attempted: an upload that failed waits for its caller"
        );
        assert_eq!(next(u32::MAX, None, 0), None);
        let final_one = POLICY.next_attempt(ErrorCode::ContentPolicyViolation, 1, None, at(0), at(0));
        assert_eq!(final_one, None, "what is refused for good is not attempted again");
        assert_eq!(
            RetryPolicy::WhenAsked.next_attempt(ErrorCode::PlatformRateLimit, 1, None, at(0), at(0)),
            None
        );
    }

    #[test]
    fn a_request_without_a_plan_has_the_default_one() {
        let plan: ExecutionPlan = serde_json::from_str("{}").unwrap();
        assert!(plan.is_default());
        let plan = ExecutionPlan { order: ExecutionOrder::Sequential, ..plan };
        assert_eq!(serde_json::to_string(&plan).unwrap(), r#"{"order":"sequential"}"#);
    }
}
