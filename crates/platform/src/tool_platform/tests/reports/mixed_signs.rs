//! Answers of tools that act, with a sign that it was done beside one that it was not.

use EffectKind::Publish;

use super::super::odd_answers::{sentence, told};
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
