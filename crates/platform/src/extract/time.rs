//! Times as platforms, servers and languages write them.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The beginning of 2000: no platform is as old, and a program's time for none is 1970 or the year 1.
const OLDEST: i64 = 946_684_800;

/// A time as platforms and servers write it: RFC 3339, the same with `+0000` (Graph API) or a space for the `T`, the form of X
/// API v1.1 (`Thu Jan 01 00:00:01 +0000 2026`), RFC 2822, `/Date(…)/`, seconds or milliseconds since 1970, whole or not, also
/// as text.
pub(crate) fn time(value: &Value) -> Option<DateTime<Utc>> {
    written(value).filter(|at| at.timestamp() >= OLDEST)
}

fn written(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) => since_epoch(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            let zoned = with_zone(text);
            let zoned = zoned.as_str();
            // A time without a zone may be anybody's local one: taken for UTC, a fresh post would look hours old.
            DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(zoned, "%Y-%m-%dT%H:%M:%S%.f%z"))
                .or_else(|_| DateTime::parse_from_str(zoned, "%Y-%m-%d %H:%M:%S%.f %z"))
                .or_else(|_| DateTime::parse_from_str(zoned, "%Y-%m-%dT%H:%M%z"))
                .or_else(|_| DateTime::parse_from_str(zoned, "%Y%m%dT%H%M%S%z"))
                .or_else(|_| DateTime::parse_from_str(zoned, "%a %b %d %H:%M:%S %z %Y"))
                .or_else(|_| DateTime::parse_from_rfc2822(zoned))
                .map(|at| at.to_utc())
                .ok()
                .or_else(|| of_asp(text))
                .or_else(|| since_epoch(text.parse().ok()?))
        }
        _ => None,
    }
}

/// `/Date(1800000000000+0100)/`, as ASP.NET writes times in JSON: milliseconds since 1970. The zone says only where it was written.
fn of_asp(text: &str) -> Option<DateTime<Utc>> {
    let inside = text.trim_matches('/').strip_prefix("Date(")?.strip_suffix(')')?;
    since_epoch(inside.split(['+', '-']).next()?.parse().ok()?)
}

/// A time with its zone as a number: of `UTC`, `Z`, `+00`, Java's `Z[UTC]`, Go's `+0000 UTC m=+0.1`; and of its fraction after a
/// point.
fn with_zone(text: &str) -> String {
    let text = text.split(" m=").next().unwrap_or(text).trim_end_matches("[UTC]");
    let text =
        text.strip_suffix(" +0000 UTC").map_or_else(|| text.to_owned(), |time| format!("{time} +0000"));
    let text = text.replace(" UTC", " +0000");
    let text = text.strip_suffix('Z').map_or_else(|| text.clone(), |time| format!("{time}+0000"));
    let hours = text.get(text.len().saturating_sub(3)..).is_some_and(|end| {
        end.starts_with(['+', '-']) && end.chars().skip(1).all(|digit| digit.is_ascii_digit())
    });
    let text = if hours && text.contains(':') { format!("{text}00") } else { text };
    match text.split_once(',') {
        Some((time, rest)) if rest.starts_with(|digit: char| digit.is_ascii_digit()) => {
            format!("{time}.{rest}")
        }
        _ => text,
    }
}

/// Seconds, or milliseconds where seconds would lie beyond the year 5138; microseconds are of no platform here.
fn since_epoch(number: f64) -> Option<DateTime<Utc>> {
    const LAST_SECOND: f64 = 1e11;
    const LAST_MILLISECOND: f64 = 1e14;
    let milliseconds = if number < LAST_SECOND { number * 1_000.0 } else { number };
    if !(0.0..LAST_MILLISECOND).contains(&milliseconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a number within the range that was just checked")]
    DateTime::from_timestamp_millis(milliseconds as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_as_platforms_write_them() {
        for (value, seconds) in [
            (json!("2027-01-15T08:00:00.000Z"), Some(1_800_000_000)),
            (json!("2027-01-15T08:00:00+0000"), Some(1_800_000_000)),
            (json!("2027-01-15T09:00:00+01:00"), Some(1_800_000_000)),
            (json!("2027-01-15 08:00:00 +0000"), Some(1_800_000_000)),
            (json!("Fri Jan 15 08:00:00 +0000 2027"), Some(1_800_000_000)),
            (json!("Fri, 15 Jan 2027 08:00:00 GMT"), Some(1_800_000_000)),
            (json!(1_800_000_000.5), Some(1_800_000_000)),
            (json!("1800000000"), Some(1_800_000_000)),
            (json!("1800000000000"), Some(1_800_000_000)),
            (json!("/Date(1800000000000)/"), Some(1_800_000_000)),
            (json!("/Date(1800000000000+0100)/"), Some(1_800_000_000)),
            (json!("Date(1800000000000)"), Some(1_800_000_000)),
            (json!("/Date(-62135596800000)/"), None),
            (json!("/Date()/"), None),
            (json!("2027-01-15T08:00:00"), None),
            (json!("0001-01-01T00:00:00Z"), None),
            (json!("1970-01-01T00:00:00Z"), None),
            (json!("Thu, 01 Jan 1970 00:00:00 GMT"), None),
            (json!(86_400), None),
            (json!(0), None),
            (json!(-5), None),
            (json!("nan"), None),
            (json!(1e18), None),
            // Microseconds.
            (json!(1_800_000_000_000_000_i64), None),
            (json!(99_999_999_999_i64), Some(99_999_999_999)),
            (json!(100_000_000_000_i64), None),
            (json!(946_684_799), None),
            (json!(946_684_800), Some(946_684_800)),
            (json!("-inf"), None),
            (json!(1_800_000_000), Some(1_800_000_000)),
            (json!(1_800_000_000_000_i64), Some(1_800_000_000)),
            (json!("yesterday"), None),
            (json!(null), None),
        ] {
            assert_eq!(time(&value).map(|at| at.timestamp()), seconds, "{value}");
        }
    }
}
