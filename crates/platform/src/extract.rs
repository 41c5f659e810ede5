//! From an answer to an outcome: no error, not a draft, confirmed, and with an id. Anything less is not a success.

use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{Evidence, ExternalPost, Lost, Outcome, Pending, Refusal};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::classify;
use crate::normalise::Answer;
use crate::profile::{ActTool, IdKind, Naming, Parts, PlatformProfile};

/// No platform's id comes near it.
const LONGEST_ID: usize = 500;

/// What became of the call of an acting tool that was answered.
pub(crate) fn outcome(
    profile: &PlatformProfile,
    act: &ActTool,
    parts: &Parts<'_>,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Outcome {
    let platform = profile.platform;
    let lost = |reason: String| Outcome::Unknown(Lost { reason, said: classify::said(answer) });
    if !answer.whole {
        return lost(format!(
            "the server of `{platform}` asks for something before it answers; a person has to look"
        ));
    }
    if classify::is_error(profile, answer) {
        return refused(profile, act, answer, now);
    }
    if act.not_published.iter().any(|condition| condition.holds(&answer.value)) {
        return Outcome::NotDone(not_published(platform, answer));
    }
    if act.confirm.as_ref().is_some_and(|condition| !condition.holds(&answer.value)) {
        return lost(format!("the answer of `{platform}` does not confirm that it was done"));
    }
    let Some(id) = id_of(act, parts, answer) else {
        return lost(format!("the answer of `{platform}` names nothing that it made"));
    };
    match act.id_kind {
        IdKind::Pending => Outcome::Accepted(Pending { pending_id: id, said: classify::said(answer) }),
        IdKind::Platform => {
            let post = post(act, parts, answer, id);
            Outcome::Done(Evidence { post, said: classify::said(answer) })
        }
    }
}

/// An error; about something that is not there it is the target's, where there is one.
fn refused(profile: &PlatformProfile, act: &ActTool, answer: &Answer, now: DateTime<Utc>) -> Outcome {
    let missing = act.target.is_some() && classify::is_missing(profile, answer);
    match classify::outcome(profile, answer, now) {
        Outcome::NotDone(refusal) if missing && refusal.code == ErrorCode::ValidationError => {
            Outcome::NotDone(Refusal { code: ErrorCode::InvalidTarget, ..refusal })
        }
        outcome => outcome,
    }
}

fn not_published(platform: PlatformName, answer: &Answer) -> Refusal {
    let message = format!(
        "the server of `{platform}` made a draft or a preview and nothing public; configure it to publish"
    );
    let said = classify::said(answer);
    Refusal { code: ErrorCode::PlatformNotConfigured, message, retry_at: None, said }
}

fn post(act: &ActTool, parts: &Parts<'_>, answer: &Answer, id: String) -> ExternalPost {
    let url = act.url.as_ref().and_then(|pointer| link(answer.value.pointer(pointer)?));
    let url = url.or_else(|| act.url_template.as_ref().map(|template| parts.url(template, &id)));
    let published_at = act.published_at.as_ref().and_then(|at| time(answer.value.pointer(at)?));
    ExternalPost { id, url, published_at }
}

fn id_of(act: &ActTool, parts: &Parts<'_>, answer: &Answer) -> Option<String> {
    match &act.naming {
        Naming::Ours(template) => Some(parts.id(template)).filter(|id| is_id(id)),
        Naming::Theirs { id: pointers, pattern } => {
            let within = || Some(pattern.as_ref()?.captures(&answer.words)?.get(1)?.as_str().to_owned());
            id(pointers, answer).or_else(|| within().filter(|id| is_id(id)))
        }
    }
}

/// The first id at one of the pointers.
pub(crate) fn id(pointers: &[String], answer: &Answer) -> Option<String> {
    pointers.iter().find_map(|pointer| answer.text_at(pointer)).filter(|id| is_id(id))
}

/// An id is one word; a sentence where an id should be is none.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.contains(|character: char| character.is_whitespace() || character.is_control())
}

/// A link, where it is one that may be shown.
pub(crate) fn link(value: &Value) -> Option<String> {
    let url = url::Url::parse(value.as_str()?).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| chimera_audit::redact(url.as_str()).into_owned())
}

/// RFC 3339, the same with `+0000` (Graph API), seconds or milliseconds since 1970.
pub(crate) fn time(value: &Value) -> Option<DateTime<Utc>> {
    /// Seconds of the year 5138; a larger number counts milliseconds.
    const LAST_SECOND: i64 = 100_000_000_000;
    match value {
        Value::Number(number) => {
            let number = number.as_i64().filter(|number| *number > 0)?;
            if number < LAST_SECOND {
                DateTime::from_timestamp(number, 0)
            } else {
                DateTime::from_timestamp_millis(number)
            }
        }
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
            // A time without a zone may be anybody's local one: taken for UTC, a fresh post would look hours old.
            .map(|at| at.to_utc())
            .ok(),
        _ => None,
    }
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
            (json!("2027-01-15T08:00:00"), None),
            (json!(1_800_000_000), Some(1_800_000_000)),
            (json!(1_800_000_000_000_i64), Some(1_800_000_000)),
            (json!("yesterday"), None),
            (json!(null), None),
        ] {
            assert_eq!(time(&value).map(|at| at.timestamp()), seconds, "{value}");
        }
    }
}
