//! What speaks against a sign of success or of a refusal: words about another call, about a second send, and about what is not public.

use super::odd_answers::{PROFILE, told_by};
use super::*;

pub(super) fn raised(text: &str) -> Called {
    Called::Answered(ToolAnswer { is_error: true, texts: vec![text.to_owned()], ..ToolAnswer::default() })
}

/// Faults in a call of another tool are told after the tool that was called had begun.
#[test]
fn faults_of_another_call_are_no_faults_of_ours() {
    let mut wrong = Vec::new();
    for text in [
        "Error calling tool 'post': 1 validation error for call[record_metrics]\nname\n  Missing required argument",
        "Error executing tool post: 1 validation error for AuditArguments\nid\n  Field required",
        "Unknown tool: notify_slack",
        "tool `audit_log` not found",
        "Input validation error: 'channel' is a required property for tool 'notify_slack'",
    ] {
        let answer = ToolAnswer { is_error: true, texts: vec![text.to_owned()], ..ToolAnswer::default() };
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", Called::Answered(answer));
        if !told.starts_with("unknown") {
            wrong.push(format!("{told}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What fastmcp 4.1.2 and mcp 1.x really say when the tool `post` posted, and a tool that it called then was not there
/// or was called wrongly; by a profile with the default `reads_back`.
#[test]
fn what_sdks_say_of_a_tool_that_a_tool_called() {
    let profile = PROFILE.replace("reads_back = false", "");
    let mut wrong = Vec::new();
    for text in [
        "Unknown tool: 'notify_slack'",
        "2 validation errors for call[notify]\nchannel\n  Missing required argument [type=missing_argument, input_value={'chanel': 'a'}, input_type=dict]",
        "Error executing tool post: Unknown tool: notify_slack",
        "Error executing tool post: Error executing tool notify: 1 validation error for notifyArguments\nchannel\n  Field required",
    ] {
        let told = told_by(&profile, EffectKind::Publish, "", "A text of ours", raised(text));
        if !told.starts_with("unknown") {
            wrong.push(format!("{told}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A refusal of a second send, or one whose platform may have done it all, by a tool that asks nothing after its write.
#[test]
fn words_of_doubt_beside_a_refusal() {
    let mut wrong = Vec::new();
    for text in [
        "403: the request may have been processed; do not retry",
        "HTTP 429 Too Many Requests (attempt 2 of 3, after a broken pipe)",
        "HTTP 429 on retry 2; first attempt got no reply",
        "409 Conflict then 403 Forbidden",
        "Giving up after 3 attempts: [503, 429, 403]",
        "Request failed with status code 403 after 2 retries (last error), earlier: socket closed unexpectedly",
        "HTTP 403 on retry",
        "retried 3 times, HTTP 429",
    ] {
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", raised(text));
        if !told.starts_with("unknown") {
            wrong.push(format!("{told}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `FastMCP`'s `ErrorHandlingMiddleware` words every `ValueError` of a tool that ran so (fastmcp#1606).
#[test]
fn invalid_params_of_a_tool_that_ran() {
    let mut wrong = Vec::new();
    for text in [
        "Invalid params: Expecting value: line 1 column 1 (char 0)",
        "Invalid params: 1 validation error for Post\npermalink\n  Field required [type=missing, input_value={'id': None}, input_type=dict]",
        "Invalid params: Invalid isoformat string: ''",
        "Invalid params: time data '' does not match format '%Y-%m-%dT%H:%M:%S%z'",
        "Error calling tool 'post': Invalid params: not enough values to unpack",
    ] {
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", raised(text));
        if !told.starts_with("unknown") {
            wrong.push(format!("{told}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// An id beside a word that says that it is not public yet, or not at all.
#[test]
fn an_id_beside_a_word_for_not_yet_is_not_public() {
    let mut wrong = Vec::new();
    for word in [
        "PROCESSING",
        "IN_PROGRESS",
        "processing_upload",
        "uploading",
        "in_review",
        "under_review",
        "PUBLISH_REQUESTED",
        "SEND_TO_USER_INBOX",
        "waiting",
        "unpublished",
        "private",
        "hidden",
        "deferred",
        "not_published",
        "saved",
        "transcoding",
        "submitted",
        "awaiting_moderation",
        "NOT_PUBLIC",
        "no_longer_available",
    ] {
        for (name, answer) in [
            ("status", json!({ "id": "17", "status": word })),
            ("lifecycleState", json!({ "id": "17", "lifecycleState": word })),
        ] {
            let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", said(false, answer));
            if !told.starts_with("unknown") && !told.starts_with("not") {
                wrong.push(format!("{told}: {name} {word}"));
            }
        }
    }
    for (name, answer) in [
        ("visibility", json!({ "id": "17", "visibility": "private" })),
        ("privacy_level", json!({ "id": "17", "privacy_level": "SELF_ONLY" })),
        ("privacyStatus", json!({ "id": "17", "privacyStatus": "private" })),
        ("scheduled_at", json!({ "id": "17", "scheduled_at": "2027-02-01T00:00:00Z" })),
        ("draft", json!({ "id": "17", "is_draft": true })),
        ("public", json!({ "id": "17", "public": false })),
        ("note", json!({ "id": "17", "message": "Saved to drafts" })),
        ("queued", json!({ "id": "17", "message": "Post queued for publishing" })),
        ("scheduled", json!({ "id": "17", "message": "Scheduled for tomorrow 9:00" })),
    ] {
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", said(false, answer));
        if !told.starts_with("unknown") && !told.starts_with("not") {
            wrong.push(format!("{told}: {name}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A gateway that hands on what the server behind it said, envelope and all.
#[test]
fn an_envelope_has_no_post_id() {
    let text =
        |text: &str| Called::Answered(ToolAnswer { texts: vec![text.to_owned()], ..ToolAnswer::default() });
    let mut wrong = Vec::new();
    for said in [
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"{\"id\":\"1755\"}"}]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"Failed to publish: 403"}]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"Failed to publish"}],"isError":true}}"#,
        r#"{"id":"req_8f2","content":[{"type":"text","text":"Error: HTTP 403 Forbidden"}]}"#,
        r#"{"id":"17","content":{"success":false,"error":"rate limited"}}"#,
        r#"{"id":"17","account":{"status":"suspended","error":"account suspended"}}"#,
        r#"{"id":"17","user":{"id":"5"},"target":{"success":false}}"#,
        r#"{"id":"msg_1","type":"tool_result","is_error":true,"content":"could not post"}"#,
    ] {
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", text(said));
        if told.starts_with("done") {
            wrong.push(format!("{told}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
