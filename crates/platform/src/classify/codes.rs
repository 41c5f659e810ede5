//! The platforms' own error codes. They say more than an HTTP status and are steadier than sentences.

use chimera_contracts::{ErrorCode, PlatformName};
use regex_lite::Regex;
use serde_json::Value;

use super::{Meaning, Pattern, matches, patterns};
use crate::normalise::Answer;

const AUTH: Meaning = Meaning::Refused(ErrorCode::PlatformAuthInvalid);
const RATE: Meaning = Meaning::Refused(ErrorCode::PlatformRateLimit);
const POLICY: Meaning = Meaning::Refused(ErrorCode::ContentPolicyViolation);
const INVALID: Meaning = Meaning::Refused(ErrorCode::ValidationError);
const TOO_LONG: Meaning = Meaning::Refused(ErrorCode::ContentTooLong);
/// The call's key holds the effect's digest, so a tool that knows the key got this effect before: it may well be public.
const KEY_KNOWN: Meaning = Meaning::Unknown;

/// The meaning of a numeric code, where the platform has such codes.
pub(super) fn by_number(platform: PlatformName, answer: &Answer) -> Option<Meaning> {
    let table = match platform {
        PlatformName::Instagram | PlatformName::Threads => meta,
        PlatformName::Twitter => x,
        _ => return None,
    };
    let mut numbers = Vec::new();
    members(&answer.value, &mut numbers, 8);
    let written = NUMBERS.as_ref().map(|pattern| pattern.captures_iter(&answer.words).collect::<Vec<_>>());
    for found in written.unwrap_or_default() {
        numbers
            .extend(found.iter().skip(1).flatten().filter_map(|number| number.as_str().parse::<u64>().ok()));
    }
    let meanings: Vec<_> = numbers.into_iter().filter_map(table).collect();
    // Of several codes one that settles nothing settles the matter.
    let open = [Meaning::Unknown, Meaning::Transient].into_iter().find(|open| meanings.contains(open));
    open.or_else(|| meanings.first().copied())
}

/// The meaning of a code that is a name.
pub(super) fn by_name(words: &str) -> Option<Meaning> {
    [
        (&TRANSIENT_NAMES, Meaning::Transient),
        (&DUPLICATE_NAMES, Meaning::Duplicate),
        (&RATE_NAMES, RATE),
        (&AUTH_NAMES, AUTH),
        (&POLICY_NAMES, POLICY),
        (&TOO_LONG_NAMES, TOO_LONG),
        (&KEY_KNOWN_NAMES, KEY_KNOWN),
        (&INVALID_NAMES, INVALID),
    ]
    .into_iter()
    .find_map(|(pattern, meaning)| matches(pattern, words).then_some(meaning))
}

/// Graph API, *Error codes* (<https://developers.facebook.com/docs/graph-api/guides/error-handling>).
fn meta(code: u64) -> Option<Meaning> {
    match code {
        1 | 2 => Some(Meaning::Transient),
        4 | 17 | 32 | 613 => Some(RATE),
        10 | 102 | 190 | 200..=299 => Some(AUTH),
        368 => Some(POLICY),
        506 => Some(Meaning::Duplicate),
        _ => None,
    }
}

/// X, *Error codes* of API v1.1, which v2 still repeats.
fn x(code: u64) -> Option<Meaning> {
    match code {
        32 | 64 | 89 | 99 | 135 | 215 | 326 => Some(AUTH),
        88 | 185 => Some(RATE),
        130 | 131 => Some(Meaning::Transient),
        139 | 327 => Some(Meaning::Already),
        186 => Some(TOO_LONG),
        187 => Some(Meaning::Duplicate),
        226 => Some(POLICY),
        324 => Some(INVALID),
        _ => None,
    }
}

fn members(value: &Value, numbers: &mut Vec<u64>, depth: usize) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(object) => {
            for (name, member) in object {
                if matches!(name.as_str(), "code" | "error_code" | "errorCode") {
                    numbers.extend(member.as_u64().or_else(|| member.as_str()?.trim().parse().ok()));
                }
                members(member, numbers, deeper);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, numbers, deeper)),
        _ => {}
    }
}

patterns! {
    NUMBERS r"\berror_code=([0-9]{1,6})\b|\(#([0-9]{1,6})\)";
    TRANSIENT_NAMES r"\b(?:backendError|internalError|INTERNAL_SERVER_ERROR|internal_error|SERVICE_UNAVAILABLE|record_failed)\b";
    DUPLICATE_NAMES r"(?i)\b(?:duplicate_post|duplicate_content|duplicate_entity|duplicatepostexception)\b";
    RATE_NAMES r"\b(?:TOO_MANY_REQUESTS|rate_limit_exceeded|rateLimitExceeded|userRateLimitExceeded|quotaExceeded|dailyLimitExceeded|spam_risk_too_many_posts)\b";
    AUTH_NAMES r"\b(?:authError|UNAUTHENTICATED|access_token_invalid|INVALID_ACCESS_TOKEN|EXPIRED_ACCESS_TOKEN|REVOKED_ACCESS_TOKEN|scope_not_authorized|insufficientPermissions|invalid_grant)\b";
    POLICY_NAMES r"\b(?:content_policy_violation|CONTENT_POLICY_VIOLATION|spam_risk_text|spam_risk_user_banned_from_posting)\b";
    TOO_LONG_NAMES r"\bFIELD_LENGTH_TOO_LONG\b";
    KEY_KNOWN_NAMES r"\bidempotency_key_reused\b";
    INVALID_NAMES r"\b(?:bad_arguments|INVALID_MEDIA)\b";
}
