//! The seeds' matrix: which action is served where, by which tool, with which arguments (ENG-04).

use super::*;

/// A cell: the target, and the tool with all of its arguments but account and key.
type Cell = Option<(&'static str, &'static str, Value)>;

const WORDS: &str = "Well said";

fn matrix() -> Vec<(PlatformName, EffectKind, Cell)> {
    use EffectKind::{Comment, Follow, Like, Reply, Share};
    use PlatformName::{Instagram, Threads, TikTok, Twitter};

    let tweet = json!({ "tweet_id": "tweet_12345", "text": WORDS });
    let thread = json!({ "thread_id": "thread_1", "text": WORDS });
    let user = |name: &str, platform: PlatformName| json!({ "user_id": name, "platform": platform.as_str() });
    vec![
        (Twitter, Reply, Some(("tweet_12345", "reply_to_tweet", tweet.clone()))),
        (Twitter, Comment, Some(("tweet_12345", "reply_to_tweet", tweet.clone()))),
        (Twitter, Like, Some(("tweet_12345", "like_tweet", json!({ "tweet_id": "tweet_12345" })))),
        (
            Twitter,
            Follow,
            Some(("user_fashion_influencer", "follow_user", user("user_fashion_influencer", Twitter))),
        ),
        (Twitter, Share, Some(("tweet_12345", "retweet", tweet))),
        (
            Instagram,
            Reply,
            Some((
                "comment_12345",
                "reply_to_comment",
                json!({ "comment_id": "comment_12345", "text": WORDS }),
            )),
        ),
        (
            Instagram,
            Comment,
            Some(("post_67890", "comment_on_post", json!({ "post_id": "post_67890", "text": WORDS }))),
        ),
        (Instagram, Like, Some(("post_67890", "like_post", json!({ "post_id": "post_67890" })))),
        (Instagram, Follow, Some(("user_collaborator", "follow_user", user("user_collaborator", Instagram)))),
        (Instagram, Share, None),
        (TikTok, Reply, None),
        (
            TikTok,
            Comment,
            Some(("video_1", "comment_on_video", json!({ "video_id": "video_1", "text": WORDS }))),
        ),
        (TikTok, Like, Some(("video_1", "like_video", json!({ "video_id": "video_1" })))),
        (TikTok, Follow, Some(("user_1", "follow_user", user("user_1", TikTok)))),
        (TikTok, Share, Some(("video_1", "share_video", json!({ "video_id": "video_1", "text": WORDS })))),
        (Threads, Reply, Some(("thread_1", "reply_to_thread", thread.clone()))),
        (Threads, Comment, Some(("thread_1", "reply_to_thread", thread))),
        (Threads, Like, Some(("thread_1", "like_thread", json!({ "thread_id": "thread_1" })))),
        (Threads, Follow, Some(("user_1", "follow_user", user("user_1", Threads)))),
        (Threads, Share, None),
    ]
}

/// As the seeds' tools answer.
pub(super) fn answer(kind: EffectKind, target: &str, text: &str) -> Value {
    let time = "2027-01-15T08:00:01.000Z";
    match kind {
        EffectKind::Like => json!({ "liked": true, "target": target, "timestamp": time }),
        EffectKind::Follow => json!({ "following": true, "target": target, "timestamp": time }),
        EffectKind::Share => json!({ "id": "17", "shared": true, "target": target, "created_at": time }),
        _ => json!({ "id": "17", "created_at": time, "text": text, "target": target }),
    }
}

/// The words that go with a kind.
pub(super) fn words(kind: EffectKind) -> &'static str {
    if matches!(kind, EffectKind::Like | EffectKind::Follow) { "" } else { WORDS }
}

/// The cells that are served.
pub(super) fn served() -> Vec<(PlatformName, EffectKind, &'static str)> {
    let served = matrix().into_iter();
    served.filter_map(|(platform, kind, cell)| Some((platform, kind, cell?.0))).collect()
}

#[test]
fn every_cell_calls_its_tool_or_is_not_served() {
    let cells = matrix();
    assert_eq!(cells.len(), 20);
    for (platform, kind, cell) in cells {
        let Some((target, tool, arguments)) = cell else {
            let world = answering(Vec::new());
            assert_eq!(world.platform.service(me(platform), kind), None, "{platform} {kind:?}");
            let effect = engagement(platform, kind, "1", words(kind));
            let Outcome::NotDone(refusal) = act_at(&world, &effect, &[], at(9)) else { panic!("{platform}") };
            assert_eq!(refusal.code, ErrorCode::PlatformNotConfigured, "{platform} {kind:?}");
            continue;
        };
        let world = answering(vec![said(false, answer(kind, target, words(kind)))]);
        let effect = engagement(platform, kind, target, words(kind));
        let key = key(&effect);
        let Outcome::Done(evidence) = act_at(&world, &effect, &[], at(9)) else {
            panic!("{platform} {kind:?}")
        };
        let composed = composed(kind, target, &key);
        let id = if words(kind).is_empty() { composed.as_str() } else { "17" };
        assert_eq!(evidence.post.id, id, "{platform} {kind:?}");
        assert_eq!(evidence.post.published_at, Some(at(1)), "{platform} {kind:?}");
        let call = only_call(&world);
        let mut expected = arguments;
        expected["account"] = "me".into();
        expected["idempotency_key"] = key.as_str().into();
        assert_eq!(call.tool, tool, "{platform} {kind:?}");
        assert_eq!(Value::Object(call.arguments.clone()), expected, "{platform} {kind:?}");
        let meta = |name: &str| call.meta[&format!("{META_PREFIX}/{name}")].as_str();
        assert_eq!((meta("platform"), meta("step")), (platform.as_str(), kind.as_str()));
        assert_eq!((meta("call-key"), meta("request-key")), (key.as_str(), "caller@example.com"));
        assert_eq!(meta("correlation-id"), "00000000-0000-0000-0000-000000000abc");
        assert_eq!((call.send_before, call.deadline), (at(9), at(10)), "{platform} {kind:?}");
    }
}

#[test]
fn other_platforms_engage_in_nothing() {
    use EffectKind::{Comment, Follow, Like, Reply, Share};

    let world = answering(Vec::new());
    for platform in [PlatformName::LinkedIn, PlatformName::YouTube] {
        for kind in [Reply, Comment, Like, Follow, Share] {
            assert_eq!(world.platform.service(me(platform), kind), None, "{platform} {kind:?}");
        }
    }
}

#[test]
fn posts_go_to_six_platforms() {
    for (platform, tool, text, url) in [
        (PlatformName::Twitter, "post_tweet", "text", Some("https://twitter.com/me/status/17")),
        (PlatformName::Instagram, "post_instagram", "caption", None),
        (PlatformName::LinkedIn, "post_linkedin", "text", Some("https://www.linkedin.com/feed/update/17")),
        (PlatformName::TikTok, "post_tiktok", "text", Some("https://www.tiktok.com/@me/video/17")),
        (PlatformName::YouTube, "post_youtube", "text", Some("https://www.youtube.com/watch?v=17")),
        (PlatformName::Threads, "post_threads", "text", None),
    ] {
        let world = answering(vec![said(false, json!({ "id": "17" }))]);
        let effect = effect(platform, vec![medium(MediaIdentity::ByReference)]);
        let uploads = [Uploaded { media_id: "m1".to_owned() }];
        let Outcome::Done(evidence) = act_at(&world, &effect, &uploads, at(9)) else { panic!("{platform}") };
        assert_eq!(evidence.post.url.as_deref(), url, "{platform}");
        let key = key(&effect);
        let call = only_call(&world);
        assert_eq!(call.tool, tool);
        assert_eq!(
            Value::Object(call.arguments),
            json!({ text: TEXT, "media_ids": ["m1"], "account": "me", "idempotency_key": key.as_str() })
        );
        let service = world.platform.service(me(platform), EffectKind::Publish).unwrap();
        assert!(service.look_up && service.uploads, "{platform}");
    }
}
