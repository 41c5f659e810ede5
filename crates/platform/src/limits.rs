//! How often an account may do something: known before the call, kept in the store, shared by all of its openers (ENG-13).
//!
//! The rule is exact: the log of the last permits is kept, so that no window of that length ever holds more than the limit.
//! [`take`] is pure, and every store asks it inside its own transaction.

#[cfg(test)]
mod tests;

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{Namespace, PlatformName, StoreError};
use chimera_effect::EffectKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey {
    /// The tenant.
    pub namespace: Namespace,
    /// Where.
    pub platform: PlatformName,
    /// In whose account.
    pub account: String,
    /// What is done.
    pub kind: EffectKind,
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    /// At most so many.
    pub count: u32,
    /// In any stretch of time of this length.
    pub window: TimeDelta,
}

/// One permit that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TakenPermit {
    /// Who took it: asking again by the same id takes nothing more.
    pub by: Uuid,
    /// When, by the store's clock.
    pub at: DateTime<Utc>,
}

/// The answer to whoever wants to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permit {
    /// It may act; a permit that is not used does no harm.
    Taken {
        /// How many of the limit are in use now, this one included.
        used: u32,
    },
    /// It may not, and may ask again then.
    Wait {
        /// When the next permit is free, by the store's clock.
        until: DateTime<Utc>,
    },
}

/// Takes a permit from the log of those taken, oldest first; gives the log to keep, which is no longer than the largest
/// limit that it was asked with.
///
/// A clock that steps back makes nobody act more often: what was taken later than now still counts, though never as later
/// than one window from now, so that a clock that was far ahead blocks for two windows at most. A clock that steps forward
/// is believed: it cannot be told from time that passed, so each such step can let one limit's worth of permits through
/// early, and no more.
///
/// What is bounded is how many begin. Whoever has a permit may use it until it ends, and again by the same id.
#[must_use]
pub fn take(
    taken: &[TakenPermit],
    limit: RateLimit,
    by: Uuid,
    now: DateTime<Utc>,
) -> (Permit, Vec<TakenPermit>) {
    let latest = now.checked_add_signed(limit.window).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let ends = |permit: &TakenPermit| permit.at.checked_add_signed(limit.window).unwrap_or(permit.at);
    let mut log: Vec<TakenPermit> = taken
        .iter()
        .map(|permit| TakenPermit { at: permit.at.min(latest), ..*permit })
        .filter(|permit| ends(permit) > now)
        .collect();
    log.sort_by_key(|permit| permit.at);
    let used = u32::try_from(log.len()).unwrap_or(u32::MAX);
    if log.iter().any(|permit| permit.by == by) {
        return (Permit::Taken { used }, log);
    }
    if used < limit.count {
        // Never before one that was taken earlier in truth: the log stays in the order of taking.
        let at = log.last().map_or(now, |last| last.at.max(now));
        log.push(TakenPermit { by, at });
        return (Permit::Taken { used: used.saturating_add(1) }, log);
    }
    // So many have to end that one fits; with a limit that was lowered that may be several.
    let free = usize::try_from(used.saturating_sub(limit.count)).unwrap_or(usize::MAX);
    let until = log.get(free).map_or(latest, ends);
    (Permit::Wait { until }, log)
}

/// Where permits are kept.
///
/// # Contract
/// - **Atomic.** `take` is one step; what it writes is what [`take`] computes.
/// - **Durable and shared.** All openers of one store share its permits, also after a restart.
/// - **Bound.** Never more than the limit's count in any window, by the store's clock.
/// - **Idempotent.** The same `by` again, while its permit counts, takes nothing more.
/// - A permit that nobody uses ends by itself; until then it counts, so whoever did not begin gives it back.
/// - Safe to call concurrently and from several processes.
#[async_trait]
pub trait RateLimits: Debug + Send + Sync + 'static {
    /// Takes a permit for whatever has this id, or says when to ask again.
    ///
    /// # Errors
    /// When the store fails.
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError>;

    /// Gives the permit of this id back, because nothing was begun under it; nothing where there is none.
    ///
    /// # Errors
    /// When the store fails.
    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError>;
}
