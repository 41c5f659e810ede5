//! From an answer to an outcome: no error, not a draft, confirmed, and with an id. Anything less is not a success.

use chimera_contracts::ErrorCode;
use chimera_effect::{Evidence, ExternalPost, Lost, Outcome, Pending, Refusal};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::classify;
use crate::normalise::Answer;
use crate::profile::{IdKind, PlatformProfile, fill};

/// No platform's id comes near it.
const LONGEST_ID: usize = 500;

/// What became of a publish call that was answered.
pub(crate) fn outcome(
    profile: &PlatformProfile,
    account: &str,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Outcome {
    let publish = &profile.publish;
    let platform = profile.platform;
    let lost = |reason: String| Outcome::Unknown(Lost { reason, said: classify::said(answer) });
    if !answer.whole {
        return lost(format!(
            "the server of `{platform}` asks for something before it answers; a person has to look"
        ));
    }
    if classify::is_error(profile, answer) {
        return classify::outcome(profile, answer, now);
    }
    if publish.not_published.iter().any(|condition| condition.holds(&answer.value)) {
        let message = format!(
            "the server of `{platform}` made a draft or a preview and published nothing; configure it to publish"
        );
        let said = classify::said(answer);
        return Outcome::NotDone(Refusal {
            code: ErrorCode::PlatformNotConfigured,
            message,
            retry_at: None,
            said,
        });
    }
    if publish.confirm.as_ref().is_some_and(|condition| !condition.holds(&answer.value)) {
        return lost(format!("the answer of `{platform}` does not confirm that it published"));
    }
    let Some(id) = id(&publish.id, answer).or_else(|| id_within(profile, answer)) else {
        return lost(format!("the answer of `{platform}` names no post"));
    };
    match publish.id_kind {
        IdKind::Pending => Outcome::Accepted(Pending { pending_id: id, said: classify::said(answer) }),
        IdKind::Platform => {
            let url = publish.url.as_ref().and_then(|pointer| link(answer.value.pointer(pointer)?));
            let template = publish.url_template.as_ref();
            let url = url.or_else(|| template.map(|template| fill(template, account, &id)));
            let published_at = publish.published_at.as_ref().and_then(|at| time(answer.value.pointer(at)?));
            let post = ExternalPost { id, url, published_at };
            Outcome::Done(Evidence { post, said: classify::said(answer) })
        }
    }
}

/// The first id at one of the pointers.
pub(crate) fn id(pointers: &[String], answer: &Answer) -> Option<String> {
    pointers.iter().find_map(|pointer| answer.text_at(pointer)).filter(|id| is_id(id))
}

fn id_within(profile: &PlatformProfile, answer: &Answer) -> Option<String> {
    let found = profile.publish.id_pattern.as_ref()?.captures(&answer.words)?;
    found.get(1).map(|id| id.as_str().to_owned()).filter(|id| is_id(id))
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
