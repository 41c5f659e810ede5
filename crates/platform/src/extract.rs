//! From an answer to an outcome: only unmixed signs settle (outside.md, 1).
//!
//! *Done* needs an id, the confirmation of the profile and no sign of an error. *Not done* needs a refusal without any sign of
//! a post, through a tool that asks nothing after its write, or a fault that shows that no request left. All else is unknown,
//! and carries what it says: the post that it names, and the refusal that is told once absence is known.

use chimera_contracts::ErrorCode;
use chimera_effect::{
    Candidate, EffectKind, EffectV1, Evidence, ExternalPost, Outcome, Pending, Refusal, UnknownOutcome,
};
use chrono::{DateTime, Utc};
use regex_lite::Regex;
use serde_json::Value;

use crate::border::Border;
use crate::classify::{self, Meaning};
use crate::normalise::Answer;
use crate::profile::{ActTool, IdKind, Naming, Parts, PlatformProfile, is_yes};
use crate::signs::{self, Made};

/// No platform's id comes near it.
const LONGEST_ID: usize = 500;
/// How many ids are taken from the words of one answer.
const LONGEST_LIST: usize = 100;
/// A longer word in capitals may be a code: YouTube's have eleven characters.
const LONGEST_SHOUT: usize = 8;
/// How much of what was said stands in a reason.
const REASON: usize = 300;

/// The call that an answer is about.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) content: &'a EffectV1,
    pub(crate) parts: Parts<'a>,
    /// Ids that went out with the call: where one comes back it names nothing that was made.
    pub(crate) sent: Vec<&'a str>,
    /// Which attempt of the effect it is, from 1.
    pub(crate) attempt: u32,
    pub(crate) border: Border<'a>,
    pub(crate) now: DateTime<Utc>,
}

impl Call<'_> {
    /// The id that an answer names.
    pub(crate) fn id_in(&self, act: &ActTool, answer: &Answer) -> Option<String> {
        match &act.naming {
            Naming::Ours(template) => Some(self.parts.id(template)).filter(|id| is_id(id)),
            Naming::Theirs { id: pointers, pattern } => {
                let at = pointers.iter().filter_map(|pointer| exact_id(answer.at(pointer)?));
                let within = pattern.iter().flat_map(|pattern| within(pattern, &answer.naming));
                let mut named = at.chain(within);
                // An echo of what the post is about comes before the post's own id in many a sentence.
                named.find(|id| !self.was_sent(id) && !self.border.secrets.are_in(id))
            }
        }
    }

    /// Whether an answer names different posts: its blocks do, or its words where no block names one.
    pub(crate) fn ids_differ(&self, act: &ActTool, answer: &Answer) -> bool {
        let Naming::Theirs { id: pointers, pattern } = &act.naming else { return false };
        let differ =
            |ids: Vec<String>| ids.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
        let blocks = |pointer: &String| {
            let ids = answer.blocks().filter_map(|block| exact_id(block.pointer(pointer)?));
            ids.collect::<Vec<_>>()
        };
        if pointers.iter().any(|pointer| differ(blocks(pointer))) {
            return true;
        }
        let named = pointers.iter().any(|pointer| answer.at(pointer).and_then(exact_id).is_some());
        let words = pattern.iter().flat_map(|pattern| within(pattern, &answer.naming));
        !named && differ(words.filter(|id| !self.was_sent(id)).collect())
    }

    /// Whether an id is one that we sent. Handles are the same with and without `@`, in any case of letters.
    pub(crate) fn was_sent(&self, id: &str) -> bool {
        let plain = |id: &str| id.trim_start_matches('@').to_lowercase();
        self.sent.iter().any(|sent| plain(sent) == plain(id))
    }

    /// Whether the effect is a state, and not a thing with words.
    fn is_state(&self) -> bool {
        match self.content.kind {
            EffectKind::Like | EffectKind::Follow => true,
            EffectKind::Share => self.content.text.is_empty(),
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment => false,
        }
    }
}

/// The ids that a pattern takes from words. What it takes and is none may stand before the id: of *Tweet ID: 17* `ID`.
fn within(pattern: &Regex, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(captures) = pattern.captures_at(words, from) {
        let (Some(whole), Some(id)) = (captures.get(0), captures.get(1)) else { break };
        let after = words.get(id.end()..).unwrap_or_default();
        // *tweet 1 of 3* counts, and *2027-01-15* is a day.
        let counts = after.trim_start().starts_with("of ") || after.starts_with('-');
        if is_post_id(id.as_str()) && !is_plain_word(id.as_str()) && !counts {
            found.push(id.as_str().to_owned());
            from = whole.end().max(from.saturating_add(1));
        } else {
            from = id.start().max(from.saturating_add(1));
        }
        while !words.is_char_boundary(from) {
            from = from.saturating_add(1);
        }
        if from > words.len() || found.len() >= LONGEST_LIST {
            break;
        }
    }
    found
}

/// What became of the call of an acting tool that was answered.
pub(crate) fn outcome(profile: &PlatformProfile, act: &ActTool, call: &Call<'_>, answer: &Answer) -> Outcome {
    let unknown = Unknown { profile, act, call, answer };
    if !answer.whole {
        return unknown
            .because("asks for something before it answers; a person has to look", &Made::default());
    }
    let made = signs::made(act, call, answer);
    if classify::is_error(profile, answer) {
        return error(&unknown, &made);
    }
    if let Some(condition) = act.not_published.iter().find(|condition| answer.says(condition)) {
        // A card with a picture is called a preview as well.
        let plain = condition.equals.is_some() || answer.at(&condition.pointer).is_some_and(is_yes);
        return if made.said || (made.id.is_some() && !plain) {
            unknown.because("calls it a draft or a preview and says that it was made", &made)
        } else {
            Outcome::NotDone(not_published(&unknown))
        };
    }
    if act.confirm.as_ref().is_some_and(|condition| !answer.says(condition)) {
        return unknown.because("does not confirm that it was done", &made);
    }
    let Some(id) = call.id_in(act, answer) else {
        return unknown.because("names nothing that it made", &made);
    };
    if call.ids_differ(act, answer) {
        return unknown.because("names two different posts", &made);
    }
    if classify::has_doubts(answer, act.id_kind == IdKind::Platform) {
        return unknown.because("names what it made beside words of an error", &made);
    }
    let said = answer.said(call.border);
    match act.id_kind {
        IdKind::Pending => Outcome::Accepted(Pending { pending_id: id, said }),
        IdKind::Platform => Outcome::Done(Evidence { post: post(act, call, answer, id), said }),
    }
}

/// An answer that reports an error.
fn error(unknown: &Unknown<'_>, made: &Made) -> Outcome {
    let Unknown { profile, act, call, answer } = unknown;
    let meaning = classify::meaning(profile, answer);
    if meaning == Meaning::Already
        && call.is_state()
        && classify::is_already(call.content.kind, call.content.target.as_deref(), answer)
    {
        // The state is what was asked for, whoever set it: it has no id of its own then.
        let id = match &act.naming {
            Naming::Ours(template) => call.parts.id(template),
            Naming::Theirs { .. } => {
                call.parts.id(&format!("{}:{{target}}:{{key}}", call.content.kind.as_str()))
            }
        };
        let post = ExternalPost { id, url: None, published_at: None };
        return Outcome::Done(Evidence { post, said: answer.said(call.border) });
    }
    if made.any() {
        let outcome = unknown.with(
            "reports an error beside signs that it was made",
            made,
            refusal_of(unknown, meaning),
        );
        return of_meaning(meaning, outcome);
    }
    match meaning {
        Meaning::NotSent(code) => {
            Outcome::NotDone(refusal(unknown, code, "was asked in a way that it refuses"))
        }
        Meaning::Refused(_) if call.is_state() && classify::may_be_set(answer) => unknown.with(
            "reports a refusal, and may say that it is there already",
            made,
            refusal_of(unknown, meaning),
        ),
        Meaning::Refused(_) if act.reads_back => unknown.with(
            "reports a refusal, and its tool may ask the platform again after its write",
            made,
            refusal_of(unknown, meaning),
        ),
        Meaning::Refused(code) => Outcome::NotDone(refusal(unknown, target_code(unknown, code), "refused")),
        Meaning::Duplicate | Meaning::Already => {
            let named = classify::named_duplicate(answer).filter(|id| is_id(id) && !call.was_sent(id));
            let made = Made { id: named, ..Made::default() };
            let refusal = refusal_of(unknown, Meaning::Duplicate);
            let outcome =
                unknown.with("refuses it as a duplicate of something that is there", &made, refusal);
            of_meaning(meaning, outcome)
        }
        Meaning::Transient | Meaning::Unknown => {
            unknown.with("settles nothing", made, refusal_of(unknown, meaning))
        }
    }
}

/// What a refusal as a duplicate names may be older than the attempt.
fn of_meaning(meaning: Meaning, mut outcome: Outcome) -> Outcome {
    if let Outcome::Unknown(UnknownOutcome { candidate: Some(candidate), .. }) = &mut outcome {
        candidate.may_be_older = matches!(meaning, Meaning::Duplicate | Meaning::Already);
    }
    outcome
}

/// What is told if a look finds that nothing happened.
fn refusal_of(unknown: &Unknown<'_>, meaning: Meaning) -> Option<Refusal> {
    match meaning {
        Meaning::Refused(code) | Meaning::NotSent(code) => {
            Some(refusal(unknown, target_code(unknown, code), "refused"))
        }
        Meaning::Duplicate => {
            Some(refusal(unknown, ErrorCode::ContentPolicyViolation, "refused it as a duplicate"))
        }
        Meaning::Transient => Some(refusal(unknown, ErrorCode::PlatformTransientError, "failed")),
        Meaning::Already | Meaning::Unknown => None,
    }
}

/// What is refused as not found is the target's fault, where there is one.
fn target_code(unknown: &Unknown<'_>, code: ErrorCode) -> ErrorCode {
    let missing = unknown.act.target.is_some() && classify::is_missing(unknown.profile, unknown.answer);
    if missing && code == ErrorCode::ValidationError { ErrorCode::InvalidTarget } else { code }
}

fn refusal(unknown: &Unknown<'_>, code: ErrorCode, verb: &str) -> Refusal {
    let Unknown { profile, call, answer, .. } = unknown;
    Refusal {
        code,
        message: format!("`{}` {verb}: {}", profile.platform, answer.shown(call.border, REASON)),
        retry_at: classify::retry_at(profile, code, answer, call.attempt, call.now),
        said: answer.said(call.border),
    }
}

fn not_published(unknown: &Unknown<'_>) -> Refusal {
    let platform = unknown.profile.platform;
    let message = format!(
        "the server of `{platform}` made a draft or a preview and nothing public; configure it to publish"
    );
    let said = unknown.answer.said(unknown.call.border);
    Refusal { code: ErrorCode::PlatformNotConfigured, message, retry_at: None, said }
}

/// Everything that an unknown outcome is worded from.
struct Unknown<'a> {
    profile: &'a PlatformProfile,
    act: &'a ActTool,
    call: &'a Call<'a>,
    answer: &'a Answer,
}

impl Unknown<'_> {
    fn because(&self, why: &str, made: &Made) -> Outcome {
        self.with(why, made, None)
    }

    fn with(&self, why: &str, made: &Made, refusal: Option<Refusal>) -> Outcome {
        let Self { profile, act, call, answer } = self;
        let shown = answer.shown(call.border, REASON);
        let candidate = made.id.as_ref().filter(|_| act.id_kind == IdKind::Platform).map(|id| Candidate {
            id: id.clone(),
            url: url(act, call, answer, id),
            may_be_older: false,
        });
        Outcome::Unknown(UnknownOutcome {
            reason: format!("the answer of `{}` {why}: {shown}", profile.platform),
            said: answer.said(call.border),
            candidate,
            refusal,
        })
    }
}

fn post(act: &ActTool, call: &Call<'_>, answer: &Answer, id: String) -> ExternalPost {
    let published_at = act.published_at.as_ref().and_then(|at| time(answer.at(at)?));
    ExternalPost { url: url(act, call, answer, &id), id, published_at }
}

fn url(act: &ActTool, call: &Call<'_>, answer: &Answer, id: &str) -> Option<String> {
    let given = act.url.as_ref().and_then(|pointer| call.border.link(answer.at(pointer)?));
    given.or_else(|| act.url_template.as_ref().map(|template| call.parts.url(template, id)))
}

/// The first id at one of the pointers.
pub(crate) fn id(pointers: &[String], answer: &Answer) -> Option<String> {
    pointers.iter().find_map(|pointer| exact_id(answer.at(pointer)?))
}

/// An id as JSON carries it: a word, or a whole number that JSON carried exactly. A number beyond 64 bits, with a fraction or
/// an exponent was rounded on its way (codebird-php#107), and is the id of nothing.
pub(crate) fn exact_id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    is_post_id(&id).then_some(id)
}

/// An id of something that was made: no word for how it went, and none that a program filled in for nothing
/// (`urn:li:share:undefined`; postiz-app#1813 kept `undefined` for an empty list of TikTok).
fn is_post_id(id: &str) -> bool {
    let state = [
        "ok",
        "success",
        "successful",
        "done",
        "posted",
        "published",
        "created",
        "sent",
        "error",
        "failed",
        "failure",
        "pending",
        "processing",
        "queued",
        "accepted",
        "draft",
        "unknown",
        "scheduled",
        "skipped",
        "duplicate",
        "preview",
        "mock",
        "dryrun",
        "ratelimited",
        "missing",
        "empty",
        "unavailable",
        "unset",
        "na",
        "promise",
    ];
    let nothing = |part: &str| {
        ["undefined", "null", "none", "nil", "nan"].iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    let went = |part: &str| matches!(part, "error" | "failed");
    is_id(id)
        && !state.contains(&classify::plain(id).as_str())
        && !id.split([':', '/', '_', '~', '-', '.']).any(nothing)
        && !id.split([':', '/', '_']).any(went)
        && !id.rsplit_once(':').is_some_and(|(_, last)| matches!(last, "" | "0"))
        && id.chars().any(char::is_alphanumeric)
        && !id.chars().all(|character| matches!(character, '0' | '-' | 'x' | '.'))
        && !is_template(id)
}

/// What a template or a program left where an id should be: `<nil>`, `{id}`, `%s`, `YOUR_POST_ID`, `b'17'`, `1,755`, `17n`.
fn is_template(id: &str) -> bool {
    // LinkedIn's urns of comments hold both: `urn:li:comment:(urn:li:activity:1,2)`.
    let sign = |sign: char| match sign {
        '(' | ')' | ',' => !id.starts_with("urn:"),
        _ => "<>{}[]\"'$%?*#…\\`|^".contains(sign),
    };
    let shouted = id.contains('_') && id.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = id.contains('.') && id.split('.').all(digits);
    id.contains(sign)
        || id.starts_with([':', '.'])
        || shouted
        || grouped
        || id.strip_suffix('n').is_some_and(digits)
}

/// An id is one word that is not a word for nothing; a sentence where an id should be is none, and so is a number that a
/// program printed after it had rounded it.
pub(crate) fn is_id(id: &str) -> bool {
    let blank = |character: char| {
        character.is_whitespace() || character.is_control() || chimera_text::is_invisible(character)
    };
    let nothing = [
        "null",
        "none",
        "nil",
        "undefined",
        "nan",
        "inf",
        "infinity",
        "-infinity",
        "true",
        "false",
        "n/a",
        "n.a.",
        "-",
    ];
    !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.contains(blank)
        && !nothing.contains(&id.to_ascii_lowercase().as_str())
        && !is_rounded(id)
}

/// A word of a sentence, as a pattern takes it where the sentence names no id: *live with the id see the app*, *Tweet ID:*.
fn is_plain_word(id: &str) -> bool {
    let rest = id.strip_prefix(|first: char| first.is_alphabetic()).unwrap_or(id);
    let shouted = id.chars().all(|letter| letter.is_ascii_uppercase());
    rest.chars().all(char::is_lowercase) || (shouted && id.len() <= LONGEST_SHOUT)
}

/// A number that is no positive integer of 64 bits.
fn is_rounded(id: &str) -> bool {
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        return id.parse::<u64>().is_ok_and(|number| number == 0) || id.parse::<u64>().is_err();
    }
    let numeric =
        id.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    numeric && id.parse::<f64>().is_ok()
}

/// The beginning of 2000: no platform is as old, and a program's time for none is 1970 or the year 1.
const OLDEST: i64 = 946_684_800;

/// A time as platforms and servers write it: RFC 3339, the same with `+0000` (Graph API) or a space for the `T`, the form of X
/// API v1.1 (`Thu Jan 01 00:00:01 +0000 2026`), RFC 2822, seconds or milliseconds since 1970, whole or not, also as text.
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
                .or_else(|| since_epoch(text.parse().ok()?))
        }
        _ => None,
    }
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

    /// A6: what a JSON decoder or a template of a server left of an id.
    #[test]
    fn ids_that_were_carried_exactly() {
        for (value, id) in [
            (json!("1755123456789012345"), Some("1755123456789012345")),
            (json!(1_755_123_456_789_012_345_u64), Some("1755123456789012345")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!("urn:li:share:7"), Some("urn:li:share:7")),
            (json!("sk-AbCdEfGhIjKl"), Some("sk-AbCdEfGhIjKl")),
            (json!("token=AbC"), Some("token=AbC")),
            (json!("at://did:plc:x/app.bsky.feed.post/3k"), Some("at://did:plc:x/app.bsky.feed.post/3k")),
            (json!("1e"), Some("1e")),
            (json!(5.876_538_894_925_5E17), None),
            (serde_json::from_str("18446744073709551617").unwrap(), None),
            (json!("18446744073709551617"), None),
            (json!("5.8765388949255E+17"), None),
            (json!(1.5), None),
            (json!("1.5"), None),
            (json!(0), None),
            (json!("0"), None),
            (json!("000"), None),
            (json!(-7), None),
            (json!("-7"), None),
            (json!(null), None),
            (json!("undefined"), None),
            (json!("None"), None),
            (json!("NaN"), None),
            (json!(true), None),
            (json!(["1"]), None),
            (json!({ "id": "1" }), None),
            (json!(""), None),
            (json!("a sentence"), None),
            (json!("urn:li:share:undefined"), None),
            (json!("undefined_17"), None),
            (json!("17_null"), None),
            (json!("nullable_17"), Some("nullable_17")),
            (json!("success"), None),
            (json!("Posted"), None),
            (json!("00000000-0000-0000-0000-000000000000"), None),
            (json!("12\u{200b}3"), None),
        ] {
            assert_eq!(exact_id(&value).as_deref(), id, "{value}");
        }
    }
}
