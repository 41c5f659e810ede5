//! One row a shape; beside each the document or the report that tells of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::tool::ToolAnswer;

/// 2027-01-15 08:00:00 UTC.
const NOW: i64 = 1_800_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn waited(value: &Value, text: &str, ours: &str) -> Option<i64> {
    let texts = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    let answer = ToolAnswer { structured: Some(value.clone()), texts, ..ToolAnswer::default() };
    let found = retry_at(&Answer::new(&answer).without(ours), now());
    found.map(|at| at.signed_duration_since(now()).num_seconds())
}

fn check(value: &Value, seconds: Option<i64>) {
    assert_eq!(waited(value, "", ""), seconds, "{value}");
}

fn check_text(text: &str, seconds: Option<i64>) {
    assert_eq!(waited(&Value::Null, text, ""), seconds, "{text}");
    assert_eq!(waited(&json!({ "error": { "message": text } }), "", ""), seconds, "{text}");
}

#[test]
fn the_end_of_a_limit_is_found() {
    for (value, seconds) in [
        (json!({ "error": { "retry_after_seconds": 30 } }), Some(30)),
        (json!({ "headers": { "Retry-After": "12" } }), Some(12)),
        // RFC 9110, 10.2.3: seconds or an HTTP date, whose obsolete forms count too (5.6.7); codex-router#573, Sonarr#994.
        (json!({ "headers": { "Retry-After": "120" } }), Some(120)),
        (json!({ "headers": { "retry-after": "Fri, 15 Jan 2027 08:01:00 GMT" } }), Some(60)),
        (json!({ "headers": { "retry-after": "Friday, 15-Jan-27 08:01:00 GMT" } }), Some(60)),
        (json!({ "headers": { "retry-after": "Fri Jan 15 08:01:00 2027" } }), Some(60)),
        // X API, *Rate limits*.
        (json!({ "headers": { "x-rate-limit-reset": "1800000900" } }), Some(900)),
        (json!({ "headers": { "x-rate-limit-reset": 1_700_000_000 } }), None),
        (json!({ "retry_after": 0.2 }), Some(1)),
        (json!({ "errors": [{ "code": 88 }, { "retry-after": 5 }] }), Some(5)),
        (json!({ "retry_after": 0 }), None),
        (json!({ "retry_after": -1 }), None),
        (json!({ "retry_after": 1e300 }), None),
        (json!({ "retry_after": "soon" }), None),
        (json!({ "retry_after": "nan" }), None),
        (json!({ "retry_after": null, "wait": true }), None),
    ] {
        check(&value, seconds);
    }
}

/// T1: of several limits that are used up the longest counts.
#[test]
fn the_longest_of_the_limits_that_are_used_up_counts() {
    let x = |remaining: i64, app: i64, user: i64| {
        json!({ "status": 429, "headers": {
            "x-rate-limit-remaining": remaining.to_string(), "x-rate-limit-reset": (NOW + 900).to_string(),
            "x-app-limit-24hour-remaining": app.to_string(), "x-app-limit-24hour-reset": (NOW + 86_400).to_string(),
            "x-user-limit-24hour-remaining": user.to_string(), "x-user-limit-24hour-reset": (NOW + 43_200).to_string(),
        } })
    };
    for (value, seconds) in [
        // node-twitter-api-v2#495, #553: X counts a quarter of an hour, and a day by app and by user.
        (
            json!({ "x-rate-limit-reset": NOW + 900, "x-app-limit-24hour-remaining": 0,
                "x-app-limit-24hour-reset": NOW + 86_400 }),
            Some(86_400),
        ),
        (x(0, 0, 0), Some(86_400)),
        (x(0, 17, 0), Some(43_200)),
        (x(0, 17, 17), Some(900)),
        (x(17, 17, 0), Some(43_200)),
        // agent-twitter-client#68: refused although something is left. No limit that is shown was meant.
        (x(17, 17, 17), None),
        // The same as objects within each other, as that library shows them.
        (
            json!({ "rateLimit": { "limit": 50, "remaining": 49, "reset": NOW + 900,
                "day": { "limit": 17, "remaining": 0, "reset": NOW + 86_400 } } }),
            Some(86_400),
        ),
        // bounty-challenge#10752: each limit of OpenAI has a name behind, as a length; those of Anthropic one before, as a time.
        (
            json!({ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "1h0m0s" }),
            Some(360),
        ),
        (
            json!({ "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2027-01-15T08:15:00Z",
                "anthropic-ratelimit-tokens-remaining": "9", "anthropic-ratelimit-tokens-reset": "2027-01-15T09:00:00Z" }),
            Some(900),
        ),
        // throttled#55: the next request may go before the limit is whole again; the longer is never wrong.
        (json!({ "Retry-After": "1", "X-Ratelimit-Remaining": 0, "X-Ratelimit-Reset": 6 }), Some(6)),
        (json!({ "Retry-After": "30", "X-Ratelimit-Remaining": 3, "X-Ratelimit-Reset": 600 }), Some(30)),
        // atproto#3436: a moment, and no 55 years.
        (
            json!({ "ratelimit-limit": "10", "ratelimit-remaining": "0", "ratelimit-reset": "1800000600" }),
            Some(600),
        ),
        // draft-ietf-httpapi-ratelimit-headers, versions 7 and 10: one header for several limits.
        (json!({ "RateLimit": "\"burst\";r=0;t=30, \"daily\";r=12;t=5000" }), Some(30)),
        (json!({ "RateLimit": "\"burst\";r=0;t=30, \"daily\";r=0;t=5000" }), Some(5_000)),
        (json!({ "RateLimit": "limit=100, remaining=0, reset=50" }), Some(50)),
        (json!({ "RateLimit": "limit=100, remaining=4, reset=50", "RateLimit-Policy": "100;w=60" }), None),
        // The same under another name is no header.
        (json!({ "example": "\"burst\";r=0;t=30" }), None),
        // Headers as lists: of values (Go), of pairs (Python), of objects (HAR).
        (json!({ "Retry-After": ["120"], "X-Ratelimit-Remaining": ["0"] }), Some(120)),
        (json!([["x-rate-limit-remaining", "0"], ["x-rate-limit-reset", "1800000900"]]), Some(900)),
        (json!([["x-rate-limit-remaining", "3"], ["x-rate-limit-reset", "1800000900"]]), None),
        (json!({ "headers": [{ "name": "Retry-After", "value": "120" }] }), Some(120)),
    ] {
        check(&value, seconds);
    }
}

/// T2: lengths and moments in the forms of platforms, servers and languages.
#[test]
fn waits_in_every_unit_and_form() {
    for (value, seconds) in [
        (json!({ "retry_after_ms": 900_000 }), Some(900)),
        (json!({ "retryAfterMs": 900_000 }), Some(900)),
        (json!({ "retry-after-ms": "900000.5" }), Some(901)),
        (json!({ "retryAfterMinutes": 15 }), Some(900)),
        (json!({ "seconds_until_reset": 900 }), Some(900)),
        (json!({ "reset_in_seconds": 900 }), Some(900)),
        (json!({ "wait_ns": 900_000_000_000_i64 }), Some(900)),
        (json!({ "cooldown_us": 900_000_000 }), Some(900)),
        (json!({ "reset_at": "2027-01-15T08:15:00Z" }), Some(900)),
        (json!({ "reset_at": NOW + 900 }), Some(900)),
        (json!({ "resetsAt": (NOW + 900) * 1_000 }), Some(900)),
        (json!({ "blocked_until": "2027-01-15T09:15:00+01:00" }), Some(900)),
        // gotosocial#2129: Mastodon gives the time written out; others seconds under the same name.
        (json!({ "X-RateLimit-Reset": "2027-01-15T08:15:00.123456Z" }), Some(900)),
        // docs-old#1358 (Rocket.Chat): milliseconds. api-documentation-content#61 (PUBG): micro- or nanoseconds.
        (json!({ "X-RateLimit-Reset": "1800000900000" }), Some(900)),
        (json!({ "X-RateLimit-Reset": 1_800_000_900_000_000_i64 }), Some(900)),
        (json!({ "X-RateLimit-Reset": 1_800_000_900_000_000_000_i64 }), Some(900)),
        // restful-api-guidelines#379, ratelimit-headers#84: seconds to go under the name that others use for a moment.
        (json!({ "X-RateLimit-Reset": 2_513 }), Some(2_513)),
        // Discord, *Rate Limits*: a fraction, and which limit.
        (
            json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false }),
            Some(65),
        ),
        (json!({ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.2" }), Some(2)),
        // fastify-rate-limit#301: milliseconds where seconds belong. Up to 32 days it is read as it is called.
        (json!({ "retry-after": 60_000 }), Some(60_000)),
        (json!({ "retry-after": 3_600_000 }), Some(3_600)),
        (json!({ "retry_after": 32 * 86_400 }), Some(32 * 86_400)),
        // python-genai#1875, zerogravity#19: `google.rpc.RetryInfo` and what stands beside it, as JSON and as parts.
        (
            json!({ "details": [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "53s" }] }),
            Some(53),
        ),
        (
            json!({ "quotaResetDelay": "2.463586755s", "quotaResetTimeStamp": "2027-01-15T08:00:05Z" }),
            Some(5),
        ),
        (json!({ "retry_delay": { "seconds": 37, "nanos": 200_000_000 } }), Some(38)),
        (json!({ "retryDelay": { "seconds": 900 } }), Some(900)),
        (json!({ "reset_at": { "_seconds": NOW + 900, "_nanoseconds": 0 } }), Some(900)),
        (json!({ "retry_after": { "value": 15, "unit": "minutes" } }), Some(900)),
        (json!({ "retry_after": { "value": 1, "unit": "hour" } }), Some(3_600)),
        // MongoDB, Extended JSON.
        (json!({ "reset_at": { "$date": "2027-01-15T08:15:00Z" } }), Some(900)),
        (json!({ "reset_at": { "$date": { "$numberLong": "1800000900000" } } }), Some(900)),
        // ASP.NET.
        (json!({ "resetTime": "/Date(1800000900000)/" }), Some(900)),
        (json!({ "resetTime": "/Date(1800000900000+0100)/" }), Some(900)),
        (json!({ "wait": "00:15:00" }), Some(900)),
        (json!({ "wait": "1.00:15:00.5000000" }), Some(87_301)),
        // Python's `timedelta`, Go's `time.Duration` (cortex-code#407), `java.time.Duration` and Rails' `iso8601`.
        (json!({ "retry_after": "0:15:00" }), Some(900)),
        (json!({ "retry_after": "1 day, 0:15:00" }), Some(87_300)),
        (json!({ "retry_after": "14m20s" }), Some(860)),
        (json!({ "retry_after": "14m 20s" }), Some(860)),
        (json!({ "retry_after": "1h2m3.5s" }), Some(3_724)),
        (json!({ "retry_after": "1500ms" }), Some(2)),
        (json!({ "retry_after": "PT15M" }), Some(900)),
        (json!({ "retry_after": "PT14M20S" }), Some(860)),
        (json!({ "retry_after": "P1DT1H" }), Some(90_000)),
        (json!({ "retry_after": "15 minutes" }), Some(900)),
        (json!({ "retry_after": "in about 15 minutes" }), Some(900)),
        // Graph API, *Rate limiting*: JSON in a header, in minutes. 0 says that nothing is limited.
        (
            json!({ "x-business-use-case-usage":
                "{\"17\":[{\"type\":\"instagram\",\"call_count\":100,\"estimated_time_to_regain_access\":15}]}" }),
            Some(900),
        ),
        (
            json!({ "x-business-use-case-usage":
                "{\"17\":[{\"type\":\"instagram\",\"call_count\":28,\"estimated_time_to_regain_access\":0}]}" }),
            None,
        ),
        // Bot API of Telegram: in words and as a parameter.
        (
            json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35",
                "parameters": { "retry_after": 35 } }),
            Some(35),
        ),
        // The same wait rounded in one place: never shorter than was said.
        (json!({ "message": "Please retry in 58.934310785s.", "retryDelay": "58s" }), Some(59)),
    ] {
        check(&value, seconds);
    }
}

#[test]
fn a_wait_is_bounded() {
    let month = Some(32 * 86_400);
    for value in [
        json!({ "retry_after_seconds": 1e300 }),
        json!({ "retry_after_ms": 1e18 }),
        json!({ "retry_after": "P400D" }),
        json!({ "retry_after": "P1M" }),
        json!({ "retry_after": "P1Y2M" }),
        json!({ "message": "Try again in 2 months." }),
        json!({ "retry_after": "9000 hours" }),
        json!({ "reset_at": "2040-01-01T00:00:00Z" }),
        json!({ "x-rate-limit-reset": 4_000_000_000_i64 }),
        json!({ "message": "try again in 90 days" }),
    ] {
        check(&value, month);
    }
    // mastra#23778, pi#9689: what is no time is none, and no year.
    for value in [
        json!({ "retry_after": "-3" }),
        json!({ "retry_after": "1.5.2" }),
        json!({ "retry_after": "later" }),
        json!({ "retry_after": "-5 minutes" }),
        json!({ "retry_after": "5 minutes ago" }),
        json!({ "reset_at": "2027-01-15T08:15:00" }),
        json!({ "reset_at": "12:00" }),
        json!({ "reset_at": "2027-01-15T07:00:00Z" }),
        json!({ "retry_after": { "seconds": -5 } }),
        json!({ "retry_after": [] }),
        json!({ "retry_after": {} }),
        json!({ "valid_until": "2027-02-01T00:00:00Z", "token_expires_at": "2027-02-01T00:00:00Z" }),
        json!({ "message": "your token is valid until 2027-02-01T00:00:00Z", "created_at": NOW + 900 }),
        json!({ "max_retry_after": 900, "reset_password_url": "15 minutes", "default_wait": 900 }),
        json!({ "x-ratelimit-limit": 900, "x-ratelimit-remaining": 0 }),
    ] {
        check(&value, None);
    }
}

#[test]
fn sentences_that_say_how_long() {
    for (text, seconds) in [
        ("HTTP 429: slow down (retry after 18 seconds)", Some(18)),
        ("Try again in 15 minutes", Some(900)),
        ("Rate limited, try again in 14m 20s.", Some(860)),
        // openai-python, cortex-code#407.
        ("Rate limit reached for requests. Please try again in 6m0s. Visit the dashboard.", Some(360)),
        ("Please try again in 1h12m34.56s.", Some(4_355)),
        ("Please try again in 20ms.", Some(1)),
        // python-genai#1875.
        ("You exceeded your current quota. Please retry in 53.016342224s.", Some(54)),
        ("429 RESOURCE_EXHAUSTED. {'error': {'details': [{'retryDelay': '58s'}]}}", Some(58)),
        // Reddit.
        ("you are doing that too much. try again in 9 minutes.", Some(540)),
        (
            "Looks like you've been doing that a lot. Take a break for 52 seconds before trying again.",
            Some(52),
        ),
        // Telegram.
        ("Too Many Requests: retry after 35", Some(35)),
        ("A wait of 35 seconds is required (caused by SendMessageRequest)", Some(35)),
        ("FLOOD_WAIT_420", Some(420)),
        // adamwynne/twitter-api#59, tweepy: headers and moments in an exception's words.
        ("error 88: Rate limit exceeded. Next reset at 1800000900 (UTC epoch seconds)", Some(900)),
        ("Rate limit reached. Sleeping, resets in 900 seconds", Some(900)),
        ("429 Too Many Requests\nx-rate-limit-remaining: 0\nx-rate-limit-reset: 1800000900", Some(900)),
        ("429\nx-rate-limit-remaining: 3\nx-rate-limit-reset: 1800000900\nRetry-After: 120", Some(120)),
        ("Retry-After: Fri, 15 Jan 2027 08:15:00 GMT", Some(900)),
        ("{'retry-after': '120', 'x-rate-limit-limit': '50'}", Some(120)),
        ("Limit resets at 2027-01-15T08:15:00Z.", Some(900)),
        ("blocked until 2027-01-15 08:15:00 UTC", Some(900)),
        ("Posting is restricted for this account until 2027-01-15T08:15:00Z.", Some(900)),
        ("retry after Fri, 15 Jan 2027 08:15:00 GMT", Some(900)),
        ("Please wait 15 more minutes", None),
        ("Please wait at least 15 minutes", Some(900)),
        ("You must wait another 1 hour and 5 minutes.", Some(3_900)),
        ("Try again in an hour", Some(3_600)),
        ("wait a minute and retry", Some(60)),
        ("Available again in 2 days, 3 hours", Some(183_600)),
        ("You have 14 minutes left before you can post", Some(840)),
        ("Rate limit reset in: 14m 20s", Some(860)),
        // What servers say in the language of their users.
        ("Bitte versuche es in 15 Minuten erneut.", Some(900)),
        ("Veuillez réessayer dans 15 minutes", Some(900)),
        ("Inténtalo de nuevo en 2 horas", Some(7_200)),
        ("Tente novamente em 15 minutos.", Some(900)),
        ("15分後に再試行してください", Some(900)),
        ("请在15分钟后重试", Some(900)),
        // instagram-private-api#1280: no number.
        ("Please wait a few minutes before you try again.", None),
        ("Wait, then retry.", None),
        ("Too many requests, try again later", None),
        // How much is allowed is no wait.
        ("Limit: 50 posts in 24 hours", None),
        ("You made 300 requests in 15 minutes.", None),
        ("5 requests remaining", None),
        ("Quota resets midnight Pacific", None),
        ("Rate limit: 0 remaining until 12:00", None),
        ("Retry 3 times", None),
        ("retry after 3 attempts", None),
        ("", None),
    ] {
        check_text(text, seconds);
    }
}

/// A number in words of people is no wait.
#[test]
fn words_of_people_are_no_wait() {
    let ours = "Sale over? Try again in 20 days, we say!";
    for (value, seconds) in [
        (json!({ "error": "rate limited", "text": ours }), None),
        (json!({ "error": format!("rate limited: {ours}"), "retry_after": 30 }), Some(30)),
        (json!({ "error": "rate limited", "echo": "Sale over? Try again in 20 days, we…" }), None),
        (json!({ "error": "rate limited", "echo": "Sale over? Try again in 20 days, we say&#33;" }), None),
        (json!({ "error": "rate limited, try again in 15 minutes", "echo": ours }), Some(900)),
        (json!({ "error": "limited", "raw": format!("429 {{\"text\": {}}}", json!(ours)) }), None),
        (json!({ "error": "rate limited", "target": { "text": "wait 9 days" } }), None),
        (json!({ "error": "rate limited", "user": { "retry_after": 900 } }), None),
    ] {
        assert_eq!(waited(&value, "", ours), seconds, "{value}");
    }
    let ours = "retry_after: 5000";
    assert_eq!(waited(&json!({ "error": "limited", "echo": "retry_after: 500…" }), "", ours), None);
    assert_eq!(waited(&json!({ "error": "limited", "echo": ours }), ours, ours), None);
    // A text of ours that says nothing of waiting takes nothing away.
    assert_eq!(waited(&json!({ "error": "try again in 15 minutes" }), "", "try"), Some(900));
}

#[test]
fn nothing_is_read_without_end() {
    let mut deep = json!({ "retry_after": 900 });
    for _ in 0..DEPTH {
        deep = json!({ "error": deep });
    }
    check(&deep, None);
    check(&json!({ "message": "try again in ".repeat(5_000) }), None);
    check(&json!({ "message": format!("{} try again in 15 minutes", "é".repeat(LOOKED_AT)) }), None);
    let many = vec![json!("x".repeat(LOOKED_AT)); MOST / LOOKED_AT + 1];
    check(&json!([many, { "retry_after": 900 }]), None);
}

proptest! {
    #[test]
    fn whatever_is_said_is_to_come_and_bounded(
        name in "(retry_after|reset_at|x-rate-limit-(reset|remaining)|wait_(ms|minutes)|RateLimit|message)",
        text in "((try again in|retry after|P|PT|/Date\\(|[0-9]{1,20}|[a-z]{1,7}|[.:,;=-]|\\PC) ?){0,8}",
        number in prop::num::f64::ANY,
    ) {
        for value in [json!({ &name: text }), json!({ &name: number }), json!({ "error": { &name: [text] } })] {
            if let Some(seconds) = waited(&value, &text, "") {
                prop_assert!((0..=32 * 86_400).contains(&seconds), "{} {}", value, seconds);
            }
        }
    }
}
