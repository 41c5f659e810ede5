//! What there is to engage with: a world of other people, or whatever looks like an id.

use chimera_harness::finished;
use chimera_sandbox::{Outcome, Platform, Record, SandboxConfig, TargetKind, Thing, World};
use serde_json::{Value, json};

use crate::client::{Client, Place};

fn world() -> World {
    World::new()
        .with(Platform::Twitter, TargetKind::Post, Thing::new("100").said("Hello", "ann"))
        .with(Platform::Twitter, TargetKind::User, Thing::new("ann"))
        .with(Platform::Instagram, TargetKind::Post, Thing::new("200").said("A photo", "ben"))
        .with(Platform::Instagram, TargetKind::Comment, Thing::new("201").said("Nice", "cat"))
        .with(Platform::TikTok, TargetKind::Post, Thing::new("300"))
        .with(Platform::Threads, TargetKind::Comment, Thing::new("400").said("A reply", "dan"))
}

fn config(place: &Place) -> Value {
    let config = SandboxConfig::new("").with_world(place.world(&world()));
    serde_json::from_str(&config.to_json().expect("a configuration")).expect("JSON")
}

/// What `get_target` says of a thing that is there.
fn seen(client: &mut Client, platform: &str, kind: &str, id: &str) -> Value {
    client.ok("get_target", &json!({ "platform": platform, "kind": kind, "id": id }))
}

fn unseen(client: &mut Client, platform: &str, kind: &str, id: &str) -> String {
    client.refused("get_target", &json!({ "platform": platform, "kind": kind, "id": id })).0
}

#[test]
fn a_world_tells_what_exists() {
    let place = Place::new();
    let mut client = place.client(&config(&place));
    let table = [
        ("twitter", "post", "100", json!({ "id": "100", "exists": true, "text": "Hello", "author": "ann" })),
        ("twitter", "user", "ann", json!({ "id": "ann", "exists": true })),
        (
            "instagram",
            "comment",
            "201",
            json!({ "id": "201", "exists": true, "text": "Nice", "author": "cat" }),
        ),
        ("tiktok", "post", "300", json!({ "id": "300", "exists": true })),
        // A reply is a post there.
        (
            "threads",
            "post",
            "400",
            json!({ "id": "400", "exists": true, "text": "A reply", "author": "dan" }),
        ),
    ];
    for (platform, kind, id, expected) in table {
        assert_eq!(seen(&mut client, platform, kind, id), expected);
    }
    for (platform, kind, id) in [
        ("twitter", "post", "999"),
        ("twitter", "user", "100"),
        ("instagram", "post", "100"),
        ("instagram", "post", "201"),
        ("linkedin", "post", "urn:li:share:1"),
        ("youtube", "comment", "1"),
    ] {
        let text = unseen(&mut client, platform, kind, id);
        assert_eq!(text, format!("HTTP 404 Not Found: no such {kind}"));
    }
    let shown = client.ok("get_tweet", &json!({ "tweet_id": "100" }));
    assert_eq!(shown, json!({ "id": "100", "text": "Hello", "account": "ann" }));
    client.refused("get_tweet", &json!({ "tweet_id": "101" }));
}

#[test]
fn what_the_world_lacks_is_not_acted_on() {
    let place = Place::new();
    let mut client = place.client(&config(&place));
    let table = [
        ("reply_to_tweet", json!({ "tweet_id": "100", "text": "hi" }), "tweet_id", "post"),
        ("like_tweet", json!({ "tweet_id": "100" }), "tweet_id", "post"),
        ("retweet", json!({ "tweet_id": "100" }), "tweet_id", "post"),
        ("follow_user", json!({ "platform": "twitter", "user_id": "ann" }), "user_id", "user"),
        ("comment_on_post", json!({ "post_id": "200", "text": "hi" }), "post_id", "post"),
        ("like_post", json!({ "post_id": "200" }), "post_id", "post"),
        ("reply_to_comment", json!({ "comment_id": "201", "text": "hi" }), "comment_id", "comment"),
        ("comment_on_video", json!({ "video_id": "300", "text": "hi" }), "video_id", "post"),
        ("like_video", json!({ "video_id": "300" }), "video_id", "post"),
        ("share_video", json!({ "video_id": "300" }), "video_id", "post"),
        ("reply_to_thread", json!({ "thread_id": "400", "text": "hi" }), "thread_id", "post"),
        ("like_thread", json!({ "thread_id": "400" }), "thread_id", "post"),
    ];
    for (tool, arguments, target, kind) in &table {
        let mut missing = arguments.clone();
        missing[target] = json!("999");
        let (text, error) = client.refused(tool, &missing);
        assert_eq!(text, format!("HTTP 404 Not Found: no such {kind}"), "{tool}");
        assert_eq!(error["code"], "not_found");
    }
    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.engagements(), 0);
    assert!(record.calls().iter().all(|call| call.outcome == Outcome::TargetMissing));
    for (tool, arguments, ..) in &table {
        client.ok(tool, arguments);
    }
    assert_eq!(Record::open(place.record()).expect("a record").engagements(), table.len());
}

#[test]
fn what_the_accounts_made_is_there_too() {
    let place = Place::new();
    let mut client = place.client(&config(&place));
    let post = client.ok("post_tweet", &json!({ "text": "ours", "account": "me" }))["id"].clone();
    let reply = client.ok("reply_to_tweet", &json!({ "tweet_id": post, "text": "hi" }))["id"].clone();
    client.ok("like_tweet", &json!({ "tweet_id": reply }));
    let comment = client.ok("comment_on_post", &json!({ "post_id": "200", "text": "hi" }))["id"].clone();
    client.ok("reply_to_comment", &json!({ "comment_id": comment, "text": "and hi" }));
    client.refused("like_post", &json!({ "post_id": comment }));
    let post = seen(&mut client, "twitter", "post", post.as_str().expect("an id"));
    assert_eq!((&post["text"], &post["author"]), (&json!("ours"), &json!("me")));
    let comment = seen(&mut client, "instagram", "comment", comment.as_str().expect("an id"));
    assert_eq!((&comment["text"], &comment["author"]), (&json!("hi"), &json!("chimera_agent")));
}

#[test]
fn without_a_world_everything_is_there_that_looks_like_an_id() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for id in ["tweet_12345", "1755123456789012345", "@ann", "urn:li:share:1", "a-b.c"] {
        assert_eq!(seen(&mut client, "twitter", "post", id), json!({ "id": id, "exists": true }));
        client.ok("like_tweet", &json!({ "tweet_id": id }));
    }
    for id in ["no id", "1/2", "é"] {
        unseen(&mut client, "twitter", "post", id);
        client.refused("like_tweet", &json!({ "tweet_id": id }));
    }
    assert_eq!(Record::open(place.record()).expect("a record").likes().len(), 5);
}

#[test]
fn a_world_that_cannot_be_used_is_refused_at_the_start() {
    for content in [None, Some("{}"), Some(r#"{"version": 1, "platform": {}}"#)] {
        let place = Place::new();
        let world = place.record().with_file_name("other.json");
        if let Some(content) = content {
            std::fs::write(&world, content).expect("writable");
        }
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chimera-sandbox"));
        command
            .arg("--record")
            .arg(place.record())
            .arg("--config")
            .arg(json!({ "world": world }).to_string());
        let output = finished("a sandbox that cannot begin", command.stdin(std::process::Stdio::null()));
        assert!(!output.status.success(), "{content:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("the world `") && said.contains("other.json"), "{said}");
        assert!(!place.record().exists(), "{content:?}: nothing was begun");
    }
}

/// Without a world there is whatever somebody points at, whichever tool is asked.
#[test]
fn without_a_world_every_target_is_there() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    assert_eq!(client.ok("get_tweet", &json!({ "tweet_id": "100" })), json!({ "id": "100" }));
    let target = json!({ "platform": "twitter", "id": "100", "kind": "post" });
    assert_eq!(client.ok("get_target", &target)["exists"], true);
    client.refused("get_tweet", &json!({ "tweet_id": "not an id" }));
    client.refused("get_post", &json!({ "platform": "twitter", "id": "100" }));
}
