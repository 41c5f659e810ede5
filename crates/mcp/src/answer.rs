//! From the SDK's words to ours: answers and errors.
//!
//! Answers are for programs and stay as they are: ids and texts are compared before anything is taken out of them.
//! Reasons are for people and logs: the secrets that the server was given go first, then what looks like a credential.

use chimera_audit::Secrets;
use chimera_platform::{Called, ToolAnswer};
use rmcp::{
    ServiceError,
    model::{CustomResult, ErrorData, ServerResult},
};
use serde_json::{Map, Value};

#[cfg(feature = "http")]
use crate::http::{HttpError, Kind};
use crate::{inbox::UNREADABLE, ticket::Ticket};

/// The most of a server's sentence that an error repeats.
const SENTENCE: usize = 1024;
/// The most of it that is looked through for credentials: a sentence can be as long as a line.
const LOOKED_THROUGH: usize = 64 * 1024;

/// What a tool answered.
pub(crate) fn answered(result: ServerResult) -> ToolAnswer {
    match result {
        ServerResult::CustomResult(CustomResult(value)) => tool_answer(value),
        // Not what the inbox makes of an answer to a call.
        other => tool_answer(serde_json::to_value(&other).unwrap_or_default()),
    }
}

/// The same from the JSON of a result, byte for byte.
pub(crate) fn tool_answer(result: Value) -> ToolAnswer {
    let Value::Object(mut result) = result else { return ToolAnswer::default() };
    ToolAnswer {
        is_error: result.iter().any(|(name, value)| is_name_of_error(name) && is_yes(value)),
        result_type: result.get("resultType").and_then(Value::as_str).map(str::to_owned),
        structured: result.remove("structuredContent"),
        texts: texts(blocks(result.remove("content"))),
    }
}

/// `isError`, `is_error` and their like: servers that are written by hand spell it as their language does, and an error
/// that is not seen is taken for a post.
fn is_name_of_error(name: &str) -> bool {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase()).eq(*b"iserror")
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
        Value::Number(number) => number.as_f64() == Some(1.0),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The blocks of `content`, which servers also write as one block, or as one text.
pub(crate) fn blocks(content: Option<Value>) -> Vec<Value> {
    match content {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(blocks)) => blocks,
        Some(block) => vec![block],
    }
}

/// Blocks of text, and after them what others say: a link to the post beside a refusal in words is a sign that there is
/// one. Of any kind, because kinds come with each revision of the protocol; after them, because the first text is what is
/// read as JSON.
fn texts(blocks: Vec<Value>) -> Vec<String> {
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    for block in blocks {
        match block {
            Value::String(text) => texts.push(text),
            Value::Object(mut block) => {
                let to = if is_text(&block) { &mut texts } else { &mut others };
                to.extend(string(&mut block, "text"));
                // The text before the address: it may be JSON, and the first of all.
                if let Some(Value::Object(resource)) = block.get_mut("resource") {
                    others.extend(string(resource, "text"));
                    others.extend(string(resource, "uri"));
                }
                others.extend(string(&mut block, "uri"));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
        }
    }
    texts.append(&mut others);
    texts
}

/// Whether it is a block of text, or one that does not tell what it is.
fn is_text(block: &Map<String, Value>) -> bool {
    match block.get("type") {
        None | Some(Value::Null) => block.contains_key("text"),
        Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("text")),
    }
}

fn string(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// What an error of the SDK means for a call with this ticket. `None`: the connection is gone, and only the ticket
/// and the process can tell more.
pub(crate) fn failed(error: &ServiceError, ticket: &Ticket, secrets: &Secrets) -> Option<Called> {
    match error {
        ServiceError::McpError(error) if error.code == UNREADABLE => {
            let reason = format!("{}; it may have been carried out", error.message);
            Some(unwritten_or_lost(ticket, reason))
        }
        // Whatever the code: the tool may have run before the server said it.
        ServiceError::McpError(error) => {
            let reason = json_rpc_reason(error, secrets);
            Some(if ticket.revoke() { Called::NotSent { reason } } else { Called::Failed { reason } })
        }
        ServiceError::TransportClosed => None,
        #[cfg(feature = "http")]
        ServiceError::TransportSend(error) if error.error.is::<HttpError>() => {
            error.error.downcast_ref().map(|error| http_failed(error, ticket))
        }
        // The pipe broke, or the ticket was refused.
        ServiceError::TransportSend(error) => {
            let reason = format!("it could not be written: {}", sentence(&error.error.to_string(), secrets));
            Some(unwritten_or_lost(ticket, reason))
        }
        other => Some(unwritten_or_lost(ticket, sentence(&other.to_string(), secrets))),
    }
}

/// What a failed exchange means for a call.
#[cfg(feature = "http")]
fn http_failed(error: &HttpError, ticket: &Ticket) -> Called {
    let reason = error.reason.clone();
    match error.kind {
        _ if ticket.revoke() => Called::NotSent { reason },
        Kind::Refused => Called::Failed { reason },
        Kind::Broken => Called::Lost { reason: format!("{reason}; it may have been carried out") },
    }
}

/// By the ticket alone: whoever revokes it knows that nothing was sent.
pub(crate) fn unwritten_or_lost(ticket: &Ticket, reason: String) -> Called {
    if ticket.revoke() { Called::NotSent { reason } } else { Called::Lost { reason } }
}

/// A JSON-RPC error for people.
pub(crate) fn json_rpc_reason(error: &ErrorData, secrets: &Secrets) -> String {
    if error.code == UNREADABLE {
        return error.message.to_string();
    }
    format!("JSON-RPC error {}: {}", error.code.0, sentence(&error.message, secrets))
}

/// Text of a server, redacted and not endless.
pub(crate) fn sentence(text: &str, secrets: &Secrets) -> String {
    let text = secrets.redact(beginning(text, LOOKED_THROUGH));
    beginning(&text, SENTENCE).to_owned()
}

/// The first so many bytes, or a little less: characters stay whole.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{TimeDelta, Utc};
    use rmcp::model::ErrorCode;
    use serde_json::json;

    use super::*;
    use crate::clock::TokioClock;

    fn check(result: &Value, expected: &ToolAnswer) {
        assert_eq!(&answered(ServerResult::CustomResult(CustomResult(result.clone()))), expected);
    }

    #[test]
    fn answers_keep_what_the_mapping_needs() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        check(
            &json!({
                "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }],
                "structuredContent": { "id": "1" },
            }),
            &ToolAnswer {
                structured: Some(json!({ "id": "1" })),
                texts: texts(&["a", "b"]),
                ..ToolAnswer::default()
            },
        );
        check(
            &json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }),
            &ToolAnswer { is_error: true, texts: texts(&["no"]), ..ToolAnswer::default() },
        );
        check(
            &json!({ "resultType": "input_required", "inputRequests": {} }),
            &ToolAnswer { result_type: Some("input_required".to_owned()), ..ToolAnswer::default() },
        );
        check(&json!({}), &ToolAnswer::default());
    }

    #[test]
    fn a_block_of_an_unknown_kind_does_not_cost_the_others() {
        check(
            &json!({ "content": [{ "type": "hologram" }, { "type": "text", "text": "posted, id 7" }] }),
            &ToolAnswer { texts: vec!["posted, id 7".to_owned()], ..ToolAnswer::default() },
        );
    }

    /// Ids and texts that look like credentials are an honest server's ids and texts.
    #[test]
    fn answers_are_passed_on_as_they_are() {
        let id = "sk-AbCdEf0123456789";
        check(
            &json!({
                "content": [{ "type": "text", "text": "posted: password: chimera2026, token=SPRING25" }],
                "structuredContent": { "id": id, "access_token": "abc", "url": "https://u:p@h.example/?token=1" },
            }),
            &ToolAnswer {
                structured: Some(
                    json!({ "id": id, "access_token": "abc", "url": "https://u:p@h.example/?token=1" }),
                ),
                texts: vec!["posted: password: chimera2026, token=SPRING25".to_owned()],
                ..ToolAnswer::default()
            },
        );
    }

    #[test]
    fn what_is_no_result_says_nothing() {
        for result in [json!(null), json!("posted"), json!([1]), json!({ "content": 7 })] {
            check(&result, &ToolAnswer::default());
        }
    }

    /// A sign that a post was made, beside a refusal in words. The first text stays the first.
    #[test]
    fn what_other_blocks_say_comes_after_the_texts() {
        let url = "https://x.com/me/status/1755";
        let refusal = json!({ "type": "text", "text": "HTTP 429 Too Many Requests" });
        let resource =
            json!({ "uri": "post://1755", "mimeType": "application/json", "text": "{\"id\":\"1755\"}" });
        for (block, told) in [
            (json!({ "type": "resource_link", "uri": url, "name": "the post" }), vec![url]),
            (json!({ "type": "resource", "resource": resource }), vec!["{\"id\":\"1755\"}", "post://1755"]),
            (json!({ "type": "resource", "resource": { "uri": url, "blob": "AAAA" } }), vec![url]),
            (json!({ "type": "hologram", "text": "1755" }), vec!["1755"]),
            (json!({ "type": "image", "data": "AAAA", "mimeType": "image/png" }), vec![]),
        ] {
            let texts = ["HTTP 429 Too Many Requests"].into_iter().chain(told).map(str::to_owned).collect();
            check(
                &json!({ "content": [block, refusal], "isError": true }),
                &ToolAnswer { is_error: true, texts, ..ToolAnswer::default() },
            );
        }
    }

    #[test]
    fn content_in_other_forms_is_read() {
        let text = "posted, id 7";
        for content in [
            json!(text),
            json!({ "type": "text", "text": text }),
            json!([text]),
            json!([{ "text": text }]),
            json!([{ "type": null, "text": text }]),
            json!([{ "type": "Text", "text": text }, null, 7, [text], {}]),
            json!([{ "type": "resource", "resource": { "text": text } }]),
        ] {
            check(
                &json!({ "content": content }),
                &ToolAnswer { texts: vec![text.to_owned()], ..ToolAnswer::default() },
            );
        }
    }

    #[test]
    fn an_error_is_one_however_it_is_spelled() {
        for (result, is_error) in [
            (json!({ "isError": "true" }), true),
            (json!({ "isError": " True " }), true),
            (json!({ "isError": 1 }), true),
            (json!({ "isError": 1.0 }), true),
            (json!({ "is_error": true }), true),
            (json!({ "iserror": true }), true),
            (json!({ "IS_ERROR": "TRUE" }), true),
            (json!({ "isError": false, "is_error": true }), true),
            (json!({ "isError": "false" }), false),
            (json!({ "isError": 0 }), false),
            (json!({ "isError": null }), false),
            (json!({ "isErrors": true }), false),
            (json!({ "error": true }), false),
        ] {
            check(&result, &ToolAnswer { is_error, ..ToolAnswer::default() });
        }
    }

    fn ticket() -> Ticket {
        let soon = Utc::now() + TimeDelta::hours(1);
        Ticket::new("call".to_owned(), Arc::new(TokioClock), soon, None)
    }

    fn error(code: i32, message: &str) -> ServiceError {
        ServiceError::McpError(ErrorData::new(ErrorCode(code), message.to_owned(), None))
    }

    /// Reported: -32602 for the output of a tool that ran (remotion#6275, repomix#833).
    #[test]
    fn an_error_of_the_protocol_proves_nothing_once_the_request_was_written() {
        let secrets = Secrets::new(["swordfish".to_owned()]);
        for code in [-32602, -32601, -32603, -32600, -32000, 404] {
            let error = error(code, "no tool for swordfish, bad token=abcdef");
            let reason = format!("JSON-RPC error {code}: no tool for [redacted], bad token=[redacted]");
            let written = ticket();
            written.take().unwrap();
            assert_eq!(failed(&error, &written, &secrets), Some(Called::Failed { reason: reason.clone() }));
            assert_eq!(failed(&error, &ticket(), &secrets), Some(Called::NotSent { reason }));
        }
    }

    #[test]
    fn an_answer_that_could_not_be_read_is_lost() {
        let written = ticket();
        written.take().unwrap();
        let error = error(UNREADABLE.0, "its answer is longer than 8 bytes");
        let reason = "its answer is longer than 8 bytes; it may have been carried out".to_owned();
        assert_eq!(failed(&error, &written, &Secrets::default()), Some(Called::Lost { reason }));
    }

    #[test]
    fn sentences_end_between_characters() {
        let long = "\u{20ac}".repeat(1_000);
        assert_eq!(sentence(&long, &Secrets::default()).len(), 1_023);
        assert_eq!(sentence("short", &Secrets::default()), "short");
    }

    #[test]
    fn a_secret_at_the_cut_is_not_cut_in_two() {
        let secrets = Secrets::new(["swordfish".to_owned()]);
        let shown = sentence(&format!("{}swordfish", "x".repeat(SENTENCE - 4)), &secrets);
        assert!(!shown.contains("swor"), "{shown}");
    }
}
