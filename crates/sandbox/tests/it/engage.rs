//! Comments, likes, follows and shares when nothing goes wrong, and what is refused.

use chimera_sandbox::{ActKind, Engagement, EngagementKind, Outcome, Platform, Record, ToolName};
use serde_json::{Value, json};

use crate::client::{Client, Place};

/// A tool that engages: its platform, the arguments without the account, what it does.
struct Row {
    tool: ToolName,
    platform: Platform,
    arguments: Value,
    kind: EngagementKind,
}

/// Every tool that engages, and `follow_user` on each platform.
fn rows() -> Vec<Row> {
    use EngagementKind::{Comment, Follow, Like, Reply, Share};
    use Platform::{Instagram, Threads, TikTok, Twitter};
    let row = |tool, platform, kind, arguments| Row { tool, platform, arguments, kind };
    let mut rows = vec![
        row(ToolName::ReplyToTweet, Twitter, Reply, json!({ "tweet_id": "1", "text": "hi" })),
        row(ToolName::LikeTweet, Twitter, Like, json!({ "tweet_id": "1" })),
        row(ToolName::Retweet, Twitter, Share, json!({ "tweet_id": "1", "text": "look" })),
        row(ToolName::CommentOnPost, Instagram, Comment, json!({ "post_id": "1", "text": "hi" })),
        row(ToolName::LikePost, Instagram, Like, json!({ "post_id": "1" })),
        row(ToolName::ReplyToComment, Instagram, Reply, json!({ "comment_id": "1", "text": "hi" })),
        row(ToolName::CommentOnVideo, TikTok, Comment, json!({ "video_id": "1", "text": "hi" })),
        row(ToolName::LikeVideo, TikTok, Like, json!({ "video_id": "1" })),
        row(ToolName::ShareVideo, TikTok, Share, json!({ "video_id": "1", "text": "look" })),
        row(ToolName::ReplyToThread, Threads, Reply, json!({ "thread_id": "1", "text": "hi" })),
        row(ToolName::LikeThread, Threads, Like, json!({ "thread_id": "1" })),
    ];
    rows.extend([Twitter, Instagram, TikTok, Threads].map(|platform| {
        row(ToolName::FollowUser, platform, Follow, json!({ "platform": platform, "user_id": "1" }))
    }));
    rows
}

impl Row {
    fn by(&self, account: &str) -> Value {
        let mut arguments = self.arguments.clone();
        arguments["account"] = json!(account);
        arguments
    }

    fn keyed(&self, key: &str) -> Value {
        let mut arguments = self.by("me");
        arguments["idempotency_key"] = json!(key);
        arguments
    }

    fn list(&self) -> (&'static str, &'static str) {
        match self.kind {
            EngagementKind::Comment | EngagementKind::Reply => ("list_comments", "comments"),
            EngagementKind::Like => ("list_likes", "likes"),
            EngagementKind::Follow => ("list_follows", "follows"),
            EngagementKind::Share => ("list_shares", "shares"),
        }
    }

    /// What the list of its kind shows for an account, newest first, and whether that is all.
    fn listed(&self, client: &mut Client, account: &str, limit: u64) -> (Vec<Value>, bool) {
        let (tool, member) = self.list();
        let asked = json!({ "platform": self.platform, "account": account, "limit": limit });
        let answer = client.ok(tool, &asked);
        (answer[member].as_array().expect("a list").clone(), answer["complete"] == true)
    }
}

/// The record of a place, and of it the engagements of one kind.
fn recorded(place: &Place, kind: EngagementKind) -> (Record, Vec<Engagement>) {
    let record = Record::open(place.record()).expect("a record");
    let all = [record.comments(), record.likes(), record.follows(), record.shares()].concat();
    assert_eq!(all.len(), record.engagements());
    let of_kind = all.into_iter().filter(|engagement| engagement.kind == kind).collect();
    (record, of_kind)
}

#[test]
fn each_tool_acts_answers_and_is_listed_after_a_restart() {
    for row in rows() {
        let (place, name) = (Place::new(), row.tool.name());
        let mut client = place.client(&json!({}));
        let answer = client.ok(name, &row.by("me"));
        drop(client.end());

        let (record, made) = recorded(&place, row.kind);
        assert_eq!((made.len(), record.engagements(), record.posts().len()), (1, 1, 0), "{name}");
        let made = &made[0];
        assert_eq!((made.platform, made.account.as_str()), (row.platform, "me"), "{name}");
        assert_eq!((made.target.as_str(), made.again), ("1", false), "{name}");
        assert_eq!(json!(made.text), row.arguments["text"], "{name}");
        let call = &record.calls()[0];
        assert_eq!(
            (call.tool, call.outcome, call.target.as_deref()),
            (row.tool, Outcome::Engaged, Some("1"))
        );

        let at = made.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let (expected, item) = match row.kind {
            EngagementKind::Comment | EngagementKind::Reply => (
                json!({ "id": made.id, "created_at": at, "text": "hi", "target": "1" }),
                json!({ "id": made.id, "kind": row.kind, "target": "1", "text": "hi", "created_at": at }),
            ),
            EngagementKind::Like => (
                json!({ "liked": true, "target": "1", "timestamp": at }),
                json!({ "target": "1", "created_at": at }),
            ),
            EngagementKind::Follow => (
                json!({ "following": true, "target": "1", "timestamp": at }),
                json!({ "target": "1", "created_at": at }),
            ),
            EngagementKind::Share => (
                json!({ "id": made.id, "shared": true, "target": "1", "created_at": at, "text": "look" }),
                json!({ "id": made.id, "target": "1", "text": "look", "created_at": at }),
            ),
        };
        let with_link = |mut value: Value| {
            if let Some(url) = &made.url {
                value["url"] = json!(url);
            }
            value
        };
        assert_eq!(answer, with_link(expected), "{name}");

        let mut client = place.client(&json!({}));
        assert_eq!(row.listed(&mut client, "me", 20), (vec![with_link(item)], true), "{name}");
        assert_eq!(row.listed(&mut client, "you", 20), (Vec::new(), true), "{name}");
    }
}

#[test]
fn a_repeated_state_is_one_thing_and_two_acts() {
    for row in rows() {
        let (place, name) = (Place::new(), row.tool.name());
        let mut client = place.client(&json!({}));
        let first = client.ok(name, &row.by("me"));
        drop(client.end());
        let mut client = place.client(&json!({}));
        let second = client.ok(name, &row.by("me"));
        client.ok(name, &row.by("you"));
        drop(client.end());

        let state = matches!(row.kind, EngagementKind::Like | EngagementKind::Follow);
        let (record, made) = recorded(&place, row.kind);
        assert_eq!(first == second, state, "{name}: {first} {second}");
        assert_eq!(made.len(), if state { 2 } else { 3 }, "{name}");
        let doubles = record.duplicates();
        assert_eq!(doubles.len(), 1, "{name}");
        assert_eq!(doubles[0].kind, ActKind::Engagement(row.kind));
        assert_eq!((doubles[0].platform, doubles[0].account.as_str()), (row.platform, "me"));
        assert_eq!(doubles[0].target.as_deref(), Some("1"));
        let outcomes: Vec<Outcome> = record.calls().iter().map(|call| call.outcome).collect();
        let repeated = if state { Outcome::Again } else { Outcome::Engaged };
        assert_eq!(outcomes, [Outcome::Engaged, repeated, Outcome::Engaged], "{name}");
    }
}

#[test]
fn a_key_is_honoured_only_where_the_platform_does() {
    for row in rows() {
        let (place, name) = (Place::new(), row.tool.name());
        let mut client = place.client(&json!({}));
        let first = client.ok(name, &row.keyed("k"));
        drop(client.end());
        let mut client = place.client(&json!({ "keys": [row.platform] }));
        assert_eq!(client.ok(name, &row.keyed("k")), first, "{name}");
        let mut other = row.keyed("k");
        other["account"] = json!("you");
        let (_, error) = client.refused(name, &other);
        assert_eq!(error["code"], "idempotency_key_reused", "{name}");
        // A key is one platform's, whatever the tool.
        let text = if row.platform == Platform::Instagram { "caption" } else { "text" };
        let post = json!({ text: "hi", "idempotency_key": "k" });
        let (_, error) = client.refused(post_tool(row.platform), &post);
        assert_eq!(error["status"], 409, "{name}");
        drop(client.end());
        let (record, made) = recorded(&place, row.kind);
        assert_eq!((made.len(), record.duplicates().len()), (1, 0), "{name}");
        assert_eq!(made[0].idempotency_key.as_deref(), Some("k"));
        let outcomes: Vec<Outcome> = record.calls().iter().map(|call| call.outcome).collect();
        let expected = [Outcome::Engaged, Outcome::Replayed, Outcome::KeyConflict, Outcome::KeyConflict];
        assert_eq!(outcomes, expected, "{name}");

        let mut client = place.client(&json!({ "keys": "advisory" }));
        client.ok(name, &row.keyed("k"));
        drop(client.end());
        assert_eq!(recorded(&place, row.kind).0.duplicates().len(), 1, "{name}: keys are noted only");
    }
}

fn post_tool(platform: Platform) -> &'static str {
    match platform {
        Platform::Twitter => "post_tweet",
        Platform::Instagram => "post_instagram",
        Platform::LinkedIn => "post_linkedin",
        Platform::TikTok => "post_tiktok",
        Platform::YouTube => "post_youtube",
        Platform::Threads => "post_threads",
    }
}

#[test]
fn lists_are_newest_first_and_say_when_they_are_not_whole() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for row in rows() {
        let target = match row.tool {
            ToolName::FollowUser => "user_id",
            ToolName::ReplyToTweet | ToolName::LikeTweet | ToolName::Retweet => "tweet_id",
            ToolName::CommentOnPost | ToolName::LikePost => "post_id",
            ToolName::ReplyToComment => "comment_id",
            ToolName::CommentOnVideo | ToolName::LikeVideo | ToolName::ShareVideo => "video_id",
            _ => "thread_id",
        };
        let (account, name) = (row.tool.name(), row.tool.name());
        for id in ["first", "second", "third"] {
            let mut arguments = row.by(account);
            arguments[target] = json!(id);
            client.ok(name, &arguments);
        }
        let targets = |items: Vec<Value>| -> Vec<Value> {
            items.into_iter().map(|item| item["target"].clone()).collect()
        };
        let (newest, complete) = row.listed(&mut client, account, 2);
        assert_eq!((targets(newest), complete), (vec![json!("third"), json!("second")], false), "{name}");
        let (all, complete) = row.listed(&mut client, account, 3);
        assert_eq!((targets(all), complete), (vec![json!("third"), json!("second"), json!("first")], true));
    }
    let (_, error) = client.refused("list_likes", &json!({ "platform": "linkedin" }));
    assert_eq!(error["code"], "bad_arguments");
}

#[test]
fn arguments_that_do_not_fit_and_texts_that_are_too_long_do_nothing() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for row in rows() {
        let mut undeclared = row.by("me");
        undeclared["dry_run"] = json!(true);
        for arguments in [json!({ "account": "me" }), undeclared] {
            let (text, error) = client.refused(row.tool.name(), &arguments);
            assert!(text.starts_with("bad arguments: "), "{text}");
            assert_eq!(error["code"], "bad_arguments");
        }
    }
    for (tool, target, limit) in [
        ("reply_to_tweet", "tweet_id", 280),
        ("retweet", "tweet_id", 280),
        ("comment_on_post", "post_id", 2_200),
        ("reply_to_comment", "comment_id", 2_200),
        ("comment_on_video", "video_id", 150),
        ("share_video", "video_id", 2_200),
        ("reply_to_thread", "thread_id", 500),
    ] {
        let (_, error) = client.refused(tool, &json!({ target: "1", "text": "é".repeat(limit + 1) }));
        assert_eq!(error["status"], 400, "{tool}");
        let (_, error) = client.refused(tool, &json!({ target: "1", "text": "" }));
        assert_eq!(error["code"], "bad_arguments", "{tool}");
    }
    let record = Record::open(place.record()).expect("a record");
    assert_eq!((record.engagements(), record.duplicates().len()), (0, 0));
    let refused = |outcome| record.calls().iter().filter(|call| call.outcome == outcome).count();
    assert_eq!((refused(Outcome::ContentRefused), refused(Outcome::BadArguments)), (7, 2 * 15 + 7));

    for (tool, target, limit) in
        [("comment_on_video", "video_id", 150), ("reply_to_thread", "thread_id", 500)]
    {
        client.ok(tool, &json!({ target: "1", "text": "é".repeat(limit) }));
    }
}

#[test]
fn shares_need_no_words_and_replies_are_posts_where_they_are_elsewhere() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    for (tool, target, platform) in
        [("retweet", "tweet_id", "twitter"), ("share_video", "video_id", "tiktok")]
    {
        let share = client.ok(tool, &json!({ target: "1" }));
        assert_eq!(share.get("text"), None);
        let listed = client.ok("list_shares", &json!({ "platform": platform }));
        assert_eq!(listed["shares"][0]["text"], Value::Null);
    }
    let reply = client.ok("reply_to_tweet", &json!({ "tweet_id": "1", "text": "hi", "account": "me" }));
    let shown = client.ok("get_tweet", &json!({ "tweet_id": reply["id"] }));
    assert_eq!((&shown["text"], &shown["account"]), (&json!("hi"), &json!("me")));
    assert_eq!(shown["url"], reply["url"]);
    assert_eq!(client.ok("list_posts", &json!({ "platform": "twitter" }))["posts"], json!([]));

    let comment = client.ok("comment_on_post", &json!({ "post_id": "1", "text": "hi" }));
    assert_eq!(comment.get("url"), None);
    client.refused("get_post", &json!({ "platform": "instagram", "id": comment["id"] }));
}
