//! When: the first free quarter of an hour in which everything fits.
//!
//! Candidates are instants, each looked at by the audience's clock, so that an hour that a clock change skips is never
//! chosen, and one that it repeats is open twice.

use chimera_contracts::PlatformName;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::habits::{Window, habit};
use crate::audience::Hours;
use crate::brief::Brief;
use crate::strategy::StrategyError;

/// Minutes between candidates.
const STEP: u32 = 15;

/// How far ahead a time is looked for: with one open quarter a day, every platform still finds a workday of its own.
const HORIZON: TimeDelta = TimeDelta::days(28);

/// The audience's time, and what was placed in it so far.
pub(super) struct Calendar<'a> {
    brief: &'a Brief,
    placed: Vec<(PlatformName, DateTime<Utc>)>,
}

/// When a platform is best posted to.
enum Best<'a> {
    /// As the account's own figures say.
    Measured(&'a [Hours]),
    /// As platforms of its kind are used.
    Habit(&'static [Window]),
}

impl<'a> Calendar<'a> {
    /// A calendar with nothing in it.
    ///
    /// # Errors
    /// When no quarter of a day is open.
    pub(super) fn new(brief: &'a Brief) -> Result<Self, StrategyError> {
        let open = |quarter: u32| {
            let seconds = quarter.saturating_mul(STEP).saturating_mul(60);
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)
                .is_some_and(|time| brief.audience.is_open(time))
        };
        if (0..24 * 60 / STEP).any(open) {
            return Ok(Self { brief, placed: Vec::new() });
        }
        let message = "`quiet_hours` and `active_hours` leave no quarter of an hour of the day".to_owned();
        Err(StrategyError::NoPlan { reason: "no_open_hours", message })
    }

    /// Places a platform's post: as early as it fits. `None` where no day is known.
    pub(super) fn place(&mut self, platform: PlatformName) -> Result<Option<DateTime<Utc>>, StrategyError> {
        let Some(start) = self.brief.audience.not_before else { return Ok(None) };
        let at = self.first(platform, start, |at| self.is_clear(platform, at))?;
        self.placed.push((platform, at));
        Ok(Some(at))
    }

    /// The first good time of a platform that is so long after `at`.
    pub(super) fn after(
        &self,
        platform: PlatformName,
        at: DateTime<Utc>,
        pause: TimeDelta,
    ) -> Result<DateTime<Utc>, StrategyError> {
        let start = at.checked_add_signed(pause).unwrap_or(at);
        self.first(platform, start, |_| true)
    }

    /// The first quarter from `start` on that is open to the audience, is good for the platform, and fits; where none is
    /// good, the first that is open and fits.
    fn first(
        &self,
        platform: PlatformName,
        start: DateTime<Utc>,
        fits: impl Fn(DateTime<Utc>) -> bool,
    ) -> Result<DateTime<Utc>, StrategyError> {
        let best = self.best(platform);
        let open = || quarters(start).filter(|at| self.brief.audience.allows(*at) && fits(*at));
        let good = |at: &DateTime<Utc>| best.contains(self.brief, *at);
        open().find(good).or_else(|| open().next()).ok_or_else(|| StrategyError::NoPlan {
            reason: "no_free_time",
            message: format!("within {} days no time is free for `{platform}`", HORIZON.num_days()),
        })
    }

    fn best(&self, platform: PlatformName) -> Best<'a> {
        let known = self.brief.insights.as_ref().and_then(|insights| insights.platform(platform));
        match known.map(|known| known.best_hours.as_slice()) {
            Some(hours) if !hours.is_empty() => Best::Measured(hours),
            _ => Best::Habit(habit(platform).windows),
        }
    }

    /// Whether a post of this platform keeps its distance from all others.
    fn is_clear(&self, platform: PlatformName, at: DateTime<Utc>) -> bool {
        self.placed.iter().all(|(other, placed)| {
            let apart = habit(platform).apart.max(habit(*other).apart);
            at.signed_duration_since(*placed).abs() >= apart
        })
    }
}

impl Best<'_> {
    fn contains(&self, brief: &Brief, at: DateTime<Utc>) -> bool {
        let local = brief.audience.zone.local(at);
        match self {
            Self::Measured(hours) => hours.iter().any(|hours| hours.contains(local.time())),
            Self::Habit(windows) => windows.iter().any(|window| window.contains(local)),
        }
    }
}

/// The quarters of an hour from a moment on, as far as a time is looked for.
fn quarters(start: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let step = TimeDelta::minutes(STEP.into());
    let begin = round_up(start, step);
    let end = start.checked_add_signed(HORIZON).unwrap_or(start);
    std::iter::successors(begin, move |at| at.checked_add_signed(step)).take_while(move |at| *at <= end)
}

/// The first multiple of `step` that is not before `at`.
fn round_up(at: DateTime<Utc>, step: TimeDelta) -> Option<DateTime<Utc>> {
    let size = step.num_seconds();
    let begun = at.timestamp().div_euclid(size).checked_mul(size)?;
    let floor = DateTime::from_timestamp(begun, 0)?;
    if floor == at { Some(floor) } else { floor.checked_add_signed(step) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_quarters() {
        for (start, expected) in [
            ("2026-02-10T08:00:00Z", "2026-02-10T08:00:00Z"),
            ("2026-02-10T08:00:00.001Z", "2026-02-10T08:15:00Z"),
            ("2026-02-10T08:14:59Z", "2026-02-10T08:15:00Z"),
            ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ] {
            let first = quarters(start.parse().unwrap()).next();
            assert_eq!(first, Some(expected.parse().unwrap()), "{start}");
        }
    }
}
