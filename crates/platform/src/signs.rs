//! Signs in an answer that something was made. Beside a sign of an error they mean that nothing is known: an error word is not
//! a refusal beside a sign of success (postiz-app#1568: the id of the post stands beside `error.status = 429`).

use regex_lite::Regex;
use serde_json::Value;

use crate::classify::{Pattern, patterns};
use crate::extract::Call;
use crate::normalise::Answer;
use crate::profile::{ActTool, Naming};

/// How deep members are read.
const DEPTH: usize = 8;

/// How many words before a word like *posted* may deny it, within its clause.
const DENIED_WITHIN: usize = 6;

/// What an answer shows of something made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// The id that it names, which is none that we sent.
    pub(crate) id: Option<String>,
    /// Whether it says in words or by a member that something was made.
    pub(crate) said: bool,
}

impl Made {
    /// Whether there is any sign.
    pub(crate) const fn any(&self) -> bool {
        self.id.is_some() || self.said
    }
}

/// The signs of an answer to the call of an acting tool.
pub(crate) fn made(act: &ActTool, call: &Call<'_>, answer: &Answer) -> Made {
    let id = match &act.naming {
        Naming::Theirs { .. } => call.id_in(act, answer).filter(|id| !call.was_sent(id)),
        Naming::Ours(_) => None,
    };
    // A like has no id: that the profile's own word for it stands there is the sign.
    let confirmed = act.confirm.as_ref().is_some_and(|confirm| answer.says(confirm));
    let said = confirmed || says_made(&answer.words) || members(&answer.value, DEPTH);
    Made { id, said }
}

/// Members that say so: `"published": true`.
fn members(value: &Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(object) => object.iter().any(|(name, member)| {
            (*member == Value::Bool(true) && is_made_member(name)) || members(member, deeper)
        }),
        Value::Array(items) => items.iter().any(|item| members(item, deeper)),
        _ => false,
    }
}

fn is_made_member(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "success"
            | "ok"
            | "published"
            | "posted"
            | "created"
            | "sent"
            | "live"
            | "liked"
            | "followed"
            | "following"
            | "shared"
            | "reposted"
            | "retweeted"
            | "replied"
            | "commented"
    )
}

/// Words that something was made, not denied within their clause: *the reply was posted*, and not *cannot be posted*.
pub(crate) fn says_made(words: &str) -> bool {
    let Some(pattern) = MADE.as_ref() else { return true };
    pattern.find_iter(words).any(|found| {
        let before = words.get(..found.start()).unwrap_or_default();
        !is_denied(before)
    })
}

/// Whether the last words of a clause deny what follows, or put it off.
fn is_denied(before: &str) -> bool {
    let clause =
        before.rsplit(['.', ',', ';', ':', '!', '?', '\n', '(', ')', '|']).next().unwrap_or_default();
    let words: Vec<String> = clause.split_whitespace().map(str::to_lowercase).collect();
    // *but* begins a clause of its own.
    let from = words.iter().rposition(|word| word == "but").map_or(0, |at| at.saturating_add(1));
    let clause = words.get(from..).unwrap_or_default();
    clause.iter().rev().take(DENIED_WITHIN).any(|word| denies(word))
}

fn denies(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "nothing"
            | "none"
            | "nor"
            | "cannot"
            | "cant"
            | "unable"
            | "fail"
            | "fails"
            | "failed"
            | "failure"
            | "failing"
            | "without"
            | "must"
            | "should"
            | "can"
            | "if"
            | "unless"
            | "denied"
            | "refused"
            | "rejected"
            | "prevented"
            | "blocked"
            | "many"
    ) || word.ends_with("n't")
        || word.ends_with("n\u{2019}t")
}

patterns! {
    /// What servers say of something that they made. `sent` and `live` only as sentences say them: *requests sent* is a
    /// count, *live video* a kind of post.
    MADE concat!(
        r"(?i)\b(?:posted|published|created|tweeted|retweeted|reposted|replied|commented|uploaded|submitted|delivered)\b|",
        r"\b(?:was|were|is|been|successfully|message|post|reply|comment) sent\b|\bsent successfully\b|",
        r"\b(?:is|are|now|went|gone|goes) live\b|\bsuccess(?:ful|fully)?\b",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_something_was_made() {
        for (words, made) in [
            ("Reply 17 was posted, but reading it back failed: HTTP 429 Too Many Requests", true),
            ("Published. Could not fetch permalink", true),
            ("Your post is live; analytics failed (503)", true),
            ("message sent, receipt timed out", true),
            ("Successfully created; error while reading insights", true),
            ("failed, but the tweet was created", true),
            ("The post cannot be created", false),
            ("could not be posted", false),
            ("Nothing was posted", false),
            ("it wasn't published", false),
            ("the video must be uploaded first", false),
            ("failed to get the post created", false),
            ("Media can only be published by a business account", false),
            ("Too many requests sent", false),
            ("Live video is not supported", false),
            ("it will be published shortly", true),
            ("rate limit exceeded", false),
            ("", false),
        ] {
            assert_eq!(says_made(words), made, "{words}");
        }
    }

    #[test]
    fn members_that_say_so() {
        for (value, said) in [
            (serde_json::json!({ "data": { "published": true } }), true),
            (serde_json::json!({ "success": true, "error": "x" }), true),
            (serde_json::json!({ "published": false, "ok": "true" }), false),
            (serde_json::json!([{ "liked": true }]), true),
            (serde_json::json!(null), false),
        ] {
            assert_eq!(members(&value, DEPTH), said, "{value}");
        }
    }
}
