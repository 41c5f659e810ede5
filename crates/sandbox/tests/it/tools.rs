//! What the tools do when nothing goes wrong, and what they refuse.

use std::collections::BTreeSet;

use chimera_sandbox::{Outcome, Platform, Record, ToolName};
use serde_json::{Value, json};

use crate::client::Place;

#[test]
fn posts_are_listed_and_remembered_by_the_next_process() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    let tweet = client.ok("post_tweet", &json!({ "text": "one" }));
    let photo = client.ok("post_instagram", &json!({ "caption": "two", "account": "other" }));
    let share = client.ok("post_linkedin", &json!({ "text": "three" }));
    assert!(client.end().0.success());

    let id = tweet["id"].as_str().expect("an id");
    assert_eq!(tweet["text"], "one");
    assert_eq!(tweet["url"], format!("https://twitter.com/chimera_agent/status/{id}"));
    assert!(photo["id"].as_str().expect("an id").parse::<u64>().is_ok());
    assert!(share["id"].as_str().expect("an id").starts_with("urn:li:share:"));

    let mut client = place.client(&json!({}));
    let second = client.ok("post_tweet", &json!({ "text": "four" }));
    assert_ne!(second["id"], tweet["id"]);
    let newest = client.ok("list_posts", &json!({ "platform": "twitter", "limit": 1 }));
    assert_eq!(newest["posts"][0]["text"], "four");
    assert_eq!(newest["complete"], false);
    let all = client.ok("list_posts", &json!({ "platform": "twitter" }));
    assert_eq!(all["posts"][1]["id"], tweet["id"]);
    assert_eq!(all["complete"], true);
    let others = json!({ "platform": "instagram", "account": "chimera_agent" });
    assert_eq!(client.ok("list_posts", &others)["posts"], json!([]));
    assert_eq!(client.ok("get_tweet", &json!({ "tweet_id": id }))["text"], "one");
    let (text, error) = client.refused("get_post", &json!({ "platform": "linkedin", "id": id }));
    assert!(text.starts_with("HTTP 404 Not Found"), "{text}");
    assert_eq!(error["status"], 404);

    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.posts().len(), 4);
    assert!(record.duplicates().is_empty());
    let outcomes: Vec<Outcome> = record.calls().iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::Posted; 4]);
}

#[test]
fn every_tool_is_strict_and_honest_about_itself() {
    let place = Place::new();
    let mut client = place.client(&json!({ "keys": ["linkedin"] }));
    let id = client.request("tools/list", &json!({}));
    let tools = client.wait_for(id)["result"]["tools"].clone();
    let names: Vec<&str> =
        tools.as_array().expect("tools").iter().map(|tool| tool["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ToolName::ALL.map(ToolName::name));
    for tool in tools.as_array().expect("tools") {
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        let name = tool["name"].as_str().expect("a name");
        let reads = name.starts_with("get_") || name.starts_with("list_");
        let sets_a_state = name.starts_with("like_") || name.starts_with("follow_");
        assert_eq!(tool["annotations"]["readOnlyHint"], reads, "{tool}");
        assert_eq!(tool["annotations"]["idempotentHint"], reads || sets_a_state, "{tool}");
        assert_eq!(tool["annotations"]["destructiveHint"], false, "{tool}");
    }
}

/// The names are a contract with whoever writes a profile.
#[test]
fn every_tool_declares_its_arguments() {
    let table: [(&str, &[&str], &[&str]); 27] = [
        ("post_tweet", &["text"], &["media_ids", "account", "idempotency_key"]),
        ("post_instagram", &["caption"], &["media_ids", "account", "idempotency_key"]),
        ("post_linkedin", &["text"], &["media_ids", "account", "idempotency_key"]),
        ("post_tiktok", &["text"], &["media_ids", "account", "idempotency_key"]),
        ("post_youtube", &["text"], &["title", "media_ids", "account", "idempotency_key"]),
        ("post_threads", &["text"], &["media_ids", "account", "idempotency_key"]),
        ("upload_media", &["platform", "filename", "data"], &["sha256"]),
        ("get_post", &["platform", "id"], &[]),
        ("list_posts", &["platform"], &["account", "limit"]),
        ("get_tweet", &["tweet_id"], &[]),
        ("follow_user", &["platform", "user_id"], &["account", "idempotency_key"]),
        ("reply_to_tweet", &["tweet_id", "text"], &["account", "idempotency_key"]),
        ("like_tweet", &["tweet_id"], &["account", "idempotency_key"]),
        ("retweet", &["tweet_id"], &["text", "account", "idempotency_key"]),
        ("comment_on_post", &["post_id", "text"], &["account", "idempotency_key"]),
        ("like_post", &["post_id"], &["account", "idempotency_key"]),
        ("reply_to_comment", &["comment_id", "text"], &["account", "idempotency_key"]),
        ("comment_on_video", &["video_id", "text"], &["account", "idempotency_key"]),
        ("like_video", &["video_id"], &["account", "idempotency_key"]),
        ("share_video", &["video_id"], &["text", "account", "idempotency_key"]),
        ("reply_to_thread", &["thread_id", "text"], &["account", "idempotency_key"]),
        ("like_thread", &["thread_id"], &["account", "idempotency_key"]),
        ("list_comments", &["platform"], &["account", "limit"]),
        ("list_likes", &["platform"], &["account", "limit"]),
        ("list_follows", &["platform"], &["account", "limit"]),
        ("list_shares", &["platform"], &["account", "limit"]),
        ("get_target", &["platform", "id", "kind"], &[]),
    ];
    let place = Place::new();
    let mut client = place.client(&json!({}));
    let id = client.request("tools/list", &json!({}));
    let tools = client.wait_for(id)["result"]["tools"].clone();
    for (tool, (name, required, optional)) in tools.as_array().expect("tools").iter().zip(table) {
        assert_eq!(tool["name"], name);
        let schema = &tool["inputSchema"];
        let names = |value: &Value| -> BTreeSet<String> {
            value
                .as_array()
                .expect("names")
                .iter()
                .map(|name| name.as_str().expect("a name").into())
                .collect()
        };
        let declared: BTreeSet<String> =
            schema["properties"].as_object().expect("properties").keys().cloned().collect();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names(&schema["required"]), owned(required), "{name}");
        assert_eq!(declared, &owned(required) | &owned(optional), "{name}");
    }
}

#[test]
fn arguments_that_do_not_fit_do_nothing() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for arguments in [
        json!({ "text": "a", "execute": true }),
        json!({ "caption": "a" }),
        json!({ "text": 1 }),
        json!({ "text": "a", "media_ids": "1" }),
    ] {
        let (text, error) = client.refused("post_tweet", &arguments);
        assert!(text.starts_with("bad arguments: "), "{text}");
        assert_eq!(error["code"], "bad_arguments");
    }
    let id = client.begin("delete_tweet", &json!({}));
    assert_eq!(client.wait_for(id)["error"]["code"], -32_602);
    drop(client.end());

    let record = Record::open(place.record()).expect("a record");
    assert!(record.posts().is_empty());
    assert!(record.calls().iter().all(|call| call.outcome == Outcome::BadArguments));
    assert_eq!(record.calls().len(), 4);
}

#[test]
fn content_the_platform_does_not_take_is_refused() {
    let place = Place::new();
    let mut client = place.client(&json!({ "refuse_duplicates": true }));
    for (tool, argument, limit, status) in [
        ("post_tweet", "text", 280, 400),
        ("post_instagram", "caption", 2_200, 400),
        ("post_linkedin", "text", 3_000, 422),
        ("post_tiktok", "text", 2_200, 400),
        ("post_youtube", "text", 5_000, 400),
        ("post_threads", "text", 500, 400),
    ] {
        client.ok(tool, &json!({ argument: "é".repeat(limit) }));
        let (_, error) = client.refused(tool, &json!({ argument: "é".repeat(limit + 1) }));
        assert_eq!(error["status"], status);
    }
    client.ok("post_tweet", &json!({ "text": "again" }));
    client.ok("post_tweet", &json!({ "text": "again", "account": "other" }));
    let (text, error) = client.refused("post_tweet", &json!({ "text": "again" }));
    assert_eq!(error["status"], 403);
    assert_eq!(text, "HTTP 403 Forbidden: You are not allowed to create a Tweet with duplicate content.");
    client.ok("post_linkedin", &json!({ "text": "again" }));
    client.ok("post_linkedin", &json!({ "text": "again" }));
    drop(client.end());

    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.duplicates().len(), 1);
    assert_eq!(record.posts().len(), 10);
}

#[test]
fn videos_and_threads_are_posts_like_any_other() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for (tool, platform, link) in [
        ("post_tiktok", "tiktok", "https://www.tiktok.com/@me/video/"),
        ("post_youtube", "youtube", "https://www.youtube.com/watch?v="),
        ("post_threads", "threads", "https://www.threads.net/@me/post/"),
    ] {
        let upload = json!({ "platform": platform, "filename": "a.mp4", "data": "aGVsbG8=" });
        let media = client.ok("upload_media", &upload)["media_id"].clone();
        let post = json!({ "text": "hello", "account": "me", "media_ids": [media] });
        let [first, second] = [client.ok(tool, &post), client.ok(tool, &post)];
        assert!(first["url"].as_str().is_some_and(|url| url.starts_with(link)), "{first}");
        assert_eq!(first["text"], "hello");
        assert_ne!(first["id"], second["id"]);
        assert_ne!(first["id"], media, "{platform}: an id is given out once");
        let shown = client.ok("get_post", &json!({ "platform": platform, "id": first["id"] }));
        assert_eq!((&shown["account"], &shown["text"]), (&json!("me"), &json!("hello")));
        let listed = client.ok("list_posts", &json!({ "platform": platform, "account": "me" }));
        assert_eq!(listed["posts"][1], shown);
        client.refused(tool, &json!({ "text": "hello", "media_ids": ["unknown"] }));
    }
    let titled = client.ok("post_youtube", &json!({ "text": "hello", "title": "Hi" }));
    let shown = client.ok("get_post", &json!({ "platform": "youtube", "id": titled["id"] }));
    assert_eq!(shown["title"], "Hi");
    drop(client.end());
    let record = Record::open(place.record()).expect("a record");
    assert_eq!((record.posts().len(), record.duplicates().len()), (7, 3));
    assert_eq!(record.engagements(), 0);
}

#[test]
fn media_is_checked_stored_and_bound_to_its_platform() {
    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let place = Place::new();
    let mut client = place.client(&json!({}));
    let media = json!({ "platform": "twitter", "filename": "a.png", "data": "aGVsbG8=" });
    let stored = client.ok("upload_media", &media);
    assert_eq!(stored["bytes"], 5);
    assert_eq!(stored["sha256"], HELLO);
    let mut wrong = media;
    wrong["sha256"] = json!(HELLO.replace('2', "3"));
    let (_, error) = client.refused("upload_media", &wrong);
    assert_eq!(error["code"], "checksum_mismatch");
    let eight_mebibytes_and_some = "AAAA".repeat(8 * 1024 * 1024 / 3 + 1);
    let large = json!({ "platform": "twitter", "filename": "a", "data": eight_mebibytes_and_some });
    let (_, error) = client.refused("upload_media", &large);
    assert_eq!(error["status"], 413);
    drop(client.end());

    let mut client = place.client(&json!({}));
    let ids = json!([stored["media_id"]]);
    client.ok("post_tweet", &json!({ "text": "a", "media_ids": ids }));
    let (_, error) = client.refused("post_linkedin", &json!({ "text": "a", "media_ids": ids }));
    assert_eq!(error["code"], "INVALID_MEDIA");
    drop(client.end());
    let posts = Record::open(place.record()).expect("a record").posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(json!(posts[0].media_ids), ids);
}

#[test]
fn the_call_key_in_the_meta_is_noted() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    let id = client.request(
        "tools/call",
        &json!({
            "name": "post_tweet",
            "arguments": { "text": "a" },
            "_meta": { "org.example/call-key": "k-1", "org.example/other": 1, "traceparent": "00-x" },
        }),
    );
    assert_eq!(client.wait_for(id)["result"]["isError"], false);
    drop(client.end());
    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.posts()[0].call_meta_key.as_deref(), Some("k-1"));
    assert_eq!(record.calls()[0].call_meta_key.as_deref(), Some("k-1"));
}

#[test]
fn a_key_is_honoured_unless_the_configuration_says_otherwise() {
    for (config, honoured) in [
        (json!({}), true),
        (json!({ "keys": "enforced" }), true),
        (json!({ "keys": "advisory" }), false),
        (json!({ "keys": [] }), false),
    ] {
        let place = Place::new();
        let mut client = place.client(&config);
        for platform in Platform::ALL {
            let (name, text) = match platform {
                Platform::Twitter => ("post_tweet", "text"),
                Platform::Instagram => ("post_instagram", "caption"),
                Platform::LinkedIn => ("post_linkedin", "text"),
                Platform::TikTok => ("post_tiktok", "text"),
                Platform::YouTube => ("post_youtube", "text"),
                Platform::Threads => ("post_threads", "text"),
            };
            let post = json!({ text: "a", "idempotency_key": "k" });
            let first = client.ok(name, &post);
            assert_eq!(client.ok(name, &post) == first, honoured, "{config}: {name}");
        }
        let id = client.request("tools/list", &json!({}));
        let tools = client.wait_for(id)["result"]["tools"].clone();
        let words = tools[0]["inputSchema"]["properties"]["idempotency_key"]["description"].to_string();
        assert_eq!(words.contains("Noted only"), !honoured, "{config}: {words}");
        drop(client.end());
        let record = Record::open(place.record()).expect("a record");
        assert_eq!(record.duplicates().len(), if honoured { 0 } else { 6 }, "{config}");
    }
}

/// The option goes before the configuration.
#[test]
fn the_option_says_where_keys_are_honoured() {
    for (option, posts) in [("enforced", 2), ("advisory", 4), ("twitter", 3)] {
        let place = Place::new();
        let mut client = place.client_with(&json!({ "keys": ["threads"] }), &["--keys", option]);
        for tool in ["post_tweet", "post_tweet", "post_threads", "post_threads"] {
            client.ok(tool, &json!({ "text": "a", "idempotency_key": "k" }));
        }
        drop(client.end());
        let record = Record::open(place.record()).expect("a record");
        assert_eq!(record.posts().len(), posts, "{option}");
    }
}

#[test]
fn a_key_is_honoured_only_where_the_platform_does() {
    let place = Place::new();
    let mut client = place.client(&json!({ "keys": ["linkedin"] }));
    let post = json!({ "text": "a", "idempotency_key": "k" });
    let first = client.ok("post_linkedin", &post);
    assert_eq!(client.ok("post_linkedin", &post), first);
    let other = json!({ "text": "b", "idempotency_key": "k" });
    let (text, error) = client.refused("post_linkedin", &other);
    assert!(text.starts_with("HTTP 409 Conflict"), "{text}");
    assert_eq!(error["status"], 409);
    let tweet = client.ok("post_tweet", &post);
    assert_ne!(client.ok("post_tweet", &post)["id"], tweet["id"]);
    drop(client.end());

    let record = Record::open(place.record()).expect("a record");
    let doubles = record.duplicates();
    assert_eq!(doubles.len(), 1);
    assert_eq!(doubles[0].platform, Platform::Twitter);
    assert_eq!(doubles[0].idempotency_key.as_deref(), Some("k"));
    let outcomes: Vec<Outcome> = record.calls().iter().map(|call| call.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Posted, Outcome::Replayed, Outcome::KeyConflict, Outcome::Posted, Outcome::Posted]
    );
}
