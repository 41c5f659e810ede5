//! One value that says how long to wait, or until when.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::{Span, SpanRelativeTo};
use serde_json::Value;

use crate::extract::time;

/// The longest wait: a platform that says more is asked again then.
pub(super) const LONGEST: TimeDelta = TimeDelta::days(32);

/// In seconds, the years 2000 to 2099. A number in it is a moment, and no length of time.
const MOMENTS: std::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;

/// A unit of time: how many seconds it has, or how many of it a second has. Two numbers, since a thousandth is none that a
/// float holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    seconds: f64,
    a_second: f64,
}

impl Unit {
    const SECOND: Self = Self { seconds: 1.0, a_second: 1.0 };
    pub(super) const MINUTE: Self = Self { seconds: 60.0, a_second: 1.0 };

    /// A unit by its name in the plural, or shortened. In the singular it may say which limit it is (`x-ratelimit-reset-day`),
    /// and a letter alone may be anything.
    pub(super) fn named(word: &str) -> Option<Self> {
        let (seconds, a_second) = match word {
            "nanoseconds" | "nanos" | "ns" => (1.0, 1e9),
            "microseconds" | "micros" | "us" => (1.0, 1e6),
            "milliseconds" | "millis" | "msec" | "ms" => (1.0, 1e3),
            "seconds" | "secs" | "sec" => (1.0, 1.0),
            "minutes" | "mins" => (60.0, 1.0),
            "hours" | "hrs" => (3_600.0, 1.0),
            "days" => (86_400.0, 1.0),
            _ => return None,
        };
        Some(Self { seconds, a_second })
    }

    fn of(self, number: f64) -> f64 {
        number * self.seconds / self.a_second
    }
}

/// The moment that a value gives, at most [`LONGEST`] from now. `unit` is that of a bare number.
pub(super) fn moment(value: &Value, unit: Option<Unit>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) => of_number(number.as_f64()?, unit, now),
        Value::String(text) => of_text(text, unit, now),
        // Headers as a list of values.
        Value::Array(items) => items.iter().filter_map(|item| moment(item, unit, now)).max(),
        Value::Object(members) => {
            // `{"seconds": 37, "nanos": 0}` (protobuf), `{"value": 15, "unit": "minutes"}`, `{"$date": …}` (MongoDB).
            if let Some(value) = members.get("value") {
                let named = members.get("unit").and_then(Value::as_str);
                let named = named.and_then(|name| {
                    let name = name.to_ascii_lowercase();
                    Unit::named(&name).or_else(|| Unit::named(&format!("{name}s")))
                });
                return moment(value, named.or(unit), now);
            }
            if let Some(date) = members.get("$date").or_else(|| members.get("$numberLong")) {
                return moment(date, None, now);
            }
            let parts = members.iter().filter_map(|(name, part)| {
                let unit = Unit::named(&name.trim_start_matches('_').to_ascii_lowercase())?;
                Some(unit.of(count(part)?))
            });
            parts
                .reduce(|sum, part| sum + part)
                .and_then(|seconds| of_number(seconds, Some(Unit::SECOND), now))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

/// A number, also as a text or alone in a list.
pub(super) fn count(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Array(items) => match items.as_slice() {
            [item] if !item.is_array() => count(item),
            _ => None,
        },
        _ => None,
    }
}

/// A number is a moment where it can be one, in seconds since 1970 or in thousandths, millionths or billionths of them. Else it is
/// a length: without a unit in seconds, or in milliseconds where seconds would be more than any platform asks for
/// (fastify-rate-limit#301).
pub(super) fn of_number(number: f64, unit: Option<Unit>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    if let Some(unit) = unit {
        let seconds = unit.of(number);
        return if MOMENTS.contains(&seconds) { at(seconds, now) } else { after(seconds, now) };
    }
    let since =
        [1.0, 1e3, 1e6, 1e9].into_iter().map(|a_second| number / a_second).find(|at| MOMENTS.contains(at));
    if let Some(seconds) = since {
        return at(seconds, now);
    }
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let longest = LONGEST.num_seconds() as f64;
    let seconds = [number, number / 1e3].into_iter().find(|seconds| *seconds <= longest)?;
    after(seconds, now)
}

fn of_text(text: &str, unit: Option<Unit>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Ok(number) = text.parse() {
        return of_number(number, unit, now);
    }
    exact(text, now).or_else(|| super::sentence::first(text, now))
}

/// The moment that a text gives which is a date or a length of time and nothing else.
pub(super) fn exact(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    date(text).map(|at| bounded(at, now)).or_else(|| after(length(text)?, now))
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    if !text.contains(':') && !text.contains("Date(") {
        return None;
    }
    // The obsolete forms of an HTTP date, which are in UTC and have to be accepted (RFC 9110, 5.6.7).
    let obsolete = |form| NaiveDateTime::parse_from_str(text, form).ok().map(|at| at.and_utc());
    time(&Value::from(text))
        .or_else(|| obsolete("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| obsolete("%a %b %e %H:%M:%S %Y"))
}

/// Seconds of a length of time: ISO 8601 (`PT15M`), as people and programs write it (`14m 20s`, `1h2m3.5s`, `15 minutes`), as a
/// clock (`0:15:00`; .NET puts the days before a point).
fn length(text: &str) -> Option<f64> {
    let (days, rest) = match text.split_once('.') {
        Some((days, clock)) if clock.contains(':') => (days.parse().ok()?, clock),
        _ => (0_u32, text),
    };
    // More digits than nanoseconds have are printed by no clock that can keep them.
    let rest = match rest.rsplit_once('.') {
        Some((whole, digits)) if digits.len() > 9 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{whole}.{}", digits.get(..9)?)
        }
        _ => rest.to_owned(),
    };
    let span: Span = rest.parse().ok()?;
    // Months and years have no length of their own, and are longer than any wait.
    if span.get_months() > 0 || span.get_years() > 0 {
        return Some(f64::MAX);
    }
    let seconds = span.total((jiff::Unit::Second, SpanRelativeTo::days_are_24_hours())).ok()?;
    (seconds >= 0.0).then_some(seconds + f64::from(days) * 86_400.0)
}

/// Rounded up: a moment too early is refused again.
fn after(seconds: f64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let seconds = seconds.ceil().clamp(0.0, LONGEST.num_seconds() as f64);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number within the range that it was clamped to"
    )]
    now.checked_add_signed(TimeDelta::try_seconds(seconds as i64)?)
}

fn at(seconds: f64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_possible_truncation, reason = "a moment of the years 2000 to 2099")]
    let at = DateTime::from_timestamp_millis((seconds * 1e3).ceil() as i64)?;
    Some(bounded(at, now))
}

fn bounded(at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(LONGEST).map_or(at, |longest| at.min(longest))
}
