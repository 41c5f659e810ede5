//! What public reports and documentation tell of answers and lists, many to a kind: each row says what the rules allow, with
//! `|` between values that are both safe. A new report is one more row.

use EffectKind::{Follow, Like, Publish, Reply, Share};

use super::look::{Owners, look, named, question, told as seen};
use super::odd_answers::{PROFILE, sentence, told, told_by};
use super::odd_lists::{OURS, PROFILE as LISTS, item, other, ours, page, post_of, shown, whole};
use super::*;

/// Compares what was told with what is allowed, and names every row that differs.
fn check(rows: Vec<(String, String, String)>) {
    let differ = |(_, allowed, told): &(String, String, String)| !allowed.split('|').any(|one| one == told);
    let failing: Vec<_> = rows
        .into_iter()
        .filter(differ)
        .map(|(row, allowed, told)| format!("{row}\n    allowed: {allowed}; told: {told}"))
        .collect();
    assert!(failing.is_empty(), "{} rows:\n{}", failing.len(), failing.join("\n"));
}

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
    let share = format!("{PROFILE}\n    [platforms.twitter.share]\n    tool = \"follow\"\n    arguments = {{ target = \"to\" }}\n    reads_back = false\n    target_kind = \"post\"\n    id = \"/id\"\n    settle_ms = 1\n").replace("    settle_ms = 1\n", "");
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

/// A list that says of itself that it is not whole or not read.
#[test]
fn lists_that_deny_themselves() {
    let mut rows = Vec::new();
    let base = json!({ "data": [other("a", -1)], "complete": true });
    let with = |sign: Value| {
        let mut answer = base.clone();
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    for sign in [
        json!({ "status": "FAILED" }),
        json!({ "status": "ERROR" }),
        json!({ "success": "false" }),
        json!({ "success": 0 }),
        json!({ "ok": "no" }),
        json!({ "error_message": "rate limit" }),
        json!({ "error_code": 190 }),
        json!({ "errorMessage": "timeline unavailable" }),
        json!({ "status": "403" }),
        json!({ "code": 403, "msg": "Forbidden" }),
        json!({ "meta": { "error": "timeline unavailable" } }),
        json!({ "meta": { "errors": [{ "detail": "x" }] } }),
        json!({ "meta": { "status": 403, "msg": "Forbidden" } }),
        json!({ "meta": { "message": "Not authorized to view this timeline" } }),
        json!({ "info": "Not authorized to view this timeline" }),
        json!({ "partial": true }),
        json!({ "incomplete_results": true }),
        json!({ "truncated": true }),
        json!({ "timed_out": true }),
        json!({ "stale": true }),
        json!({ "from_cache": true, "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "message": "Showing cached results" }),
        json!({ "message": "Results may be incomplete" }),
        json!({ "message": "Some posts are not shown" }),
        json!({ "warning": "partial results" }),
        json!({ "message": "Please log in to see all posts" }),
        json!({ "has_more": true }),
        json!({ "hasMore": true }),
        json!({ "meta": { "has_more": true, "next": null } }),
        json!({ "has_next_page": true }),
        json!({ "pageInfo": { "hasNextPage": true } }),
        json!({ "hidden_count": 2 }),
    ] {
        rows.push((
            format!("complete list beside {sign}"),
            "doubt|open".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![with(sign)]),
        ));
    }
    for (answers, allowed) in [
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "", "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": 0 } })], "absent"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "0" } })], "absent"),
        (vec![json!({ "meta": { "total": 0 } })], "absent"),
        (vec![json!({ "data": {}, "meta": { "total": 0 } })], "absent|open|doubt"),
        (
            vec![json!({ "data": [ours("p")], "meta": { "next": "c" } }), json!({ "data": [], "meta": {} })],
            "there p",
        ),
        (vec![json!({ "data": [null, ours("p")], "complete": true })], "doubt - p|there p"),
        (vec![json!({ "data": { "0": ours("p") }, "complete": true })], "there p|open"),
        (vec![json!({ "data": [other("a", -1)], "complete": "complete" })], "absent|doubt"),
        // Two pages, the second of which is the first again under another cursor (node-twitter-api-v2#404).
        (vec![page(&[other("a", -1)], 9, Some("c")), page(&[other("a", -1)], 9, None)], "doubt"),
        (vec![page(&[other("a", -1)], 1, Some("c")), page(&[ours("p")], 1, None)], "there p"),
    ] {
        rows.push((
            format!("pages {answers:?}"),
            allowed.to_owned(),
            shown(&post_of("me"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// A state look whose answer denies itself.
#[test]
fn states_in_between() {
    let mut rows = Vec::new();
    let like = question(&engagement(PlatformName::Twitter, Like, "1755", ""));
    for answer in [
        json!({ "liked": false, "error_message": "not logged in" }),
        json!({ "liked": false, "message": "Could not load the viewer's state" }),
        json!({ "liked": false, "success": "false" }),
        json!({ "liked": false, "status": "FAILED" }),
        json!({ "liked": false, "authenticated": false }),
        json!({ "liked": false, "pending": true }),
        json!({ "liked": false, "data": { "errors": ["x"] } }),
        json!({ "liked": false, "cached_at": "2027-01-15T06:00:00Z" }),
    ] {
        let found = shown(&like, &Owners::default(), vec![answer.clone()]);
        rows.push((format!("state {answer}"), "open|doubt".to_owned(), found));
    }
    // Follow by a list that marks what is pending.
    let follow = question(&engagement(PlatformName::Twitter, Follow, "@ann", ""));
    for (answer, allowed) in [
        (whole(&[json!({ "to": "ann", "pending": true })]), "doubt -|open|doubt"),
        (whole(&[json!({ "to": "ann", "status": "requested" })]), "doubt -|open|doubt"),
        (
            whole(&[json!({ "to": "ann", "outgoing_request": true, "following": false })]),
            "doubt -|open|doubt",
        ),
        (whole(&[json!({ "to": "\u{2068}ann\u{2069}" })]), "there|doubt -"),
        (whole(&[json!({ "to": "https://www.instagram.com/ann/?hl=en" })]), "there|doubt -"),
        (whole(&[json!({ "to": "\u{ff20}ann" })]), "there|doubt -"),
        (whole(&[json!({ "to": "ann_of\u{2026}" })]), "doubt -"),
    ] {
        let found = shown(&follow, &Owners::default(), vec![answer.clone()]);
        let found = if found.starts_with("there") { "there".to_owned() } else { found };
        rows.push((format!("follow list {answer}"), allowed.to_owned(), found));
    }
    let mut state = LISTS.to_owned();
    state.push_str("    [platforms.twitter.follow.state]\n    tool = \"state\"\n    arguments = { target = \"to\" }\n    confirm = { pointer = \"/following\", equals = true }\n");
    let state = state.replace("    [platforms.twitter.follow.list]\n    tool = \"list\"\n    own = true\n    items = \"/data\"\n    target = \"/to\"\n    complete = \"/complete\"\n", "");
    for answer in [
        json!({ "following": false, "requested": true }),
        json!({ "following": false, "pending_follow": true }),
        json!({ "following": false, "outgoing_request": true }),
        json!({ "following": false, "follow_request_sent": true }),
    ] {
        let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
        let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
            .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
        let profile = Profile::parse(&state).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![said(false, answer.clone())]);
        let found = seen(&look(&world, &follow, &Owners::default()));
        rows.push((format!("follow state {answer}"), "open|doubt".to_owned(), found));
    }
    check(rows);
}

/// Names of one account, one post.
#[test]
fn names() {
    let mut rows = Vec::new();
    for (account, author) in [
        ("me", "https://www.instagram.com/me/?hl=en"),
        ("me", "https://www.tiktok.com/@me?lang=en"),
        ("me", "https://www.linkedin.com/company/me/posts/"),
        ("me", "https://www.youtube.com/@me/videos"),
        ("me", "https://x.com/me#m"),
        ("me", "\u{ff20}me"),
        ("me", "\u{2068}me\u{2069}"),
        ("me", "me\u{200e}"),
        ("me", "me\u{2713}"),
        ("me", "&#64;me"),
        ("me", "[@me](https://x.com/me)"),
        ("me", "<@me>"),
        ("me", "me."),
        ("acme_official", "acme_off\u{2026}"),
        ("acme_official", "acme_off..."),
        ("jos\u{e9}", "jose\u{301}"),
        ("acmeinc", "Acme"),
        ("me@example.com", "me@social.example.com"),
        ("me.bsky.social", "did:plc:x"),
        ("urn:li:person:abc", "urn:li:member:12"),
        ("me", "u/me"),
        ("me", "acct:me@host.example"),
        ("me", "me (she/her)"),
        ("me", "%40me"),
        ("me", "'me'"),
        ("me", "\"me\""),
        ("me", "by me"),
        ("me", "ME"),
        ("me", "[deleted]"),
        ("me", "deleted"),
        ("me", "unknown"),
        ("me", "null"),
        ("me", "undefined"),
        ("me", "anonymous"),
        ("me", "0"),
        ("me", ""),
        ("12345", "0"),
        ("12345", "-1"),
    ] {
        let found =
            shown(&post_of(account), &Owners::default(), vec![whole(&[item("p", OURS, -50, author)])]);
        rows.push((format!("account {account:?}, author {author:?}"), "there p|doubt p".to_owned(), found));
    }
    let text = "Well said, and I agree";
    for (target, listed) in [
        ("Ugxyz.9AbCdE", json!("Ugxyz")),
        ("1abc", json!("t3_1abc")),
        ("t3_1abc", json!("1abc")),
        ("723F24D7-E717-40F8-A2B6-CB8464CD23B4", json!("723f24d7-e717-40f8-a2b6-cb8464cd23b4")),
        ("1755123456789012345", json!(1_755_123_456_789_012_480_u64)),
        ("1755123456789012345", json!(1.755_123_456_789_012_4e18)),
        ("1755", json!("0")),
        ("1755", json!(0)),
        ("1755", json!("null")),
        ("abc1", json!("null")),
        ("abc1", json!("undefined")),
        ("abc1", json!("None")),
        ("abc1", json!("abc1\u{200b}")),
        ("abc1", json!("#abc1")),
        ("urn:li:share:1", json!("urn%3Ali%3Ashare%3A1")),
        ("3k", json!("at://did:plc:x/app.bsky.feed.post/3k")),
    ] {
        let asked = question(&engagement(PlatformName::Twitter, Reply, target, text));
        let reply = json!({ "id": "r", "text": text, "at": at(-50).timestamp(), "to": listed });
        rows.push((
            format!("target {target:?}, listed {listed}"),
            "there r|doubt r".to_owned(),
            shown(&asked, &Owners::default(), vec![whole(&[reply])]),
        ));
    }
    check(rows);
}

/// Our post shown in another form: never absent.
#[test]
fn our_post_in_another_form() {
    let mut rows = Vec::new();
    let look_at = |text: &str, item: Value| {
        let content = post_of("me").effect.content().clone();
        let asked = question(&Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap());
        shown(&asked, &Owners::default(), vec![whole(&[item])])
    };
    for shown_text in [
        "This Post is from a suspended account. Learn more",
        "Post unavailable",
        "Tweet unavailable",
        "Deleted post",
        "Post Hidden",
        "Blocked post",
        "Post not found",
        "[Post not found]",
        "Hidden by the author",
        "This post can't be displayed",
        "This post cannot be shown",
        "The author of this post has requested their posts not be displayed on external sites.",
        "Age-restricted adult content. This content might not be appropriate for people under 18 years old.",
        "The following media includes potentially sensitive content. Change settings",
        "Sensitive content",
        "Content warning",
        "Your comment is awaiting moderation.",
        "Comment held for review",
        "Pending approval",
        "Under review",
        "Dieser Beitrag wurde entfernt",
        "Dieser Beitrag ist nicht verf\u{fc}gbar",
        "Este Tweet fue eliminado",
        "Cette publication n'est plus disponible",
        "\u{3053}\u{306e}\u{30dd}\u{30b9}\u{30c8}\u{306f}\u{524a}\u{9664}\u{3055}\u{308c}\u{307e}\u{3057}\u{305f}",
        "\u{6b64}\u{5fae}\u{535a}\u{5df2}\u{88ab}\u{4f5c}\u{8005}\u{5220}\u{9664}",
        "\u{6b64}\u{5185}\u{5bb9}\u{56e0}\u{8fdd}\u{89c4}\u{65e0}\u{6cd5}\u{67e5}\u{770b}",
        "Removed for violating Rule 3",
        "Taken down",
        "Media omitted",
        "null",
        "undefined",
        "None",
        "N/A",
        "(no text)",
        "[image]",
        "[photo]",
        "No caption",
        "[object Object]",
        "Loading...",
        "Translating\u{2026}",
        "Content not available in your region",
        "Not available",
        "Error loading post",
        "***** ****** **** ****** *****",
        "\u{2588}\u{2588}\u{2588}\u{2588} \u{2588}\u{2588}\u{2588}",
        "[redacted]",
        "[filtered]",
        "4f7572207370...",
    ] {
        rows.push((
            format!("ours {OURS:?} shown as {shown_text:?}"),
            "doubt p|there p".to_owned(),
            look_at(OURS, item("p", shown_text, -50, "me")),
        ));
    }
    let edited = |sign: Value| {
        let mut answer = item("p", "the weather is lovely in Lisbon", -50, "me");
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    for sign in [
        json!({ "isEditedByAuthor": true }),
        json!({ "lifecycleState": "PUBLISHED", "isEdited": true }),
        json!({ "edited_timestamp": at(-20).to_rfc3339() }),
        json!({ "edit_date": at(-20).timestamp() }),
        json!({ "last_edited_at": at(-20).to_rfc3339() }),
        json!({ "edit_count": 1 }),
        json!({ "hasBeenEdited": true }),
        json!({ "is_modified": true }),
        json!({ "edit_controls": { "edits_remaining": "4", "is_edit_eligible": true } }),
        json!({ "edit_history": { "initial_tweet_id": "p", "edit_tweet_ids": ["p", "q"] } }),
        json!({ "meta": { "edited": true } }),
        json!({ "translated": true, "lang": "pt" }),
        json!({ "is_translated": true }),
        json!({ "deleted": true }),
        json!({ "removed_by_category": "moderator" }),
        json!({ "withheld": { "country_codes": ["DE"] } }),
        json!({ "spoiler_text": "sale", "sensitive": true }),
        json!({ "truncated": true }),
        json!({ "is_truncated": true }),
        json!({ "text_truncated": true }),
    ] {
        rows.push((format!("another text beside {sign}"), "doubt p".to_owned(), look_at(OURS, edited(sign))));
    }
    for (ours_text, shown_text) in [
        ("\u{1f525}\u{1f525}\u{1f525}", "[fire][fire][fire]"),
        ("\u{1f525}", "(fire)"),
        ("\u{1f525}\u{1f525}", "U+1F525 U+1F525"),
        ("\u{1f525}\u{1f525}", "\\ud83d\\udd25\\ud83d\\udd25"),
        ("\u{1f525}\u{1f525}", "&#128293;&#128293;"),
        (
            "\u{1f525}\u{1f525}",
            "<img class=\"emoji\" alt=\"\u{1f525}\" src=\"x\"><img class=\"emoji\" alt=\"\u{1f525}\" src=\"x\">",
        ),
        ("Наша весенняя распродажа", "Nasha vesennyaya rasprodazha"),
        (
            "Наша весенняя распродажа",
            "=D0=9D=D0=B0=D1=88=D0=B0 =D0=B2=D0=B5=D1=81=D0=B5=D0=BD=D0=BD=D1=8F=D1=8F",
        ),
        (
            "Наша весенняя распродажа",
            "%u041D%u0430%u0448%u0430 %u0432%u0435%u0441%u0435%u043D%u043D%u044F%u044F",
        ),
        (
            "Наша весенняя распродажа",
            "\\u041d\\u0430\\u0448\\u0430 \\u0432\\u0435\\u0441\\u0435\\u043d\\u043d\\u044f\\u044f \\u0440\\u0430\\u0441\\u043f\\u0440\\u043e\\u0434\\u0430\\u0436\\u0430",
        ),
        (
            "Наша весенняя распродажа",
            "&#1053;&#1072;&#1096;&#1072; &#1074;&#1077;&#1089;&#1077;&#1085;&#1085;&#1103;&#1103; &#1088;&#1072;&#1089;&#1087;&#1088;&#1086;&#1076;&#1072;&#1078;&#1072;",
        ),
        (
            "Наша весенняя распродажа",
            "&#1053&#1072&#1096&#1072 &#1074&#1077&#1089&#1077&#1085&#1085&#1103&#1103",
        ),
        ("Наша весенняя распродажа", "____ ________ __________"),
        ("Наша весенняя распродажа", "................"),
        (
            "\u{6625}\u{5b63}\u{5927}\u{7279}\u{8ce3}\u{4eca}\u{5929}\u{958b}\u{59cb}",
            "\u{6625}\u{5b63}\u{5927}\u{7279}\u{5356}\u{4eca}\u{5929}\u{5f00}\u{59cb}",
        ),
        (
            "مرحبا بكم",
            "\u{645}\u{640}\u{631}\u{640}\u{62d}\u{640}\u{628}\u{640}\u{627} \u{628}\u{640}\u{643}\u{640}\u{645}",
        ),
        ("مرحبا بكم", "\u{feE3}\u{feae}\u{fea3}\u{fe92}\u{fe8e} \u{fe91}\u{fedc}\u{fee2}"),
        ("Hello **world**, this is *big*", "Hello world, this is big"),
        ("See https://example.com/a", "See"),
        ("https://example.com/a", "example.com/a"),
        ("Big sale on 3/4", "Big sale on \u{be}"),
        ("Price: 5 \u{20ac}", "Price: 5 EUR"),
        ("one\ntwo", "one / two"),
        ("a_b_c d", "a\\_b\\_c d"),
        ("1. first\n2. second", "1\\. first 2\\. second"),
        ("Hi @ann", "Hi @ann@host.example"),
        ("Hi @ann", "Hi Ann Lee"),
        (
            "Hi @ann",
            "Hi <span class=\"h-card\"><a href=\"https://h.example/@ann\">@<span>ann</span></a></span>",
        ),
        ("Hi @ann.bsky.social today", "Hi @ann.bsky.social today"),
        ("Try #spring_sale now", "Try <a href=\"/tags/spring_sale\">#<span>spring_sale</span></a> now"),
        ("I \u{2764}\u{fe0f} it", "I <3 it"),
        ("5 > 3 & 2 < 4", "5 &gt; 3 &amp; 2 &lt; 4"),
        ("x^2 + y~3", "x<sup>2</sup> + y~3"),
    ] {
        rows.push((
            format!("ours {ours_text:?} shown as {shown_text:?}"),
            "doubt p|there p".to_owned(),
            look_at(ours_text, item("p", shown_text, -50, "me")),
        ));
    }
    // Times that are coarse: our text broken off, at the beginning of the hour or the day.
    for time in ["2027-01-15T07:00:00Z", "2027-01-15T00:00:00Z"] {
        let item = json!({ "id": "p", "text": "Our spring sale\u{2026}", "at": time, "by": "me" });
        rows.push((format!("shortened at {time}"), "doubt p".to_owned(), look_at(OURS, item)));
    }
    check(rows);
}

/// Not ours, and not told as ours.
#[test]
fn not_ours() {
    let mut rows = Vec::new();
    let look_at = |text: &str, item: Value| {
        let content = post_of("me").effect.content().clone();
        let asked = question(&Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap());
        shown(&asked, &Owners::default(), vec![whole(&[item])])
    };
    for (ours_text, shown_text) in [
        ("Version 1.2 is out", "Version 12 is out"),
        ("Sale: 50% off", "Sale: 5 off"),
        ("Open 9-5", "Open 9/5"),
        ("We ship to the US", "We ship to us"),
        ("10 - 5 = 5", "10 5 = 5"),
        ("It costs $5", "It costs \u{a3}5"),
        ("C++ is here", "C is here"),
        ("C# is here", "C is here"),
        ("We love \u{1f600}", "We love \u{1f62d}"),
        ("We love \u{1f44d}\u{1f3fb}", "We love \u{1f44d}\u{1f3ff}"),
        ("Hi \u{1f1fa}\u{1f1e6}", "Hi \u{1f1f7}\u{1f1fa}"),
        ("Vote yes!", "Vote yes"),
        ("2^10", "210"),
        ("Call @ann", "Call ann"),
        ("No to war", "Not o war"),
        ("Join #ai", "Join ai"),
        ("Part 1: https://example.com/1", "Part 2: https://example.com/2"),
        ("a|b", "a b"),
    ] {
        rows.push((
            format!("ours {ours_text:?}, by hand {shown_text:?}"),
            "doubt p|absent".to_owned(),
            look_at(ours_text, item("p", shown_text, -50, "me")),
        ));
    }
    for sign in [
        json!({ "deleted": true }),
        json!({ "is_draft": true }),
        json!({ "status": "draft" }),
        json!({ "lifecycleState": "DRAFT" }),
        json!({ "status": "scheduled", "scheduled_at": "2027-02-01T00:00:00Z" }),
        json!({ "published": false }),
        json!({ "is_published": false }),
        json!({ "status": "failed" }),
        json!({ "state": "ERROR" }),
        json!({ "removed": true }),
        json!({ "moderationStatus": "heldForReview" }),
    ] {
        let mut answer = ours("p");
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        rows.push((
            format!("our text in the list, marked {sign}"),
            "doubt p".to_owned(),
            look_at(OURS, answer),
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

/// Times as platforms and languages print them: our own post plainly shown is found.
#[test]
fn times() {
    let mut rows = Vec::new();
    for time in [
        json!("2027-01-15 07:59:10+00:00"),
        json!("2027-01-15 07:59:10+00"),
        json!("2027-01-15T07:59:10+00"),
        json!("2027-01-15 07:59:10 UTC"),
        json!("2027-01-15 07:59:10Z"),
        json!("Fri Jan 15 07:59:10 UTC 2027"),
        json!("2027-01-15T07:59:10Z[UTC]"),
        json!("20270115T075910Z"),
        json!("2027-01-15T07:59:10,123Z"),
        json!("2027-01-15T07:59Z"),
        json!("2027-01-15T07:59+00:00"),
        json!("1799999950.123"),
        json!("2027-01-15 07:59:10.123456+00:00"),
        json!("2027-01-15T07:59:10.123456789Z"),
        json!("2027-01-15 07:59:10 +0000 UTC"),
        json!("2027-01-15 07:59:10.123456 +0000 UTC m=+0.1"),
        json!("Fri, 15 Jan 2027 07:59:10 UTC"),
    ] {
        let item = json!({ "id": "p", "text": OURS, "at": time, "by": "me" });
        rows.push((
            format!("at {time}"),
            "there p".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![whole(&[item])]),
        ));
    }
    check(rows);
}

/// Two unknown effects: one's post shown as the other's text.
#[test]
fn candidates_in_a_look() {
    let mut rows = Vec::new();
    let asked_of = |id: &str| LookUp { candidates: named(id), ..post_of("me") };
    for (source, answers, allowed) in [
        (
            "deleted",
            vec![json!({ "id": "P", "text": OURS, "deleted": true }), whole(&[])],
            "doubt P|there P|open",
        ),
        ("a draft", vec![json!({ "id": "P", "text": OURS, "status": "draft" }), whole(&[])], "doubt P|open"),
        (
            "scheduled",
            vec![json!({ "id": "P", "text": OURS, "status": "scheduled" }), whole(&[])],
            "doubt P|open",
        ),
        ("failed", vec![json!({ "id": "P", "text": OURS, "status": "FAILED" }), whole(&[])], "doubt P|open"),
        (
            "error within",
            vec![json!({ "id": "P", "text": OURS, "error_message": "publish failed" }), whole(&[])],
            "doubt P|open",
        ),
        (
            "not published",
            vec![json!({ "id": "P", "text": OURS, "published": false }), whole(&[])],
            "doubt P|open",
        ),
        ("empty answer", vec![json!({}), whole(&[])], "doubt P|open"),
        ("null", vec![json!(null), whole(&[])], "doubt P|open"),
        (
            "told missing with 200",
            vec![json!({ "id": null, "text": null, "message": "Post not found" }), whole(&[])],
            "open|doubt P|absent",
        ),
        (
            "a beginning of ours",
            vec![json!({ "id": "P", "text": "Our spring sale" }), whole(&[])],
            "there P|doubt P",
        ),
        (
            "the list shows it longer",
            vec![json!({ "id": "P", "text": format!("{OURS} for members") }), whole(&[])],
            "doubt P",
        ),
    ] {
        rows.push((
            format!("candidate {source}"),
            allowed.to_owned(),
            shown(&asked_of("P"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// What `get` says of an item in doubt may be no text of it.
#[test]
fn looked_closer() {
    let mut rows = Vec::new();
    let short = item("it", "Our spring\u{2026}", -50, "me");
    for answer in [
        json!({ "id": "it", "text": "Post unavailable" }),
        json!({ "id": "it", "text": "You need to log in" }),
        json!({ "id": "it", "text": "Something went wrong" }),
        json!({ "id": "it", "text": "the weather is lovely", "error_message": "stale" }),
        json!({ "id": "it", "text": "the weather is lovely", "success": "false" }),
        json!({ "id": "it", "text": "the weather is lovely", "status": "FAILED" }),
        json!({ "text": "Not Found" }),
        json!({ "text": "Page not found \u{b7} X" }),
        json!({ "id": "it", "text": "JavaScript is not available." }),
    ] {
        rows.push((
            format!("get says {answer}"),
            "doubt it".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![whole(std::slice::from_ref(&short)), answer]),
        ));
    }
    // Beside a list, in a block of its own.
    let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
    let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    for beside in [
        "Error 429: timeline unavailable",
        "Warning: could not load the latest posts",
        "{\"error\":\"rate limited\"}",
    ] {
        let answer = Called::Answered(ToolAnswer {
            structured: Some(json!({ "data": [], "complete": true })),
            texts: vec![beside.to_owned()],
            ..ToolAnswer::default()
        });
        let profile = Profile::parse(LISTS).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![answer]);
        rows.push((
            format!("an empty list, and beside it {beside:?}"),
            "open|doubt".to_owned(),
            seen(&look(&world, &post_of("me"), &Owners::default())),
        ));
    }
    check(rows);
}
