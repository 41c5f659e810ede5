//! When a platform's people are there, as a table.
//!
//! The windows are rules of thumb, as published guides for social teams give them; the guides disagree in the details,
//! and none of them knows this account. A snapshot's `best_hours` take their place where there are any. The distances say
//! how long a post has the audience to itself: people follow one brand in several places, and a mistake that the first
//! post shows can still be kept from the next.

use chimera_contracts::PlatformName;
use chrono::{Datelike, NaiveDateTime, TimeDelta, Weekday};

use crate::audience::Hours;

/// On which days a window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Every,
    Workdays,
    Weekend,
}

/// A time of the week in which a platform's people are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    days: Days,
    hours: Hours,
}

/// How one platform is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Habit {
    /// When to post.
    pub(super) windows: &'static [Window],
    /// How far to keep from the posts of other platforms; of two distances the larger counts.
    pub(super) apart: TimeDelta,
    /// Whether a post that nobody paid for can be limited to a language or a region.
    pub(super) limits_by_locale: bool,
}

impl Window {
    const fn on(days: Days, begin: u32, end: u32) -> Self {
        Self { days, hours: Hours::whole(begin, end) }
    }

    /// Whether the window is open when the audience's clock shows this.
    pub(super) fn contains(&self, local: NaiveDateTime) -> bool {
        let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        let today = match self.days {
            Days::Every => true,
            Days::Workdays => !weekend,
            Days::Weekend => weekend,
        };
        today && self.hours.contains(local.time())
    }
}

/// Short texts that people read between other things, mostly while they work.
const TWITTER: Habit = Habit {
    windows: &[Window::on(Days::Workdays, 9, 12), Window::on(Days::Workdays, 17, 18)],
    apart: TimeDelta::minutes(30),
    limits_by_locale: false,
};

/// Pictures: lunch and after dinner.
const INSTAGRAM: Habit = Habit {
    windows: &[Window::on(Days::Every, 11, 13), Window::on(Days::Every, 19, 21)],
    apart: TimeDelta::minutes(60),
    limits_by_locale: false,
};

/// Work: before the first meeting and around lunch, never at the weekend. A page can limit a post to a language or region.
const LINKEDIN: Habit = Habit {
    windows: &[Window::on(Days::Workdays, 8, 10), Window::on(Days::Workdays, 12, 13)],
    apart: TimeDelta::minutes(120),
    limits_by_locale: true,
};

/// Short video: the evening.
const TIKTOK: Habit = Habit {
    windows: &[Window::on(Days::Every, 18, 22)],
    apart: TimeDelta::minutes(60),
    limits_by_locale: false,
};

/// Long video: in time before the evening, in the morning of a free day.
const YOUTUBE: Habit = Habit {
    windows: &[Window::on(Days::Workdays, 15, 18), Window::on(Days::Weekend, 10, 13)],
    apart: TimeDelta::minutes(120),
    limits_by_locale: false,
};

/// Conversation: the way to work and the evening.
const THREADS: Habit = Habit {
    windows: &[Window::on(Days::Every, 8, 10), Window::on(Days::Every, 18, 20)],
    apart: TimeDelta::minutes(30),
    limits_by_locale: false,
};

/// How a platform is used.
pub(super) const fn habit(platform: PlatformName) -> &'static Habit {
    match platform {
        PlatformName::Twitter => &TWITTER,
        PlatformName::Instagram => &INSTAGRAM,
        PlatformName::LinkedIn => &LINKEDIN,
        PlatformName::TikTok => &TIKTOK,
        PlatformName::YouTube => &YOUTUBE,
        PlatformName::Threads => &THREADS,
    }
}
