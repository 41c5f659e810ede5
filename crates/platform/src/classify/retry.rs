//! When a rate limit ends, where the answer says so.

use chrono::{DateTime, TimeDelta, Utc};
use regex_lite::Regex;
use serde_json::Value;

use super::{Pattern, patterns};
use crate::normalise::Answer;

/// A platform that asks for more than this means something else by the number.
const LONGEST: TimeDelta = TimeDelta::days(32);

/// From `retry_after`, `retry_after_seconds`, `retry-after` (seconds or an HTTP date), `x-rate-limit-reset` (seconds since
/// 1970), wherever they stand; else from the sentence. In the past: `None`.
pub(super) fn retry_at(answer: &Answer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = member(&answer.value, now, 8).or_else(|| {
        let found = SENTENCE.as_ref()?.captures(&answer.words)?;
        after(now, found.get(1)?.as_str().parse().ok()?)
    })?;
    (at > now && at.signed_duration_since(now) <= LONGEST).then_some(at)
}

fn member(value: &Value, now: DateTime<Utc>, depth: usize) -> Option<DateTime<Utc>> {
    let deeper = depth.checked_sub(1)?;
    match value {
        Value::Object(members) => members
            .iter()
            .find_map(|(name, member)| named(name, member, now))
            .or_else(|| members.values().find_map(|inner| member(inner, now, deeper))),
        Value::Array(items) => items.iter().find_map(|item| member(item, now, deeper)),
        _ => None,
    }
}

fn named(name: &str, value: &Value, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let number = || value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "retry-after" | "retry-after-seconds" => match number() {
            Some(seconds) => after(now, seconds),
            None => DateTime::parse_from_rfc2822(value.as_str()?).ok().map(|at| at.to_utc()),
        },
        "x-rate-limit-reset" => after(DateTime::UNIX_EPOCH, number()?),
        _ => None,
    }
}

/// Rounded up: a moment too early is refused again.
fn after(from: DateTime<Utc>, seconds: f64) -> Option<DateTime<Utc>> {
    let seconds = seconds.ceil();
    if !(0.0..1e11).contains(&seconds) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number within the range that was just checked"
    )]
    let seconds = TimeDelta::try_seconds(seconds as i64)?;
    from.checked_add_signed(seconds)
}

patterns! {
    SENTENCE r"(?i)(?:retry|again|wait)\s+(?:after|in|for)?\s*([0-9]{1,7}(?:\.[0-9]+)?)\s*(?:s\b|sec)";
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tool::ToolAnswer;

    fn check(value: &Value, text: &str, seconds: Option<i64>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let answer = ToolAnswer {
            structured: Some(value.clone()),
            texts: vec![text.to_owned()],
            ..ToolAnswer::default()
        };
        let found = retry_at(&Answer::new(&answer), now);
        assert_eq!(found.map(|at| at.signed_duration_since(now).num_seconds()), seconds, "{value} {text}");
    }

    #[test]
    fn the_end_of_a_limit_is_found() {
        check(&json!({ "error": { "retry_after_seconds": 30 } }), "", Some(30));
        check(&json!({ "headers": { "Retry-After": "12" } }), "", Some(12));
        check(&json!({ "headers": { "retry-after": "Fri, 15 Jan 2027 08:01:00 GMT" } }), "", Some(60));
        check(&json!({ "headers": { "x-rate-limit-reset": "1800000900" } }), "", Some(900));
        check(&json!({ "headers": { "x-rate-limit-reset": 1_700_000_000 } }), "", None);
        check(&json!({ "retry_after": 0.2 }), "", Some(1));
        check(&json!({ "errors": [{ "code": 88 }, { "retry-after": 5 }] }), "", Some(5));
        check(&json!({ "retry_after": 0 }), "", None);
        check(&json!({ "retry_after": 32 * 86_400 }), "", Some(32 * 86_400));
        check(&json!({ "retry_after": 32 * 86_400 + 1 }), "", None);
        check(&json!({ "retry_after": -1 }), "", None);
        check(&json!({ "retry_after": 1e300 }), "", None);
        check(&json!({}), "HTTP 429: slow down (retry after 18 seconds)", Some(18));
        check(&json!({}), "Wait, then retry.", None);
    }
}
