//! Answers of tools that act.

use EffectKind::{Follow, Like, Publish, Share};

use super::super::odd_answers::{PROFILE, sentence, told, told_by};
use super::super::*;
use super::check;

/// Success that is none: an id beside members or words that say that it was not done.
#[test]
fn id_beside_a_no() {
    let with = |sign: Value| {
        let mut answer = json!({ "id": "P" });
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    let mut rows = Vec::new();
    for sign in [
        json!({ "published": false }),
        json!({ "is_published": false }),
        json!({ "posted": false }),
        json!({ "successful": false }),
        json!({ "isSuccess": false }),
        json!({ "is_success": "false" }),
        json!({ "result": "fail" }),
        json!({ "result": "error" }),
        json!({ "stat": "fail" }),
        json!({ "code": 403 }),
        json!({ "errcode": 40001, "errmsg": "x" }),
        json!({ "errno": -6, "errmsg": "x" }),
        json!({ "ret": -1 }),
        json!({ "err": "rate limit" }),
        json!({ "exception": "ValueError" }),
        json!({ "failed": 2, "succeeded": 1 }),
        json!({ "failed": ["twitter"], "posted": ["mastodon"] }),
        json!({ "failures": ["twitter"] }),
        json!({ "error_count": 1 }),
        json!({ "failedCount": 1 }),
        json!({ "failure": true }),
        json!({ "rejected": true }),
        json!({ "blocked": true }),
        json!({ "status": "partial" }),
        json!({ "status": "partially_published" }),
        json!({ "status": "publish_failed" }),
        json!({ "status": "cancelled" }),
        json!({ "status": "NEEDS_APPROVAL" }),
        json!({ "status": "scheduled" }),
        json!({ "status": "QUEUE" }),
        json!({ "state": "queued" }),
        json!({ "status": "draft" }),
        json!({ "state": "DRAFT" }),
        json!({ "post_status": "FAILED" }),
        json!({ "publish_status": "failed" }),
        json!({ "publishStatus": { "code": "ERROR" } }),
        json!({ "status_code": "ERROR" }),
        json!({ "status_code": "EXPIRED" }),
        json!({ "status": { "uploadStatus": "rejected", "rejectionReason": "duplicate" } }),
        json!({ "status": { "uploadStatus": "failed" } }),
        json!({ "moderationStatus": "heldForReview" }),
        json!({ "moderationStatus": "rejected" }),
        json!({ "dry_run": true }),
        json!({ "dryRun": true }),
        json!({ "simulated": true }),
        json!({ "mock": true }),
        json!({ "info": "Failed to publish" }),
        json!({ "statusText": "Forbidden" }),
        json!({ "status_message": "Could not publish" }),
        json!({ "result": "Failed to publish" }),
        json!({ "output": "Error: 429" }),
        json!({ "message": { "text": "Failed to publish" } }),
        json!({ "message": "\u{53d1}\u{5e03}\u{5931}\u{8d25}" }),
        json!({ "message": "Fehler beim Ver\u{f6}ffentlichen" }),
        json!({ "message": "La publication a \u{e9}chou\u{e9}" }),
        json!({ "message": "Your post wasn't published" }),
        json!({ "message": "Your post has not yet been published" }),
        json!({ "message": "Post is held for review" }),
        json!({ "message": "Post skipped" }),
        json!({ "message": "Your account is suspended" }),
        json!({ "message": "Rate limited, try again later" }),
        json!({ "message": "Dry run: nothing happened" }),
        json!({ "message": "It was removed by the platform" }),
        json!({ "warning": { "message": "could not publish" } }),
        json!({ "warnings": [{ "text": "could not publish" }] }),
    ] {
        rows.push((
            format!("id beside {sign}"),
            "unknown P|not PlatformNotConfigured".to_owned(),
            told(Publish, "", TEXT, said(false, with(sign))),
        ));
    }
    for sign in [
        json!({ "code": 200 }),
        json!({ "code": 0 }),
        json!({ "errcode": 0, "errmsg": "ok" }),
        json!({ "errors": null, "error": null }),
        json!({ "status": "published" }),
        json!({ "status": "success", "message": "Published" }),
        json!({ "failed": [], "posted": ["twitter"] }),
        json!({ "failed": 0 }),
        json!({ "warnings": [] }),
        json!({ "error": "" }),
        json!({ "error": "None" }),
        json!({ "rate_limit": { "remaining": 49, "limit": 50 } }),
        json!({ "possibly_sensitive": false, "truncated": false, "favorited": false, "retweeted": false }),
        json!({ "conversation": { "muted": false } }),
        json!({ "in_reply_to_status_id": null }),
        json!({ "message": "Posted. No errors." }),
        json!({ "message": "Post created successfully; 0 failed" }),
        json!({ "scheduled_at": null, "isDraft": false }),
    ] {
        rows.push((
            format!("honest: id beside {sign}"),
            "done P".to_owned(),
            told(Publish, "", TEXT, said(false, with(sign))),
        ));
    }
    check(rows);
}

/// A refusal beside a sign of a post in odd words or members.
#[test]
fn refusal_beside_a_sign() {
    let limited = |sign: Value| {
        let mut answer = json!({ "error": { "status": 429, "message": "Too Many Requests" } });
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        said(true, answer)
    };
    let mut rows = Vec::new();
    for text in [
        "Error: failed to add the first comment to the published post: HTTP 429 Too Many Requests",
        "Failed to save the published post to the database: HTTP 403 Forbidden",
        "Could not update analytics for the created tweet: HTTP 429",
        "Unable to get permalink of the published post: HTTP 429",
        "Failed to pin the posted tweet: HTTP 403 Forbidden",
        "Failed to delete the temporary media after posting (tweet is up): HTTP 429",
        "Error while attaching a poll to the created post: HTTP 400 Bad Request",
        "Cannot fetch insights of the published reel (#4) Application request limit reached",
        "Failed to notify followers of published post. HTTP 429",
        "No permalink returned for the published post: HTTP 429",
        "Failed posting reply 2 of 3, reply 1 is up: HTTP 429",
        "Thread partially posted (1/3): HTTP 429",
        "1 of 3 tweets posted before HTTP 429",
        "Post is up at https://x.com/me/status/17 but HTTP 429 Too Many Requests",
        "https://x.com/me/status/17 (HTTP 429 Too Many Requests on metrics)",
        "The post went through but metrics said HTTP 429",
        "Done! Then HTTP 429 Too Many Requests",
        "Tweet id=17; metrics: HTTP 429 Too Many Requests",
        "HTTP 403: comment is awaiting moderation",
        "HTTP 403: your post is pending review",
        "Media published; HTTP 429",
        "Upload complete, HTTP 429",
        "Beitrag wurde erstellt, dann HTTP 429",
        "Publication r\u{e9}ussie, mais HTTP 429",
        "Enviado com sucesso, mas HTTP 429",
        "\u{6295}\u{7a3f}\u{6e08}\u{307f} HTTP 429",
        "\u{53d1}\u{5e16}\u{6210}\u{529f} HTTP 429",
        "\u{5df2}\u{53d1}\u{9001} HTTP 429",
    ] {
        rows.push((
            format!("isError {text:?}"),
            "unknown|unknown 17".to_owned(),
            told(Publish, "", TEXT, sentence(true, text)),
        ));
    }
    for sign in [
        json!({ "tweet": { "id": "17" } }),
        json!({ "data": { "id": "17" } }),
        json!({ "status_id": "17" }),
        json!({ "id_str": "17" }),
        json!({ "media_id": "17", "shortcode": "Cabc" }),
        json!({ "link": "https://x.com/me/status/17" }),
        json!({ "data": { "link": "https://x.com/me/status/17" } }),
        json!({ "post_ids": ["17"] }),
        json!({ "postIds": [{ "status": "success", "id": "17", "platform": "twitter" }] }),
        json!({ "tweets": [{ "id": "17" }] }),
        json!({ "published_ids": ["17"] }),
        json!({ "message_id": "17" }),
        json!({ "ugcPost": "urn:li:ugcPost:17" }),
        json!({ "activity": "urn:li:activity:17" }),
        json!({ "status": "published" }),
        json!({ "state": "PUBLISHED" }),
        json!({ "publish_status": "PUBLISH_COMPLETE" }),
        json!({ "is_published": true }),
        json!({ "was_posted": true }),
        json!({ "partial": true, "completed": 1, "total": 3 }),
        json!({ "published_count": 1 }),
        json!({ "posted": ["17"] }),
        json!({ "succeeded": ["mastodon", "twitter"] }),
        json!({ "success": ["17"] }),
    ] {
        rows.push((
            format!("429 beside {sign}"),
            "unknown|unknown 17".to_owned(),
            told(Publish, "", TEXT, limited(sign)),
        ));
    }
    for (text, allowed) in [
        ("HTTP 429 Too Many Requests: nothing was posted", "not PlatformRateLimit"),
        ("HTTP 401 Unauthorized", "not PlatformAuthInvalid"),
        ("The post was not published: HTTP 429", "not PlatformRateLimit"),
        ("Failed to create tweet: HTTP 403 Forbidden", "not ContentPolicyViolation"),
        ("Error posting tweet: HTTP 400 Bad Request", "not ValidationError"),
        ("Request failed with status code 401", "not PlatformAuthInvalid"),
        ("Tweet could not be sent: HTTP 429", "not PlatformRateLimit"),
        ("HTTP 403 Forbidden: You are not permitted to perform this action", "not ContentPolicyViolation"),
        ("The tweet has not been posted: HTTP 429", "not PlatformRateLimit"),
        ("Before the tweet was posted: HTTP 401 Unauthorized", "not PlatformAuthInvalid|unknown"),
        ("Post limit reached; you have posted 17 times: HTTP 429", "unknown|not PlatformRateLimit"),
    ] {
        rows.push((
            format!("honest isError {text:?}"),
            allowed.to_owned(),
            told(Publish, "", TEXT, sentence(true, text)),
        ));
    }
    check(rows);
}

/// Ids that a program printed for nothing, and ids that are not exact.
#[test]
fn ids_of_nothing() {
    let mut rows = Vec::new();
    for id in [
        json!("<nil>"),
        json!("%!s(<nil>)"),
        json!("(null)"),
        json!("<null>"),
        json!("Optional(17)"),
        json!("{id}"),
        json!("${id}"),
        json!("{{id}}"),
        json!("%s"),
        json!(":id"),
        json!("$id"),
        json!("<id>"),
        json!("YOUR_POST_ID"),
        json!("[]"),
        json!("{}"),
        json!("[object"),
        json!("\"17\""),
        json!("'17'"),
        json!("b'17'"),
        json!("-Infinity"),
        json!("NULL"),
        json!("Null"),
        json!("NIL"),
        json!("NA"),
        json!("n.a."),
        json!("unset"),
        json!("missing"),
        json!("empty"),
        json!("unavailable"),
        json!("scheduled"),
        json!("skipped"),
        json!("duplicate"),
        json!("dry-run"),
        json!("dry_run"),
        json!("mock"),
        json!("preview"),
        json!("rate_limited"),
        json!("failed_17"),
        json!("error:429"),
        json!("1,755,123"),
        json!("1.755.123"),
        json!("0x0"),
        json!("0.0"),
        json!("\u{2026}"),
        json!("..."),
        json!("--"),
        json!("_"),
        json!("?"),
        json!("???"),
        json!("*"),
        json!("#"),
        json!("null_null"),
        json!("urn:li:share:"),
        json!("urn:li:share:null"),
        json!("urn:li:share:0"),
        json!("urn:li:share:NaN"),
        json!("undefined.17"),
        json!("17-undefined"),
        json!("at://undefined/app.bsky.feed.post/3k"),
        json!("https://x.com/me/status/undefined"),
        json!("https://x.com/undefined/status/17"),
        json!("Promise"),
        json!("<Response"),
        json!("nan_17"),
        json!("None_17"),
        json!("NONE"),
        json!("17n"),
    ] {
        rows.push((
            format!("id {id}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, said(false, json!({ "id": id }))),
        ));
    }
    for (text, allowed) in [
        ("Uploaded media id 555. Posted tweet 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Tweet posted! Tweet ID: 17", "done 17"),
        ("Tweet posted! id: <nil>", "unknown"),
        ("Quoting tweet 555 by @ann. Posted tweet 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Previous tweet 555 was a draft; posted id 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Posted tweets: tweet 17, tweet 18", "unknown|unknown 17|done 17"),
        ("Account id 99, tweet 17 posted", "unknown|unknown 17|unknown 99|done 17"),
    ] {
        rows.push((
            format!("text {text:?}"),
            allowed.to_owned(),
            told(Publish, "", TEXT, sentence(false, text)),
        ));
    }
    check(rows);
}

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

/// What a pattern takes, blocks, and forms of JSON.
#[test]
fn blocks_and_words() {
    let mut rows = Vec::new();
    let texts = |is_error, texts: &[&str], structured: Option<Value>| {
        Called::Answered(ToolAnswer {
            is_error,
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            structured,
            result_type: None,
        })
    };
    for (source, ours_text, called, allowed) in [
        ("captured HTTP", TEXT, sentence(false, "Posted tweet: HTTP 201"), "unknown"),
        ("captured ID", TEXT, sentence(false, "Tweet ID: pending"), "unknown"),
        ("captured ID, the id follows", TEXT, sentence(false, "Posted. Tweet ID: 17"), "done 17"),
        (
            "captured URL",
            TEXT,
            sentence(false, "Posted tweet: URL https://x.com/me/status/17"),
            "unknown|unknown 17|done 17",
        ),
        (
            "captured https",
            TEXT,
            sentence(false, "Posted tweet: https://x.com/me/status/17"),
            "unknown|unknown 17|done 17",
        ),
        ("captured OK", TEXT, sentence(false, "Tweet: OK"), "unknown"),
        (
            "captured a number of something else",
            TEXT,
            sentence(false, "Posted tweet 1 of 3"),
            "unknown|unknown 1",
        ),
        ("captured a time", TEXT, sentence(false, "Posted tweet 2027-01-15 08:00"), "unknown|unknown 2027"),
        ("captured a mention", TEXT, sentence(false, "Posted tweet Ann liked"), "unknown"),
        (
            "PostID empty (xiaohongshu-mcp#138)",
            TEXT,
            sentence(false, "ok: &{Title:x Status:done id:}"),
            "unknown",
        ),
        ("PostID nil", TEXT, sentence(false, "ok: &{Title:x Status:done id: <nil>}"), "unknown"),
        ("in a fence", TEXT, texts(false, &["```json\n{\"id\":\"P\"}\n```"], None), "done P"),
        ("with a byte order mark", TEXT, texts(false, &["\u{feff}{\"id\":\"P\"}"], None), "done P"),
        ("words, then JSON", TEXT, texts(false, &["Posted!", "{\"id\":\"P\"}"], None), "done P"),
        ("words and JSON in one", TEXT, texts(false, &["Posted: {\"id\":\"P\"}"], None), "done P|unknown"),
        (
            "two ids in two blocks",
            TEXT,
            texts(false, &["{\"id\":\"P\"}"], Some(json!({ "id": "Q" }))),
            "unknown|unknown Q|unknown P",
        ),
        (
            "two ids in two blocks, no structure",
            TEXT,
            texts(false, &["{\"id\":\"P\"}", "{\"id\":\"Q\"}"], None),
            "unknown|unknown P",
        ),
        ("a list of two", TEXT, said(false, json!([{ "id": "P" }, { "id": "Q" }])), "unknown"),
        (
            "ours says so (23 letters)",
            "Successfully published!",
            sentence(true, "Successfully published! Then HTTP 429 Too Many Requests"),
            "unknown",
        ),
        (
            "ours says so",
            "The post was published today",
            sentence(true, "The post was published today, and reading it back: HTTP 429"),
            "unknown|not PlatformRateLimit",
        ),
        ("Python's repr", TEXT, texts(false, &["{'id': 'P', 'success': False}"], None), "unknown|unknown P"),
        (
            "X, code as text",
            TEXT,
            said(true, json!({ "errors": [{ "code": "89", "message": "no" }], "status": 401 })),
            "not PlatformAuthInvalid",
        ),
        ("gRPC deadline", TEXT, said(true, json!({ "code": 4, "message": "DEADLINE_EXCEEDED" })), "unknown"),
        (
            "nested refusal without isError",
            TEXT,
            said(
                false,
                json!({ "result": { "error": { "status": 429, "message": "Too Many Requests" } }, "x": 1 }),
            ),
            "unknown|not PlatformRateLimit",
        ),
        (
            "Instagram's fail (mgp25#1756)",
            TEXT,
            said(false, json!({ "message": "feedback_required", "spam": true, "status": "fail", "id": "P" })),
            "unknown P",
        ),
    ] {
        rows.push((format!("{source} {called:?}"), allowed.to_owned(), told(Publish, "", ours_text, called)));
    }
    check(rows);
}
