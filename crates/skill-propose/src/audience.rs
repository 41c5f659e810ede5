//! The audience: what the constraints of a request say about when and for whom (PRO-07).
//!
//! Constraints are read once, into types that cannot be wrong; every one that cannot be read is named by its pointer. A
//! constraint that nobody understands is a fault as well: passed over, it would look as if it had been kept.

mod hours;
mod read;
mod zone;

use chrono::{DateTime, NaiveTime, Utc};

pub use hours::{Hours, ParseHoursError};
pub(crate) use read::read;
pub use zone::Zone;

/// The names of the constraints that every strategy is given.
pub mod constraint {
    /// The audience's time zone, by its name in the IANA database.
    pub const TIMEZONE: &str = "timezone";
    /// The moment before which nothing is to happen: RFC 3339, or the same without an offset in the audience's `timezone`.
    pub const NOT_BEFORE: &str = "not_before";
    /// When nothing is to happen, every day: `HH:MM-HH:MM`.
    pub const QUIET_HOURS: &str = "quiet_hours";
    /// When the audience is there, every day: `HH:MM-HH:MM`. Nothing is to happen outside of it.
    pub const ACTIVE_HOURS: &str = "active_hours";
    /// The audience's language and region: a BCP 47 tag.
    pub const LOCALE: &str = "locale";

    /// All of them.
    pub const ALL: &[&str] = &[ACTIVE_HOURS, LOCALE, NOT_BEFORE, QUIET_HOURS, TIMEZONE];
}

/// When and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// The audience's time: its `timezone`, else the offset that `not_before` is written with, else UTC.
    pub zone: Zone,
    /// The moment before which nothing is to happen. Without it no day is known, and no time can be proposed.
    pub not_before: Option<DateTime<Utc>>,
    /// When nothing is to happen.
    pub quiet_hours: Option<Hours>,
    /// When the audience is there.
    pub active_hours: Option<Hours>,
    /// Its language and region, in the canonical spelling of BCP 47.
    pub locale: Option<String>,
}

impl Audience {
    /// Whether something may happen when the audience's clock shows this time.
    #[must_use]
    pub fn is_open(&self, time: NaiveTime) -> bool {
        self.active_hours.is_none_or(|active| active.contains(time))
            && !self.quiet_hours.is_some_and(|quiet| quiet.contains(time))
    }

    /// Whether something may happen at this instant.
    #[must_use]
    pub fn allows(&self, instant: DateTime<Utc>) -> bool {
        self.not_before.is_none_or(|start| instant >= start) && self.is_open(self.zone.local(instant).time())
    }
}
