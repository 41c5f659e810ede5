//! Signs of an error in an answer that is none as a whole.

use regex_lite::Regex;
use serde_json::Value;

use super::{Pattern, patterns, says_error};
use crate::normalise::Answer;
use crate::profile::{is_no, is_set, is_yes};

/// How deep members are read.
const DEPTH: usize = 8;

/// What a post, its author and what it answers are shown in: words of people, and no remarks of a server.
const CONTENT: [&str; 10] =
    ["text", "caption", "commentary", "content", "user", "author", "account", "parent", "quoted", "target"];

/// Whether a value of an acting tool's answer speaks of an error, however deep.
pub(super) fn in_value(value: &Value, answer: &Answer) -> bool {
    match value {
        Value::String(text) => speaks_of_failure(&answer.theirs(text)),
        value => within(value, answer, DEPTH),
    }
}

fn within(value: &Value, answer: &Answer, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(members) => {
            says_error(value)
                || members.iter().any(|(name, member)| {
                    is_failure(name, member)
                        || is_remark(name, member, &|text| speaks_of_failure(&answer.theirs(text)))
                        || (!CONTENT.contains(&name.as_str()) && within(member, answer, deeper))
                })
        }
        Value::Array(items) => items.iter().any(|item| within(item, answer, deeper)),
        _ => false,
    }
}

/// Whether a remark at the top of an answer says that something failed.
pub(super) fn in_remarks(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.iter().any(|(name, member)| is_remark(name, member, &speaks_of_failure))
    })
}

/// A member that says so by its name.
fn is_failure(name: &str, member: &Value) -> bool {
    match plain(name).as_str() {
        "success" | "ok" | "succeeded" => is_no(member),
        "failed" | "iserror" | "haserror" | "haserrors" => is_yes(member),
        "status" | "state" | "statuscode" | "httpstatus" => {
            let word = member.as_str().map(|word| word.trim().to_ascii_lowercase()).unwrap_or_default();
            matches!(word.as_str(), "error" | "failed" | "failure" | "fail" | "rejected" | "denied")
                || word.parse::<u16>().is_ok_and(|status| (400..600).contains(&status))
        }
        "errormessage" | "errormsg" | "errordescription" | "errorcode" | "failreason" | "failurereason" => {
            is_set(member) && !member.as_str().is_some_and(|word| word.eq_ignore_ascii_case("ok"))
        }
        _ => false,
    }
}

/// A sentence of the server about what it did.
fn is_remark(name: &str, member: &Value, fails: &dyn Fn(&str) -> bool) -> bool {
    let remark = matches!(
        plain(name).as_str(),
        "message" | "msg" | "detail" | "details" | "reason" | "warning" | "warnings" | "note" | "statusmsg"
    );
    remark
        && match member {
            Value::String(text) => fails(text),
            Value::Array(items) => items.iter().any(|item| item.as_str().is_some_and(fails)),
            _ => false,
        }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether a sentence speaks of an error that there was: *without errors* and *0 failed* speak of none.
fn speaks_of_failure(text: &str) -> bool {
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

patterns! {
    FAILURE concat!(
        r"(?i)\b(?:errors?|failed|failure|fails|exception|traceback|could not|cannot|unable|rejected|denied|refused|",
        r"forbidden|unauthori[sz]ed|timed out|duplicate|invalid|expired|too many requests|",
        r"rate limit(?:ed| exceeded| reached)|not (?:authori[sz]ed|allowed|posted|published|created|sent|found))\b|",
        r"\bhttp(?: error| status)?[ :]*[45][0-9]{2}\b|\b(?:couldn|can|didn)['\x{2019}]t\b",
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
            assert_eq!(in_value(&value, &Answer::new(&answer)), doubts, "{value}");
        }
        for (value, failed) in [
            (json!({ "data": [], "message": "Not authorized to read this list" }), true),
            (json!({ "data": [{ "message": "it failed" }], "message": "3 posts, no errors" }), false),
        ] {
            assert_eq!(in_remarks(&value), failed, "{value}");
        }
    }
}
