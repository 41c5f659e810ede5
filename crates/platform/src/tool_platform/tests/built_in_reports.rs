//! What six public servers say and do, by reports and by their own code.

use super::against::raised;
use super::built_in::{bound as named, post_of, rfc, whoami};
use super::look::{Owners, look, question, told};
use super::odd_answers::{PROFILE, told_by};
use super::*;

/// The library `httplib2` wrote the comment twice; the first was made and its answer lost, the second was refused.
#[test]
fn a_refusal_of_the_second_send_is_no_refusal() {
    let mut wrong = Vec::new();
    for text in [
        "Error executing tool reply_to_comment: quotaExceeded (HTTP 403): The request cannot be completed because you have exceeded your quota. Daily quota exhausted; resets midnight Pacific. Check quota_status().",
        "Error executing tool reply_to_comment: rateLimitExceeded (HTTP 429): Resource has been exhausted (e.g. check quota).",
    ] {
        let who = said(false, json!({ "id": "me", "title": "Me" }));
        let world = named("yt-studio-mcp", |binding| binding, vec![who, raised(text)]);
        let reply = engagement(PlatformName::YouTube, EffectKind::Reply, "UgzAbcdef", "Thanks a lot");
        let outcome = act_at(&world, &reply, &[], at(100));
        if !matches!(outcome, Outcome::Unknown(_)) {
            wrong.push(format!("{outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// LinkedIn, *Posts API*: `PUBLISH_REQUESTED` is published later, or becomes `PUBLISH_FAILED`.
#[test]
fn linkedin_publish_requested_is_not_published() {
    let mut rows = Vec::new();
    for state in ["PUBLISHED", "PUBLISH_REQUESTED", "PUBLISH_FAILED", "DRAFT"] {
        let item = json!({ "id": "urn:li:share:7", "author": "me", "createdAt": at(-30).timestamp_millis(), "lifecycleState": state,
            "commentary": "Hello world" });
        let list =
            json!({ "elements": [item], "paging": { "start": 0, "count": 100, "links": [], "total": 1 } });
        let answers = vec![said(false, whoami("ldraney-linkedin-mcp")), said(false, list)];
        let world = named("ldraney-linkedin-mcp", |binding| binding, answers);
        let asked = question(&post_of("ldraney-linkedin-mcp", "me", "Hello world", &[]));
        rows.push(format!("{state}: {}", told(&look(&world, &asked, &Owners::default()))));
    }
    assert!(rows[0].contains("there"), "{rows:?}");
    assert!(!rows[1].contains("there"), "{rows:?}");
}

/// A candidate that the tool for one post cannot show may stand in the list.
#[test]
fn a_candidate_that_cannot_be_shown_does_not_hide_the_list() {
    let item =
        json!({ "id": "8", "text": "Hello world", "created_at": rfc(-30), "author": { "username": "me" } });
    let old = json!({ "id": "7", "text": "Cats are nice", "created_at": rfc(-9_000), "author": { "username": "me" } });
    let answers = vec![
        said(false, whoami("x-mcp-server")),
        said(false, json!({ "error": "400 Bad Request\nThe `id` query parameter value [8x] is not valid" })),
        said(false, json!({ "tweets": [item, old], "count": 2 })),
    ];
    let world = named("x-mcp-server", |binding| binding, answers);
    let mut asked = question(&post_of("x-mcp-server", "me", "Hello world", &[]));
    asked.candidates =
        vec![chimera_effect::Candidate { id: "8x".to_owned(), url: None, may_be_older: false }];
    let told = told(&look(&world, &asked, &Owners::default()));
    assert!(told.contains("there 8"), "{told}");
}

/// How long the servers go on by their own code: tweepy waits for a limit of a day (tweepy#1292); Threads and Instagram ask for a
/// container, each question with half a minute of its own; LinkedIn uploads twenty pictures.
#[test]
fn settle_times_outlast_the_servers() {
    let mut short = Vec::new();
    for (server, platform, kind, seconds) in [
        ("x-mcp-server", PlatformName::Twitter, EffectKind::Publish, 86_400),
        ("meta-threads-mcp", PlatformName::Threads, EffectKind::Publish, 30 + 60 * 31 + 30),
        ("thenavidm-instagram-mcp", PlatformName::Instagram, EffectKind::Publish, 11 * 30 + 40 * 32 + 30),
        ("ldraney-linkedin-mcp", PlatformName::LinkedIn, EffectKind::Publish, 20 * 360 + 60),
    ] {
        let service = Profile::named(server).unwrap().platform(platform).unwrap().service(kind).unwrap();
        if service.settle.num_seconds() < seconds {
            short.push(format!(
                "{server}: settles in {} s, goes on for {seconds} s",
                service.settle.num_seconds()
            ));
        }
    }
    assert!(short.is_empty(), "{short:#?}");
}

/// Answers of public reports that settle nothing.
#[test]
fn reports_that_prove_nothing() {
    let mut wrong = Vec::new();
    for text in [
        "MCP error -32602: Output validation error: Tool post has an output schema but no structured content was provided",
        "Output validation error: 'url' is a required property",
        "{\"error\": \"MCP error -32603: MCP error -32603: Error calling tool post: MCP error -32001: Request timed out \"}",
        "Error calling tool 'post': MCP error -32000: Connection closed",
        "Error executing tool post: 1 validation error for PostOutput\nid\n  Field required [type=missing]",
        "Error executing tool post: 1 validation error for DictModel\n  Input should be a valid dictionary",
        "Request cancelled",
        "upstream error: upstream tool failed: timeout after 10s",
        "Circuit breaker open, rate limit exceeded after partial success",
        "Tool call was aborted by the user",
        "session expired while waiting for the response; please re-login",
        "Bad Request: Server not initialized",
    ] {
        let told = told_by(PROFILE, EffectKind::Publish, "", "A text of ours", raised(text));
        if !told.starts_with("unknown") {
            wrong.push(format!("{told}: {text}"));
        }
    }
    for (server, answer) in [
        (
            "thenavidm-instagram-mcp",
            raised(
                "Error executing tool publish_container: /1/media_publish: Application request limit reached You are being rate limited by Meta. Wait, then retry.",
            ),
        ),
        (
            "meta-threads-mcp",
            said(false, json!({ "success": false, "error": "The requested resource does not exist" })),
        ),
    ] {
        let prepared = said(false, json!({ "container_id": "5", "published": false }));
        let who = said(false, whoami(server));
        let answers = if server.contains("insta") { vec![who, prepared, answer] } else { vec![who, answer] };
        let world = named(server, |binding| binding, answers);
        let files: &[&str] = if server.contains("insta") { &["a.png"] } else { &[] };
        let outcome = act_at(&world, &post_of(server, "me", "Hello world", files), &[], at(100));
        if !matches!(outcome, Outcome::Unknown(_)) {
            wrong.push(format!("{server}: {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The X server says *not found* of each post that its bearer token may not see.
#[test]
fn x_not_found_is_not_missing() {
    use crate::targets::{TargetFinding, TargetKind, TargetQuery, Targets};
    let answers =
        vec![said(false, whoami("x-mcp-server")), said(false, json!({ "error": "Tweet 17 not found." }))];
    let world = named("x-mcp-server", |binding| binding, answers);
    let query = TargetQuery {
        platform: PlatformName::Twitter,
        account: "me".to_owned(),
        kind: TargetKind::Post,
        target: "17".to_owned(),
    };
    let found = world.platform.look(&query, at(9)).now_or_never().unwrap();
    assert!(!matches!(found, Some(TargetFinding::Missing)), "{found:?}");
}
