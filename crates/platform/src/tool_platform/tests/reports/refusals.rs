//! Answers of tools that act, which read like refusals.

use EffectKind::{Follow, Like, Publish, Share};

use super::super::odd_answers::{PROFILE, sentence, told, told_by};
use super::super::*;
use super::check;

/// *Already*: of whom, and of what.
#[test]
fn already() {
    let mut rows = Vec::new();
    for (kind, target, text, allowed) in [
        (Follow, "@ann", "@ann is already following you", "unknown"),
        (Follow, "@ann", "ann is already following your account; HTTP 403", "unknown"),
        (
            Follow,
            "@ann",
            "You have already followed many people today, slow down. HTTP 429",
            "unknown|not PlatformRateLimit",
        ),
        (Follow, "@ann", "You've already followed several accounts recently", "unknown"),
        (Follow, "@ann", "You have already followed your daily limit of accounts", "unknown"),
        (
            Follow,
            "@ann",
            "HTTP 403: your other account already follows ann; you have already followed a lot",
            "unknown|not ContentPolicyViolation",
        ),
        (Like, "1755", "You have already liked a lot of posts in the last hour", "unknown"),
        (Like, "1755", "You have already liked the allowed number of posts", "unknown"),
        (Like, "1755", "This post was already liked by 5 others", "unknown"),
        (
            Like,
            "1755",
            "The author already liked your comment; HTTP 403",
            "unknown|not ContentPolicyViolation",
        ),
        (
            Like,
            "1755",
            "Only followers can like; are you already following? HTTP 403",
            "unknown|not ContentPolicyViolation",
        ),
        (Like, "1755", "An unlike is needed: post 555 is already liked", "unknown|done"),
        (Follow, "@ann", "Cannot send the request because you already follow ann", "done"),
        (Follow, "@ann", "You cannot follow ann since you are already following her", "done"),
        (Like, "1755", "Validation failed: Status has already been taken (HTTP 422)", "unknown|done"),
        (Like, "1755", "HTTP 400 Bad Request: Like already exists", "unknown|done"),
        (Like, "1755", "HTTP 422 Unprocessable: duplicate like", "unknown|done"),
        (Like, "1755", "HTTP 403: You cannot like a Tweet that you have already liked", "done|unknown"),
        (Follow, "@ann", "HTTP 403: You've already requested to follow ann.", "unknown|done"),
        (Follow, "@ann", "HTTP 403: a follow request is already pending", "unknown|done"),
        (Follow, "@ann", "HTTP 400: Already a follower", "unknown|done"),
        (Follow, "@ann", "HTTP 400: relationship already exists", "unknown|done"),
        (Like, "1755", "HTTP 400: already voted", "unknown|done"),
        (Like, "1755", "HTTP 400: you already like this", "done"),
        (Like, "1755", "HTTP 400 Bad Request: ALREADY_LIKED", "done|unknown"),
    ] {
        let found = told(kind, target, "", sentence(true, text));
        let found = found.split(' ').next().map_or_else(String::new, |first| {
            if first == "done" { "done".to_owned() } else { found.clone() }
        });
        rows.push((format!("{kind:?} isError {text:?}"), allowed.to_owned(), found));
    }
    let share = format!("{PROFILE}\n    [platforms.twitter.share]\n    tool = \"follow\"\n    arguments = {{ to = \"{{target}}\" }}\n    reads_back = false\n    target_kind = \"post\"\n    id = \"/id\"\n    settle_ms = 1\n").replace("    settle_ms = 1\n", "");
    for (text, allowed) in [
        ("HTTP 422 Unprocessable Entity: Validation failed: Reblog of status already exists", "unknown|done"),
        ("HTTP 403: You have already retweeted this Tweet.", "done"),
        ("HTTP 400: You cannot retweet a Tweet that you have already retweeted.", "done|unknown"),
        ("HTTP 403: sharing is not permissible for this Tweet (you already reposted it)", "done|unknown"),
    ] {
        let found = told_by(&share, Share, "1755", "", sentence(true, text));
        let found = found.split(' ').next().map_or_else(String::new, |first| {
            if first == "done" { "done".to_owned() } else { found.clone() }
        });
        rows.push((format!("share isError {text:?}"), allowed.to_owned(), found));
    }
    check(rows);
}

/// Refused as a duplicate, in other words.
#[test]
fn duplicates() {
    let mut rows = Vec::new();
    for text in [
        "HTTP 403 Forbidden: An identical tweet already exists",
        "HTTP 400 Bad Request: Tweet already exists",
        "HTTP 422 Unprocessable Entity: this post already exists",
        "HTTP 400: Duplicate reply",
        "HTTP 403 Forbidden: this looks like a duplicate",
        "HTTP 400: duplicated content detected",
        "HTTP 400: Duplicate entry",
        "HTTP 422: Text has already been taken",
        "HTTP 400: ALREADY_SUB that link has already been submitted",
        "HTTP 400: you have already sent this message",
        "HTTP 403: repetitive content",
        "HTTP 400 uploadStatus rejected rejectionReason duplicate",
        "HTTP 400: Content is not unique",
        "HTTP 403: Doppelter Beitrag",
        "HTTP 403: Contenido duplicado",
        "HTTP 400: \u{91cd}\u{590d}\u{5185}\u{5bb9}",
        "HTTP 400: \u{5185}\u{5bb9}\u{91cd}\u{590d}",
        "HTTP 400 repeat content!",
        "HTTP 403: Whoops! You already said that.",
        "HTTP 400: You posted this recently",
        "HTTP 422: A post with this text was made 2 minutes ago",
        "HTTP 400: DUPLICATE_CONTENT",
        "HTTP 422: com.linkedin.content.common.exception.DuplicatePostException",
        "HTTP 400: error_subcode 1455006, same link posted too often",
    ] {
        rows.push((
            format!("isError {text:?}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, sentence(true, text)),
        ));
    }
    for structured in [
        json!({ "error": { "status": 403, "code": 187, "message": "Status is a duplicate." } }),
        json!({ "status": 403, "title": "Forbidden", "detail": "You are not allowed to create a Tweet with duplicate content." }),
        json!({ "error": { "code": "20019", "message": "repeat content!", "status": 400 } }),
        json!({ "errors": [{ "code": "187", "message": "no" }], "status": 403 }),
        json!({ "json": { "errors": [["ALREADY_SUB", "that link has already been submitted", "url"]] }, "status": 400 }),
    ] {
        rows.push((
            format!("isError {structured}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, said(true, structured)),
        ));
    }
    check(rows);
}

/// Words about arguments and tools that are not the server's about our call.
#[test]
fn faults_of_another_call() {
    let may_read_back = PROFILE.replace("reads_back = false", "");
    let mut rows = Vec::new();
    for text in [
        "Unknown tool: get_permalink",
        "Tool get_insights not found",
        "Tool 'fetch_post' does not exist",
        "HTTP 400 Bad Request: invalid params for GET /17/insights",
        "Graph API: HTTP 400 missing required argument fields",
        "HTTP 400: Invalid arguments",
        "GET /insights: bad arguments",
        "1 validation error for call[fetch_permalink]",
        "2 validation errors for PermalinkArguments",
        "MCP error -32602: Invalid params",
        "McpError: MCP error -32601: Unknown tool: get_post",
        "upstream: JSON-RPC error -32602 invalid params",
        "call get_post again with confirm=true",
        "Error in step 2 (read): invalid arguments",
    ] {
        rows.push((
            format!("may read back, isError {text:?}"),
            "unknown".to_owned(),
            told_by(&may_read_back, Publish, "", TEXT, sentence(true, text)),
        ));
    }
    for (text, allowed) in [
        ("Unknown tool: post", "not PlatformNotConfigured"),
        ("Input validation error: 'text' is a required property", "not ValidationError"),
        (
            "MCP error -32602: Input validation error: Invalid arguments for tool post: text required",
            "not ValidationError|unknown",
        ),
        ("1 validation error for call[post]", "not ValidationError"),
    ] {
        rows.push((
            format!("honest, may read back, isError {text:?}"),
            allowed.to_owned(),
            told_by(&may_read_back, Publish, "", TEXT, sentence(true, text)),
        ));
    }
    check(rows);
}

/// Lost on a retry: a refusal of the first try, and no answer of the second.
#[test]
fn lost_on_a_retry() {
    let mut rows = Vec::new();
    for lost in [
        "fetch failed",
        "ETIMEDOUT",
        "ESOCKETTIMEDOUT",
        "EPIPE",
        "context deadline exceeded",
        "DEADLINE_EXCEEDED",
        "context canceled",
        "AbortError: The operation was aborted",
        "This operation was aborted",
        "TypeError: terminated",
        "premature close",
        "Unexpected end of JSON input",
        "Unexpected token < in JSON at position 0",
        "stream error: GOAWAY",
        "request canceled",
        "ERR_HTTP2_STREAM_CANCEL",
        "UND_ERR_SOCKET other side closed",
        "no response received",
        "empty reply from server",
        "socket closed",
        "server closed the stream",
        "ReadTimeout",
        "HTTPSConnectionPool: Read timed out",
        "Max retries exceeded",
        "Gateway Timeout",
        "status 0",
        "SSL: UNEXPECTED_EOF_WHILE_READING",
        "i/o timeout",
        "worker was killed",
        "interrupted",
    ] {
        let text = format!("HTTP 429 Too Many Requests; retried once: {lost}");
        rows.push((
            format!("isError {text:?}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, sentence(true, &text)),
        ));
        let text = format!("HTTP 401 Unauthorized, token refreshed, sent again: {lost}");
        rows.push((
            format!("isError {text:?}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, sentence(true, &text)),
        ));
    }
    check(rows);
}
