//! HTTP statuses in an answer: from fields that are named so, and from text only next to words of HTTP. `401 likes` is none.

use chimera_contracts::PlatformName;
use regex_lite::Regex;
use serde_json::Value;

use super::{Pattern, patterns};
use crate::normalise::Answer;

/// The statuses that an answer names, those of fields first.
pub(super) fn statuses(platform: PlatformName, answer: &Answer) -> Vec<u16> {
    let mut found = Vec::new();
    fields(platform, &answer.value, &mut found, 8);
    for pattern in [&NEAR_HTTP, &BEFORE_REASON, &NEAR_STATUS] {
        let Some(pattern) = pattern.as_ref() else { continue };
        for status in pattern.captures_iter(&answer.words) {
            found.extend(status.get(1).and_then(|digits| digits.as_str().parse::<u16>().ok()));
        }
    }
    found.retain(|status| (400..600).contains(status));
    found
}

fn fields(platform: PlatformName, value: &Value, found: &mut Vec<u16>, depth: usize) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_status(platform, name) {
                    let number = member.as_u64().or_else(|| member.as_str()?.parse().ok());
                    found.extend(number.and_then(|number| u16::try_from(number).ok()));
                }
                fields(platform, member, found, deeper);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(platform, item, found, deeper)),
        _ => {}
    }
}

/// `code` is an HTTP status at Google only; Meta's 506 is a duplicate.
fn is_status(platform: PlatformName, name: &str) -> bool {
    match name {
        "status" | "status_code" | "statusCode" | "http_status" | "httpStatus" => true,
        "code" => platform == PlatformName::YouTube,
        _ => false,
    }
}

patterns! {
    NEAR_HTTP r#"(?i)\bhttp(?:/[0-9.]+)?(?:\s?error)?(?:\s?status)?[\s:='"]*([45][0-9]{2})\b"#;
    BEFORE_REASON concat!(
        r"(?i)\b([45][0-9]{2})[\s:-]+(?:bad request|unauthorized|payment required|forbidden|not found|conflict|gone|",
        r"content too large|payload too large|unprocessable|locked|too early|too many requests|internal server error|not implemented|bad gateway|",
        r"service (?:temporarily )?unavailable|gateway time-?out|client error|server error)",
    );
    NEAR_STATUS r#"(?i)(?:\bstatus(?:[ _-]?code)?['"]?\s*[:=]?\s*|\bfailed \(|\berror code:? )([45][0-9]{2})\b"#;
}
