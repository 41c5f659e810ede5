//! The time of a place, across clock changes.
//!
//! Times are looked for among instants and then shown on the wall, never the other way round: every instant has one local
//! time, while a local time can be missing (a gap, when clocks go forward) or there twice (a fold, when they go back). The
//! one local time that has to be read as an instant is a caller's, and [`Zone::not_before`] says how.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The longest gap there was: a day, when Samoa crossed the date line.
const LONGEST_GAP: i64 = 25 * 60;

/// A time zone of the IANA database, or a fixed offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    /// A zone by its name in the IANA database, such as `Europe/Berlin`; `None` when there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(|zone| Self(Kind::Named(zone)))
    }

    /// A zone without clock changes.
    #[must_use]
    pub const fn fixed(offset: FixedOffset) -> Self {
        Self(Kind::Fixed(offset))
    }

    /// What the clock on the wall shows.
    #[must_use]
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        match self.0 {
            Kind::Named(zone) => instant.with_timezone(&zone).naive_local(),
            Kind::Fixed(offset) => instant.with_timezone(&offset).naive_local(),
        }
    }

    /// The instant before which nothing may happen that is not to happen before `local`.
    ///
    /// In a fold that is the later of the two, so that it is not too early whichever was meant; in a gap it is the end of
    /// the gap. `None` when there is no such instant.
    #[must_use]
    pub fn not_before(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.read(local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(_, instant) => Some(instant),
            LocalResult::None => {
                let minute = local.with_second(0)?.with_nanosecond(0)?;
                (1..=LONGEST_GAP)
                    .filter_map(|later| minute.checked_add_signed(TimeDelta::minutes(later)))
                    .find_map(|later| self.read(later).earliest())
            }
        }
    }

    fn read(&self, local: NaiveDateTime) -> LocalResult<DateTime<Utc>> {
        match self.0 {
            Kind::Named(zone) => zone.from_local_datetime(&local).map(|time| time.with_timezone(&Utc)),
            Kind::Fixed(offset) => offset.from_local_datetime(&local).map(|time| time.with_timezone(&Utc)),
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(Kind::Named(Tz::UTC))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_folds_are_read_late() {
        for (zone, local, expected) in [
            ("Europe/Berlin", "2026-02-10T09:00:00", "2026-02-10T08:00:00Z"),
            ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            ("Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30:17", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T01:30:00Z"),
            ("America/New_York", "2026-03-08T02:15:00", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T01:00:00", "2026-11-01T06:00:00Z"),
            // Half an hour, and a day.
            ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"),
        ] {
            let found = Zone::named(zone).unwrap().not_before(local.parse().unwrap());
            assert_eq!(found, Some(expected.parse().unwrap()), "{zone} {local}");
        }
    }

    #[test]
    fn names_are_those_of_the_database() {
        for good in ["Europe/Berlin", "America/New_York", "UTC", "Etc/GMT+5"] {
            assert!(Zone::named(good).is_some(), "{good}");
        }
        for bad in ["", "Berlin", "europe/berlin", "+01:00", "Europe/Nowhere"] {
            assert_eq!(Zone::named(bad), None, "{bad}");
        }
    }
}
