//! Signs of an error in an answer that is none as a whole.

use chrono::{DateTime, Utc};
use regex_lite::Regex;
use serde_json::Value;

use super::{Pattern, patterns, says_error};
use crate::extract::time;
use crate::normalise::Answer;
use crate::profile::{is_no, is_set, is_yes};

/// How deep members are read.
const DEPTH: usize = 8;

/// More words are a sentence.
const MOST_WORDS: usize = 3;

/// A longer word for how it went is a sentence.
const LONGEST_WORD: usize = 40;

/// What a post, its author and what it answers are shown in: words of people, and no remarks of a server.
const CONTENT: [&str; 10] =
    ["text", "caption", "commentary", "content", "user", "author", "account", "parent", "quoted", "target"];

/// Whether a value of an acting tool's answer speaks of an error, however deep; of one that should be about something
/// public, also that it is not public yet.
pub(super) fn in_value(value: &Value, answer: &Answer, public: bool) -> bool {
    match value {
        Value::String(text) => {
            let theirs = answer.theirs(text);
            speaks_of_failure(&theirs) || (public && speaks_of_later(&theirs))
        }
        value if is_envelope(value) => true,
        value => within(value, answer, public, DEPTH),
    }
}

fn within(value: &Value, answer: &Answer, public: bool, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(members) => {
            says_error(value)
                || members.iter().any(|(name, member)| {
                    says_no(name, member, public)
                        || remarks(name, member, &|text| {
                            let theirs = answer.theirs(text);
                            speaks_of_failure(&theirs) || (public && speaks_of_later(&theirs))
                        })
                        || if CONTENT.contains(&name.as_str()) {
                            is_refused(member)
                        } else {
                            within(member, answer, public, deeper)
                        }
                })
        }
        Value::Array(items) => items.iter().any(|item| within(item, answer, public, deeper)),
        _ => false,
    }
}

/// Whether it is a message of JSON-RPC, as a gateway hands it on: its `id` is that of a request.
fn is_envelope(value: &Value) -> bool {
    value.get("jsonrpc").is_some_and(Value::is_string)
}

/// Whether what shows a post, or whose it is, says that it failed. A word under `status` there may be about a person.
fn is_refused(member: &Value) -> bool {
    let no = |name| member.get(name).is_some_and(is_no);
    let error = member.get("error").is_some_and(|error| {
        is_set(error) && error.get("code").and_then(Value::as_str).is_none_or(|code| code != "ok")
    });
    // Blocks of a tool's answer, as a gateway hands them on.
    let said =
        member.as_array().into_iter().flatten().filter(|block| block.get("type") == Some(&"text".into()));
    let fails = |block: &Value| block.get("text").and_then(Value::as_str).is_some_and(speaks_of_failure);
    (member.is_object() && (no("success") || no("ok") || error)) || said.into_iter().any(fails)
}

/// What what stands around the items of a list, or around a state, says against it: `None` where nothing does. `items` are
/// other people's words, and are left out; so is what a platform adds to them (X: `includes`).
pub(super) fn around(
    value: &Value,
    items: Option<&Value>,
    until: DateTime<Utc>,
    depth: usize,
) -> Option<&'static str> {
    const FAILED: &str = "says that it failed";
    const PARTIAL: &str = "says that it does not show everything";
    let deeper = depth.checked_sub(1)?;
    let Value::Object(members) = value else { return None };
    if says_error(value) {
        return Some(FAILED);
    }
    members.iter().find_map(|(name, member)| {
        if items.is_some_and(|items| std::ptr::eq(items, member)) {
            return None;
        }
        if says_no(name, member, false) || remarks(name, member, &speaks_of_failure) {
            return Some(FAILED);
        }
        let partial = matches!(
            plain(name).as_str(),
            "partial"
                | "ispartial"
                | "incomplete"
                | "incompleteresults"
                | "truncated"
                | "istruncated"
                | "timedout"
                | "stale"
                | "isstale"
                | "cached"
                | "fromcache"
        );
        let signed_out = matches!(plain(name).as_str(), "authenticated" | "loggedin") && is_no(member);
        if signed_out {
            return Some(FAILED);
        }
        // What was read before the attempt could act no more shows nothing of it.
        let old = matches!(
            plain(name).as_str(),
            "cachedat" | "fetchedat" | "fetchedon" | "asof" | "generatedat" | "snapshotat" | "retrievedat"
        ) && time(member).is_some_and(|at| at < until);
        if old {
            return Some(PARTIAL);
        }
        let hides = plain(name) == "hiddencount" && is_set(member);
        if (partial && is_yes(member)) || hides || remarks(name, member, &speaks_of_parts) {
            return Some(PARTIAL);
        }
        let skipped = CONTENT.contains(&name.as_str()) || name == "includes";
        if skipped { None } else { around(member, items, until, deeper) }
    })
}

/// Whether what stands around the items of a list says that there are more.
pub(crate) fn has_more(value: &Value, items: Option<&Value>, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    let Value::Object(members) = value else { return false };
    members.iter().filter(|(_, member)| items.is_none_or(|items| !std::ptr::eq(items, *member))).any(
        |(name, member)| {
            let more = ["hasmore", "hasnext", "hasnextpage", "moreavailable"].contains(&plain(name).as_str());
            (more && is_yes(member)) || has_more(member, items, deeper)
        },
    )
}

/// A member that says so by its name.
fn says_no(name: &str, member: &Value, public: bool) -> bool {
    let name = plain(name);
    let bare = ["is", "was", "has"].iter().find_map(|verb| name.strip_prefix(verb)).unwrap_or(&name);
    let set = || is_set(member) && !member.as_str().is_some_and(is_fine);
    match bare {
        "error" | "errors" if bare != name => is_yes(member),
        "success" | "ok" | "succeeded" | "successful" | "published" | "posted" | "sent" | "delivered" => {
            is_no(member)
        }
        "failed" | "failure" | "failures" | "failedcount" | "failcount" | "failurecount" | "errorcount"
        | "err" | "exception" | "rejected" | "blocked" | "dryrun" | "simulated" | "mock" | "errormessage"
        | "errormsg" | "errmsg" | "errordescription" | "errorcode" | "errcode" | "errno" | "failreason"
        | "failurereason" | "rejectionreason" | "errorreason" => set(),
        "draft" | "hidden" | "unpublished" => public && is_yes(member),
        "public" => public && is_no(member),
        "privacy" | "privacystatus" | "privacylevel" | "visibility" => public && is_hidden(member),
        "scheduledat" | "scheduledfor" | "scheduledtime" | "scheduledpublishtime" | "publishat" => {
            public && is_set(member)
        }
        "ret" => member.as_i64().is_some_and(|code| code < 0),
        "code" => status(member) || member.as_str().is_some_and(|word| is_unfit(word, false)),
        _ if ["status", "state", "stat", "result", "statuscode", "httpstatus"]
            .iter()
            .any(|end| bare.ends_with(end)) =>
        {
            status(member) || member.as_str().is_some_and(|word| is_unfit(word, public))
        }
        _ => false,
    }
}

/// Words for *nothing went wrong* where a word for what went wrong may stand.
fn is_fine(word: &str) -> bool {
    ["ok", "success", "no error", "no errors", "noerror"]
        .iter()
        .any(|fine| word.trim().eq_ignore_ascii_case(fine))
}

fn status(member: &Value) -> bool {
    let number = member.as_u64().or_else(|| member.as_str()?.trim().parse().ok());
    number.is_some_and(|status| (400..600).contains(&status))
}

/// Whether a word for how it went says that it went wrong, or, of something public, that it is not public yet.
pub(crate) fn is_unfit(word: &str, public: bool) -> bool {
    // A text may stand under `status`, as on Mastodon and X.
    if word.split_whitespace().count() > MOST_WORDS {
        return false;
    }
    let word = plain(word);
    let wrong = [
        "fail",
        "error",
        "reject",
        "denied",
        "cancel",
        "expired",
        "invalid",
        "blocked",
        "suspend",
        "removed",
        "deleted",
        "skipped",
        "partial",
        "forbidden",
        "declined",
    ];
    let unfinished = [
        "draft",
        "schedul",
        "queue",
        "pending",
        "approval",
        "heldfor",
        "onhold",
        "processing",
        "inprogress",
        "uploading",
        "transcod",
        "review",
        "moderation",
        "requested",
        "submitted",
        "inbox",
        "waiting",
        "deferred",
        "saved",
        "unpublished",
        "notpubli",
        "notyet",
        "private",
        "hidden",
        "nolonger",
    ];
    word.len() <= LONGEST_WORD
        && (wrong.iter().any(|stem| word.contains(stem) && !word.starts_with("no"))
            || (public && unfinished.iter().any(|stem| word.contains(stem))))
}

/// Whether a word for who may see it says that not everybody may.
pub(crate) fn is_hidden(member: &Value) -> bool {
    let hidden = ["private", "selfonly", "unlisted", "draft", "onlyme"];
    member.as_str().is_some_and(|word| hidden.contains(&plain(word).as_str()))
}

/// A sentence of the server about what it did.
fn remarks(name: &str, member: &Value, says: &dyn Fn(&str) -> bool) -> bool {
    let remark = matches!(
        plain(name).as_str(),
        "message"
            | "msg"
            | "detail"
            | "details"
            | "reason"
            | "warning"
            | "warnings"
            | "note"
            | "notice"
            | "info"
            | "statusmsg"
            | "statusmessage"
            | "statustext"
            | "result"
            | "output"
    );
    // What was made, or is listed, may stand there too, with people's words in it.
    let holds_content = matches!(plain(name).as_str(), "result" | "output") && !member.is_string();
    remark && !holds_content && leaves(member, says, 3)
}

fn leaves(member: &Value, says: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match member {
        Value::String(text) => says(text),
        Value::Array(items) => items.iter().any(|item| leaves(item, says, deeper)),
        Value::Object(members) => members.values().any(|member| leaves(member, says, deeper)),
        _ => false,
    }
}

/// A name without its case and signs.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether a sentence speaks of an error that there was: *without errors* and *0 failed* speak of none.
pub(super) fn speaks_of_failure(text: &str) -> bool {
    let Some(pattern) = FAILURE.as_ref() else { return true };
    pattern.find_iter(text).any(|found| {
        let before = text.get(..found.start()).and_then(|before| before.split_whitespace().next_back());
        let after = text.get(found.end()..).unwrap_or_default().trim_start_matches([':', '=', ' ']);
        let none = ["no", "0", "without", "zero"];
        let counted =
            after.starts_with("0") || after.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("none"));
        !counted && !before.is_some_and(|word| none.contains(&word.to_ascii_lowercase().as_str()))
    })
}

/// Whether a sentence says that a post will be public later, or waits for an approval.
fn speaks_of_later(text: &str) -> bool {
    LATER.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// Whether a remark beside a list says that the list is not all there is.
fn speaks_of_parts(text: &str) -> bool {
    PARTS.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

patterns! {
    FAILURE concat!(
        r"(?i)\b(?:errors?|failed|failure|fails|exception|traceback|could not|cannot|unable|rejected|denied|refused|",
        r"forbidden|unauthori[sz]ed|timed out|duplicate|invalid|expired|too many requests|",
        r"rate limit(?:ed| exceeded| reached)|suspended|skipped|dry run|held for review|awaiting (?:moderation|approval)|",
        r"removed by|not (?:yet )?(?:been )?(?:authori[sz]ed|allowed|posted|published|created|sent|found))\b|",
        r"\bhttp(?: error| status)?[ :]*[45][0-9]{2}\b|\b(?:couldn|can|didn|wasn|isn|hasn|won|weren)['\x{2019}]t\b|",
        // The same in languages that servers of the platforms' users speak.
        r"\bfehler|fehlgeschlagen|\x{e9}chou|\x{e9}chec|\berreur|\bfall[o\x{f3}]\b|\bfalha|\berrore\b|\bmislukt|ошибк|не удалось|",
        r"失败|失敗|エラー|오류|실패",
    );
    LATER concat!(
        r"(?i)\bdrafts?\b|\bqueued\b|\b(?:scheduled|submitted|waiting|waits|held) (?:for|at|to|until)\b|\bpending (?:review|approval)\b|",
        r"\bwill be (?:posted|published|sent)\b|\b(?:under|in) review\b|\bpreview\b",
    );
    PARTS concat!(
        r"(?i)\b(?:incomplete|partial|truncated|cached|stale|outdated)\b|\bnot (?:all|shown)\b|\b(?:log|sign) ?in to\b|",
        r"\bhidden\b",
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tool::ToolAnswer;

    #[test]
    fn an_answer_that_speaks_of_an_error() {
        for (value, doubts) in [
            (json!({ "id": "P", "result": { "success": false } }), true),
            (json!({ "id": "P", "data": { "errors": [{ "detail": "x" }] } }), true),
            (json!({ "id": "P", "success": "false" }), true),
            (json!({ "id": "P", "results": [{ "ok": true }, { "ok": false }] }), true),
            (json!({ "id": "P", "failed": true }), true),
            (json!({ "id": "P", "result": "Failed to publish" }), true),
            (json!({ "id": "P", "result": { "text": "Failed again" } }), false),
            (json!({ "id": "P", "status": "We failed, and we learned" }), false),
            (json!({ "id": "P", "isError": "true" }), true),
            (json!({ "id": "P", "has_errors": 1 }), true),
            (json!({ "id": "P", "failed": 0 }), false),
            (json!({ "id": "P", "state": "REJECTED" }), true),
            (json!({ "id": "P", "state": "399" }), false),
            (json!({ "id": "P", "httpStatus": "600" }), false),
            (json!({ "id": "P", "ok": 0 }), true),
            (json!({ "id": "P", "status": "FAILED" }), true),
            (json!({ "id": "P", "status": "400" }), true),
            (json!({ "id": "P", "error_message": "rate limit" }), true),
            (json!({ "id": "P", "error_code": 190 }), true),
            (json!({ "id": "P", "error_code": 0, "error_message": "" }), false),
            (json!({ "id": "P", "message": "Failed to publish" }), true),
            (json!({ "id": "P", "warnings": ["Could not fetch the permalink"] }), true),
            (json!({ "id": "P", "message": "Posted without errors" }), false),
            (json!({ "id": "P", "message": "Posted, errors: 0" }), false),
            (json!({ "id": "P", "text": "Failed again", "user": { "status": "error" } }), false),
            (json!({ "data": { "id": "P" }, "error": { "code": "ok", "message": "" } }), false),
            (json!("Could not post: duplicate of tweet 17"), true),
            (json!("HTTP 403 on tweet 17"), true),
            (json!("Tweet posted. Rate limit: 49 remaining. Id 17"), false),
            (json!("Posted! Tweet 17"), false),
            (json!(null), false),
        ] {
            let answer = ToolAnswer { structured: Some(value.clone()), ..ToolAnswer::default() };
            assert_eq!(in_value(&value, &Answer::new(&answer), true), doubts, "{value}");
        }
        for (value, failed) in [
            (json!({ "data": [], "message": "Not authorized to read this list" }), true),
            (json!({ "data": [{ "message": "it failed" }], "message": "3 posts, no errors" }), false),
        ] {
            assert_eq!(
                around(&value, value.get("data"), DateTime::UNIX_EPOCH, 2).is_some(),
                failed,
                "{value}"
            );
        }
    }
}
