//! Targets: what is served, what a target looks like, whether it is there.

use super::*;
use crate::targets::{TargetFinding, TargetKind, TargetQuery, TargetView, Targets};

#[test]
fn shapes_are_those_of_the_platform() {
    use EffectKind::{Comment, Follow, Like, Reply, Share};
    use PlatformName::{Instagram, Threads, TikTok, Twitter};
    use TargetKind::{Comment as OnComment, Post, User};

    let world = answering(Vec::new());
    for (platform, kind, target, expected) in [
        (Twitter, Reply, "tweet_12345", Some(Post)),
        (Twitter, Comment, "tweet_12345", Some(Post)),
        (Twitter, Like, "1755123456789012345", Some(Post)),
        (Twitter, Share, "tweet_98765", Some(Post)),
        (Twitter, Follow, "user_fashion_influencer", Some(User)),
        (Twitter, Follow, "@jack", Some(User)),
        (Twitter, Follow, "44196397", Some(User)),
        (Twitter, Like, "post_67890", None),
        (Twitter, Like, "thread_1", None),
        (Twitter, Like, "user_fashion_influencer", None),
        (Twitter, Like, "", None),
        (Twitter, Like, "tweet_1 OR 1", None),
        (Twitter, Like, "tweet_1\n", None),
        (Twitter, Like, "https://x.com/me/status/1", None),
        (Twitter, Follow, "a.b", None),
        (Twitter, Follow, "more_than_fifteen", None),
        (Instagram, Reply, "comment_12345", Some(OnComment)),
        (Instagram, Reply, "17900000000000001", Some(OnComment)),
        (Instagram, Reply, "post_67890", None),
        (Instagram, Comment, "post_67890", Some(Post)),
        (Instagram, Like, "17900000000000001", Some(Post)),
        (Instagram, Like, "tweet_1", None),
        (Instagram, Like, "tweet_12345", None),
        (Instagram, Follow, "user_collaborator", Some(User)),
        (Instagram, Follow, "some.body", Some(User)),
        (TikTok, Comment, "video_1", Some(Post)),
        (TikTok, Share, "7000000000000000000", Some(Post)),
        (TikTok, Like, "tweet_1", None),
        (TikTok, Follow, "@some.body", Some(User)),
        (TikTok, Follow, "a", None),
        (Threads, Reply, "thread_1", Some(Post)),
        (Threads, Comment, "thread_1", Some(Post)),
        (Threads, Like, "post_1", None),
        (Threads, Follow, "user_1", Some(User)),
    ] {
        let found = world.platform.check(me(platform), kind, target);
        assert_eq!(found.clone().ok(), expected, "{platform} {kind:?} {target:?}");
        if let Err(fault) = found {
            assert!(fault.expected.contains(platform.as_str()), "{fault}");
        }
    }
}

#[test]
fn what_is_not_served_takes_no_target() {
    let world = answering(Vec::new());
    for (platform, kind) in [
        (PlatformName::Twitter, EffectKind::Publish),
        (PlatformName::Instagram, EffectKind::Share),
        (PlatformName::LinkedIn, EffectKind::Like),
    ] {
        assert!(world.platform.check(me(platform), kind, "1").is_err(), "{platform} {kind:?}");
    }
    let nothing = ToolPlatform::new([], Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
    assert!(nothing.check(me(PlatformName::Twitter), EffectKind::Like, "1").is_err());
    assert_eq!(nothing.served(me(PlatformName::Twitter)), []);
    assert!(!nothing.takes_text(me(PlatformName::Twitter), EffectKind::Reply));
    assert_eq!(nothing.limit(me(PlatformName::Twitter), EffectKind::Like), None);
}

#[test]
fn the_matrix_is_told() {
    use EffectKind::{Comment, Follow, Like, Publish, Reply, Share};

    let world = answering(Vec::new());
    for (platform, served) in [
        (PlatformName::Twitter, &[Publish, Reply, Comment, Like, Follow, Share][..]),
        (PlatformName::Instagram, &[Publish, Reply, Comment, Like, Follow]),
        (PlatformName::TikTok, &[Publish, Comment, Like, Follow, Share]),
        (PlatformName::Threads, &[Publish, Reply, Comment, Like, Follow]),
        (PlatformName::LinkedIn, &[Publish]),
        (PlatformName::YouTube, &[Publish]),
    ] {
        assert_eq!(world.platform.served(me(platform)), served, "{platform}");
        for kind in [Publish, Reply, Comment, Like, Follow, Share] {
            let takes = served.contains(&kind) && !matches!(kind, Like | Follow);
            assert_eq!(world.platform.takes_text(me(platform), kind), takes, "{platform} {kind:?}");
        }
    }
    let limit = world.platform.limit(me(PlatformName::Twitter), Share).unwrap();
    assert_eq!((limit.count, limit.window), (50, TimeDelta::minutes(15)));
    assert_eq!(world.platform.limit(me(PlatformName::Twitter), Publish), None);
}

fn query(platform: PlatformName, kind: TargetKind, target: &str) -> TargetQuery {
    TargetQuery { platform, account: "me".to_owned(), kind, target: target.to_owned() }
}

fn look(world: &World, query: &TargetQuery) -> Option<TargetFinding> {
    world.platform.look(query, at(5)).now_or_never().unwrap()
}

fn view(text: &str, author: &str) -> TargetFinding {
    TargetFinding::There(TargetView { text: Some(text.to_owned()), author: Some(author.to_owned()) })
}

#[test]
fn each_kind_of_target_is_looked_up_by_its_tool() {
    use PlatformName::{Instagram, Threads, TikTok, Twitter};
    use TargetKind::{Comment, Post, User};

    let there = json!({ "id": "1", "exists": true, "text": "Hi", "author": "you" });
    let tweet = json!({ "id": "1", "text": "Hi", "account": "you" });
    for (platform, kind, tool, answer) in [
        (Twitter, Post, "get_tweet", tweet),
        (Twitter, User, "get_target", there.clone()),
        (Instagram, Post, "get_target", there.clone()),
        (Instagram, Comment, "get_target", there.clone()),
        (Instagram, User, "get_target", there.clone()),
        (TikTok, Post, "get_target", there.clone()),
        (TikTok, User, "get_target", there.clone()),
        (Threads, Post, "get_target", there.clone()),
        (Threads, User, "get_target", there),
    ] {
        let world = answering(vec![said(false, answer)]);
        let found = look(&world, &query(platform, kind, "1"));
        assert_eq!(found, Some(view("Hi", "you")), "{platform} {kind:?}");
        let call = only_call(&world);
        let expected = match tool {
            "get_tweet" => json!({ "tweet_id": "1" }),
            _ => json!({ "platform": platform.as_str(), "id": "1", "kind": kind.as_str() }),
        };
        assert_eq!((call.tool.as_str(), Value::Object(call.arguments.clone())), (tool, expected));
        assert_eq!((call.send_before, call.deadline), (at(5), at(5)), "no later than it was asked for");
        assert_eq!(call.meta[&format!("{META_PREFIX}/step")], "target");
        assert_eq!(call.meta[&format!("{META_PREFIX}/platform")], platform.as_str());
    }
    assert_eq!(look(&answering(Vec::new()), &query(Twitter, Comment, "1")), None);
    assert_eq!(look(&answering(Vec::new()), &query(PlatformName::LinkedIn, Post, "1")), None);
}

#[test]
fn only_the_platform_says_that_a_target_is_missing() {
    for (called, missing) in [
        (refused(404, "not_found", "no such post"), true),
        (refused(404, 144, "No status found with that ID."), true),
        (said(true, json!("HTTP 404 Not Found: no such post")), true),
        (said(false, json!({ "error": "404 Not Found" })), true),
        (said(false, json!({ "id": "1", "exists": false })), true),
        (refused(503, 130, "Over capacity"), false),
        (refused(401, 89, "Invalid or expired token."), false),
        (refused(429, 88, "Rate limit exceeded"), false),
        (said(true, json!("API key not found")), false),
        (said(true, json!("Connection reset: 404 Not Found")), false),
        (said(true, json!({})), false),
        (said(false, json!({})), false),
        (said(false, json!({ "id": "1", "exists": "yes" })), false),
        (said(false, json!("there it is")), false),
        (Called::Lost { reason: "died; token=abc".to_owned() }, false),
        (Called::NotSent { reason: "down".to_owned() }, false),
        (Called::Failed { reason: "unknown tool".to_owned() }, false),
    ] {
        let shown = format!("{called:?}");
        let found = look(&answering(vec![called]), &query(PlatformName::Instagram, TargetKind::Post, "1"));
        match found {
            Some(TargetFinding::Missing) => assert!(missing, "{shown}"),
            Some(TargetFinding::CannotTell { reason }) => {
                assert!(!missing && !reason.contains("abc"), "{shown} {reason}");
            }
            other => panic!("{shown} {other:?}"),
        }
    }
}

#[test]
fn what_needs_a_human_or_comes_too_late_tells_nothing() {
    let query = query(PlatformName::Instagram, TargetKind::Post, "1");
    let asking = ToolAnswer {
        result_type: Some("input_required".to_owned()),
        structured: Some(json!({ "exists": true })),
        ..ToolAnswer::default()
    };
    let found = look(&answering(vec![Called::Answered(asking)]), &query);
    assert!(matches!(found, Some(TargetFinding::CannotTell { .. })), "{found:?}");
    let late = answering(Vec::new()).platform.look(&query, now()).now_or_never().unwrap();
    assert!(matches!(late, Some(TargetFinding::CannotTell { .. })), "{late:?}");
}

#[test]
fn somebody_elses_words_are_redacted_and_shortened() {
    let text = format!("access_token=abc {}", "b".repeat(10_000));
    let answer = json!({ "exists": true, "text": text, "author": "c".repeat(1_000) });
    let found =
        look(&answering(vec![said(false, answer)]), &query(PlatformName::Threads, TargetKind::Post, "1"));
    let Some(TargetFinding::There(TargetView { text: Some(text), author: Some(author) })) = found else {
        panic!("{found:?}")
    };
    assert!(text.starts_with("access_token=[redacted] b") && text.chars().count() == 5_001, "{text}");
    assert_eq!(author.chars().count(), 201);
}

#[test]
fn a_tool_that_takes_no_words_says_so() {
    let toml = include_str!("../../../profiles/seeds.toml").replace(
        "arguments = { video_id = \"{target}\", text = \"{text}\", account = \"{account}\" }\nreads_back = false\ntarget_kind = \"post\"\nid = \"/id\"\nurl = \"/url\"\nconfirm",
        "arguments = { video_id = \"{target}\", account = \"{account}\" }\nreads_back = false\ntarget_kind = \"post\"\nid = \"/id\"\nurl = \"/url\"\nconfirm",
    );
    let profile = Profile::parse(&toml).unwrap();
    let world = world_of(&profile, Ok(tools()), Ok(Vec::new()), Vec::new());
    let (tiktok, share) = (PlatformName::TikTok, EffectKind::Share);
    assert!(!world.platform.takes_text(me(tiktok), share));
    assert!(world.platform.takes_text(me(PlatformName::Twitter), share));
    let effect = engagement(tiktok, share, "video_1", "Look");
    let Outcome::NotDone(refusal) = act_at(&world, &effect, &[], at(9)) else { panic!("not refused") };
    assert_eq!(refusal.code, ErrorCode::ValidationError);
}
