//! From the SDK's words to ours: answers and errors.

use chimera_audit::redact;
use chimera_platform::{Called, ToolAnswer};
use rmcp::{
    ServiceError,
    model::{ErrorData, ServerResult},
};
use serde_json::{Map, Value};

use crate::ticket::Ticket;

/// The most of a server's sentence that an error repeats.
const SENTENCE: usize = 1024;

/// What a tool answered. Read from the JSON rather than from the SDK's types: a result with a content block they do
/// not know would be a foreign result to them, and its id would be lost with it.
pub(crate) fn answered(result: &ServerResult) -> ToolAnswer {
    let Ok(Value::Object(mut result)) = serde_json::to_value(result) else { return ToolAnswer::default() };
    let mut structured = result.remove("structuredContent");
    if let Some(value) = &mut structured {
        redact_strings(value);
    }
    ToolAnswer {
        is_error: result.get("isError").and_then(Value::as_bool).unwrap_or(false),
        result_type: result.get("resultType").and_then(Value::as_str).map(str::to_owned),
        structured,
        texts: texts(&result),
    }
}

fn texts(result: &Map<String, Value>) -> Vec<String> {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    blocks
        .iter()
        .filter(|block| block.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|block| block.get("text").and_then(Value::as_str))
        .map(|text| redact(text).into_owned())
        .collect()
}

/// Redacts the strings and leaves the names, so that a `next_page_token` stays usable while a credential inside a
/// sentence or a URL goes.
fn redact_strings(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(redacted) = redact(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_strings),
        Value::Object(members) => members.values_mut().for_each(redact_strings),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What an error of the SDK means for a call with this ticket. `None`: the connection is gone, and only the ticket
/// and the process can tell more.
pub(crate) fn failed(error: &ServiceError, ticket: &Ticket) -> Option<Called> {
    match error {
        ServiceError::McpError(error) => Some(Called::Failed { reason: json_rpc_reason(error) }),
        ServiceError::TransportClosed => None,
        // The pipe broke, or the ticket was refused.
        ServiceError::TransportSend(error) => {
            let reason = format!("it could not be written: {}", sentence(&error.error.to_string()));
            Some(unwritten_or_lost(ticket, reason))
        }
        other => Some(unwritten_or_lost(ticket, sentence(&other.to_string()))),
    }
}

/// By the ticket alone: whoever revokes it knows that nothing was sent.
pub(crate) fn unwritten_or_lost(ticket: &Ticket, reason: String) -> Called {
    if ticket.revoke() { Called::NotSent { reason } } else { Called::Lost { reason } }
}

/// A JSON-RPC error for people.
pub(crate) fn json_rpc_reason(error: &ErrorData) -> String {
    format!("JSON-RPC error {}: {}", error.code.0, sentence(&error.message))
}

/// Text of a server, redacted and not endless.
pub(crate) fn sentence(text: &str) -> String {
    let text = redact(text);
    let end = (0..=SENTENCE.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
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
        let result: ServerResult = serde_json::from_value(result.clone()).unwrap();
        assert_eq!(&answered(&result), expected);
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

    #[test]
    fn texts_and_strings_are_redacted_and_names_do_not_matter() {
        check(
            &json!({
                "content": [{ "type": "text", "text": "GET /me?access_token=EAAB12 failed" }],
                "structuredContent": { "next_page_token": "abc", "error": ["bearer abcdef123"] },
                "isError": true,
            }),
            &ToolAnswer {
                is_error: true,
                structured: Some(json!({ "next_page_token": "abc", "error": ["bearer [redacted]"] })),
                texts: vec!["GET /me?access_token=[redacted] failed".to_owned()],
                ..ToolAnswer::default()
            },
        );
    }

    #[test]
    fn an_error_of_the_protocol_proves_nothing() {
        let ticket = Ticket::new(Arc::new(TokioClock), Utc::now() + TimeDelta::hours(1), None);
        ticket.take().unwrap();
        for code in [-32602, -32601, -32603, -32600, -32000] {
            let error = ServiceError::McpError(ErrorData::new(ErrorCode(code), "bad token=abcdef", None));
            let reason = format!("JSON-RPC error {code}: bad token=[redacted]");
            assert_eq!(failed(&error, &ticket), Some(Called::Failed { reason }));
        }
    }

    #[test]
    fn sentences_end_between_characters() {
        let long = "\u{20ac}".repeat(1_000);
        assert_eq!(sentence(&long).len(), 1_023);
        assert_eq!(sentence("short"), "short");
    }
}
