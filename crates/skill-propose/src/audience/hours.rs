//! A span of every day, by the clock on the wall.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// From one time of the day to another, such as `09:00-12:00`; the end is not part of it.
///
/// It may cross midnight (`22:00-07:00`) and end with the day (`18:00-24:00`). An end that is the beginning is the whole
/// day. It speaks of what the clock shows: an hour that a clock change skips is not there, one that it repeats is there twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    begin: u32,
    end: u32,
}

/// The text is no span of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a span of a day: expected `HH:MM-HH:MM`, from 00:00 to 24:00")]
pub struct ParseHoursError;

impl Hours {
    /// From `begin` o'clock to `end` o'clock, for tables written in the program.
    pub(crate) const fn whole(begin: u32, end: u32) -> Self {
        Self { begin: begin * 60, end: end * 60 }
    }

    /// Whether the clock shows a time of this span.
    #[must_use]
    pub fn contains(self, time: NaiveTime) -> bool {
        let minute = time.hour().saturating_mul(60).saturating_add(time.minute());
        if self.begin < self.end {
            (self.begin..self.end).contains(&minute)
        } else {
            minute >= self.begin || minute < self.end
        }
    }
}

impl FromStr for Hours {
    type Err = ParseHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (begin, end) = text.split_once('-').ok_or(ParseHoursError)?;
        let (begin, end) = (minute(begin)?, minute(end)?);
        // A span can end with the day, and not begin with its end.
        if begin < DAY { Ok(Self { begin, end }) } else { Err(ParseHoursError) }
    }
}

/// `HH:MM` as a minute of the day, up to 24:00.
fn minute(text: &str) -> Result<u32, ParseHoursError> {
    let (hour, minute) = text.split_once(':').ok_or(ParseHoursError)?;
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let minutes = hour.saturating_mul(60).saturating_add(minute);
    if minute < 60 && minutes <= DAY { Ok(minutes) } else { Err(ParseHoursError) }
}

fn two_digits(text: &str) -> Result<u32, ParseHoursError> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map_err(|_| ParseHoursError) } else { Err(ParseHoursError) }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begin, end } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", begin / 60, begin % 60, end / 60, end % 60)
    }
}

impl TryFrom<String> for Hours {
    type Error = ParseHoursError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hours: &str, inside: &[&str], outside: &[&str]) {
        let span: Hours = hours.parse().unwrap();
        assert_eq!(span.to_string(), hours);
        let contains = |time: &&str| span.contains(NaiveTime::parse_from_str(time, "%H:%M:%S").unwrap());
        assert!(inside.iter().all(contains), "{hours}");
        assert!(!outside.iter().any(contains), "{hours}");
    }

    #[test]
    fn the_end_is_outside() {
        check("09:00-12:30", &["09:00:00", "12:29:59"], &["08:59:59", "12:30:00", "00:00:00"]);
        check("22:00-07:00", &["22:00:00", "23:59:59", "00:00:00", "06:59:59"], &["07:00:00", "21:59:59"]);
        check("18:00-24:00", &["18:00:00", "23:59:59"], &["00:00:00", "17:59:59"]);
        check("22:00-00:00", &["22:00:00", "23:59:59"], &["00:00:00", "21:59:59"]);
    }

    #[test]
    fn an_end_that_is_the_beginning_is_the_whole_day() {
        for hours in ["00:00-00:00", "08:15-08:15", "00:00-24:00"] {
            check(hours, &["00:00:00", "08:14:59", "08:15:00", "23:59:59"], &[]);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "-",
            "22-07",
            "22:00",
            "22:00-",
            "9:00-10:00",
            "09:00-10:60",
            "25:00-26:00",
            "24:00-07:00",
            "09:00-24:01",
            "09:00–10:00",
            "09:00 - 10:00",
            "+9:00-10:00",
            "09:00-10:00-11:00",
            "０9:00-10:00",
        ] {
            assert_eq!(bad.parse::<Hours>(), Err(ParseHoursError), "{bad}");
        }
    }
}
