//! What the built-in profiles make of the answers of their servers.

use super::built_in::{bound, check, post_of, whoami};
use super::look::{Owners, look, question, told};
use super::*;

/// Answers of acts, by the sources of the servers.
#[test]
fn answers_of_acts() {
    let mut rows = Vec::new();
    let raised = |text: &str| {
        Called::Answered(ToolAnswer {
            is_error: true,
            texts: vec![text.to_owned()],
            structured: None,
            result_type: None,
        })
    };
    for (why, server, files, answer, allowed) in [
        // The last chunk is read whole by TikTok and the answer is lost: it goes on by itself (docs: `PROCESSING_UPLOAD`).
        (
            "TikTok: a broken pipe at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"][..],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 unreachable: [Errno 32] Broken pipe",
            ),
            "unknown",
        ),
        (
            "TikTok: a timeout at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool post_video: The read operation timed out"),
            "unknown",
        ),
        (
            "TikTok: 504 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (504): b''",
            ),
            "unknown",
        ),
        // Sent twice after a lost answer of a proxy: all bytes are there already.
        (
            "TikTok: 416 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (416): b'Requested Range Not Satisfiable'",
            ),
            "unknown|not done",
        ),
        (
            "TikTok: 403 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (403): b'url expired'",
            ),
            "unknown|not done",
        ),
        (
            "TikTok: a draft",
            "tiktok-studio-mcp",
            &["a.mp4"],
            said(false, json!({ "publish_id": "v_inbox_file~v2.7", "mode": "upload", "chunks_sent": 1 })),
            "unknown",
        ),
        (
            "TikTok: init without an id",
            "tiktok-studio-mcp",
            &["a.mp4"],
            said(
                false,
                json!({ "error": "init returned no publish_id/upload_url", "response": { "data": {}, "error": { "code": "spam_risk_too_many_posts", "message": "" } } }),
            ),
            "unknown|not done",
        ),
        (
            "YouTube: the connection breaks at the last chunk",
            "yt-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool upload_video: [Errno 104] Connection reset by peer"),
            "unknown",
        ),
        (
            "YouTube: 410 in a resumable session",
            "yt-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool upload_video: <HttpError 410 when requesting None returned \"Gone\">",
            ),
            "unknown|not done",
        ),
        (
            "YouTube: KeyError after the write",
            "yt-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool upload_video: 'id'"),
            "unknown",
        ),
        (
            "LinkedIn: an empty header",
            "ldraney-linkedin-mcp",
            &[],
            said(
                false,
                json!({ "postUrn": "", "statusCode": 201, "message": "Post created successfully", "url": "https://www.linkedin.com/feed/update/" }),
            ),
            "unknown",
        ),
        (
            "LinkedIn: a timeout",
            "ldraney-linkedin-mcp",
            &[],
            said(false, json!({ "error": true, "message": "The read operation timed out" })),
            "unknown",
        ),
        (
            "LinkedIn: a duplicate",
            "ldraney-linkedin-mcp",
            &[],
            said(
                false,
                json!({ "error": true, "status_code": 422, "message": "Client error '422 Unprocessable Entity'", "details": { "message": "Content is a duplicate of urn:li:share:7431329065766260736", "status": 422 } }),
            ),
            "unknown",
        ),
        (
            "X: 200 without data",
            "x-mcp-server",
            &[],
            said(false, json!({ "error": "Failed to create tweet." })),
            "unknown",
        ),
        (
            "X: closed without an answer",
            "x-mcp-server",
            &[],
            said(
                false,
                json!({ "error": "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))" }),
            ),
            "unknown",
        ),
        (
            "X: JSON that is none",
            "x-mcp-server",
            &[],
            said(false, json!({ "error": "Expecting value: line 1 column 1 (char 0)" })),
            "unknown",
        ),
        (
            "X: a duplicate",
            "x-mcp-server",
            &[],
            said(
                false,
                json!({ "error": "403 Forbidden\nYou are not allowed to create a Tweet with duplicate content." }),
            ),
            "unknown",
        ),
        (
            "X: another text is shown",
            "x-mcp-server",
            &[],
            said(false, json!({ "id": "1755", "text": "RT @ann: nothing of ours" })),
            "done|unknown",
        ),
        (
            "Threads: no words",
            "meta-threads-mcp",
            &[],
            said(false, json!({ "success": false, "error": "" })),
            "unknown",
        ),
        // postiz-app#1681: a limit told after the post was made.
        (
            "Threads: a limit after the write",
            "meta-threads-mcp",
            &[],
            said(false, json!({ "success": false, "error": "(#4) Application request limit reached" })),
            "unknown",
        ),
    ] {
        let world = bound(server, |binding| binding, vec![said(false, whoami(server)), answer]);
        let outcome = act_at(&world, &post_of(server, "me", TEXT, files), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(refusal) => format!("not done {refusal:?}"),
            Outcome::Done(_) => "done".to_owned(),
            Outcome::Accepted(_) => "accepted".to_owned(),
            Outcome::Unknown(_) => "unknown".to_owned(),
        };
        rows.push((why.to_owned(), allowed, told));
    }
    check(rows);
}

/// Instagram's second step: what went wrong before the write, and after it.
#[test]
fn instagram_after_the_container() {
    let mut rows = Vec::new();
    let raised = |text: &str| {
        Called::Answered(ToolAnswer {
            is_error: true,
            texts: vec![text.to_owned()],
            structured: None,
            result_type: None,
        })
    };
    for (why, answer, allowed) in [
        // postiz-app#1562: the permalink of what was published cannot be read.
        (
            "the permalink cannot be read",
            raised(
                "Error executing tool publish_container: /17891234567890123: Unsupported get request. Object with ID '17891234567890123' does not exist, cannot be loaded due to missing permissions, or does not support this operation (code 100, subcode 33)",
            ),
            "unknown",
        ),
        // postiz-app#1681: a limit is told after the post was made.
        (
            "a limit after the write",
            raised(
                "Error executing tool publish_container: /17891234567890123: (#4) Application request limit reached You are being rate limited by Meta. Wait, then retry.",
            ),
            "unknown",
        ),
        (
            "blocked",
            raised(
                "Error executing tool publish_container: /17/media_publish: Application request limit reached (code 4, subcode 2207051) action is blocked",
            ),
            "unknown",
        ),
        (
            "an expired token after the write",
            raised(
                "Error executing tool publish_container: /17891234567890123: Error validating access token: Session has expired",
            ),
            "unknown",
        ),
        ("an id that is none", said(false, json!({ "tier": "x", "id": "None" })), "unknown"),
        (
            "a container that was published before",
            raised(
                "Error executing tool publish_container: /17/media_publish: The media with creation id was already published (code 9007)",
            ),
            "unknown",
        ),
    ] {
        let server = "thenavidm-instagram-mcp";
        let container = said(
            false,
            json!({ "container_id": "18001", "published": false, "note": "Not live. Call publish_container with this id to post it." }),
        );
        let world = bound(server, |binding| binding, vec![said(false, whoami(server)), container, answer]);
        let outcome = act_at(&world, &post_of(server, "me", TEXT, &["a.png"]), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(refusal) => format!("not done {refusal:?}"),
            Outcome::Done(done) => format!("done {}", done.post.id),
            Outcome::Accepted(_) => "accepted".to_owned(),
            Outcome::Unknown(_) => "unknown".to_owned(),
        };
        rows.push((why.to_owned(), allowed, told));
    }
    check(rows);
}

/// `x_get_tweet` says *not found* of whatever came without data: a post of a protected or suspended account among it
/// (twitter-v2#26: 200 with `Authorization Error`).
#[test]
fn what_may_not_be_seen_is_not_missing() {
    use crate::targets::{TargetFinding, TargetKind, TargetQuery, Targets};
    let mut rows = Vec::new();
    for (kind, target, error) in
        [(TargetKind::Post, "17", "Tweet 17 not found."), (TargetKind::User, "ann", "User @ann not found.")]
    {
        let world = bound(
            "x-mcp-server",
            |binding| binding,
            vec![said(false, whoami("x-mcp-server")), said(false, json!({ "error": error }))],
        );
        let query = TargetQuery {
            platform: PlatformName::Twitter,
            account: "me".to_owned(),
            kind,
            target: target.to_owned(),
        };
        let found = Targets::look(&world.platform, &query, at(50)).now_or_never().unwrap();
        let told = match found {
            Some(TargetFinding::Missing) => "missing",
            Some(TargetFinding::CannotTell { .. }) => "cannot tell",
            _ => "else",
        };
        rows.push((error.to_owned(), "cannot tell", told.to_owned()));
    }
    check(rows);
}

/// The candidate that an answer named cannot be seen, and neither can the timeline.
#[test]
fn a_candidate_that_may_not_be_seen_is_not_absent() {
    let server = "x-mcp-server";
    let answers = vec![
        said(false, whoami(server)),
        said(false, json!({ "error": "Tweet 1755 not found." })),
        said(false, json!({ "tweets": [], "count": 0 })),
    ];
    let world = bound(server, |binding| binding, answers);
    let asked = LookUp { candidates: look::named("1755"), ..question(&post_of(server, "me", TEXT, &[])) };
    let told = told(&look(&world, &asked, &Owners::default()));
    assert!(told.starts_with("doubt") || told == "open", "{told}");
}
