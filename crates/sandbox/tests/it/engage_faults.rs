//! Faults on tools that engage: the same rules, with a tool, an account or a target named.

use chimera_harness::tries;
use chimera_sandbox::{DEATH_CODE, Fault, FaultRule, Outcome, Platform, Record, ToolName};
use serde_json::{Value, json};

use crate::client::Place;

/// A configuration with one rule.
fn with(rule: &FaultRule) -> Value {
    json!({ "faults": [rule] })
}

fn on_comments(fault: Fault) -> FaultRule {
    FaultRule::new(Platform::TikTok, fault).on(ToolName::CommentOnVideo).times(1)
}

fn comment(text: &str) -> Value {
    json!({ "video_id": "1", "text": text })
}

/// The comments that became public and the labels of the calls.
fn recorded(place: &Place) -> (Vec<String>, Vec<Outcome>) {
    let record = Record::open(place.record()).expect("a record");
    let texts = record.comments().into_iter().filter_map(|comment| comment.text).collect();
    let outcomes = record.calls().iter().map(|call| call.outcome).collect();
    (texts, outcomes)
}

#[test]
fn refusals_come_once_and_make_nothing_or_something() {
    let table = [
        (
            Fault::RateLimit { retry_after_seconds: 30 },
            "HTTP 429 Too Many Requests: The API rate limit was exceeded. (retry after 30 seconds)",
            Outcome::RateLimit,
            false,
        ),
        (
            Fault::ServerError { status: 503 },
            "HTTP 503 Service Unavailable: An internal error has occurred.",
            Outcome::ServerError,
            false,
        ),
        (
            Fault::ServerErrorAfterPosting { status: 502 },
            "HTTP 502 Bad Gateway: An internal error has occurred.",
            Outcome::ServerErrorAfterPosting,
            true,
        ),
        (
            Fault::Auth,
            "HTTP 401 Unauthorized: The access token is invalid or not found in the request.",
            Outcome::Auth,
            false,
        ),
        (
            Fault::Policy,
            "HTTP 403 Forbidden: The text violates the community guidelines.",
            Outcome::Policy,
            false,
        ),
    ];
    for (fault, sentence, outcome, made) in table {
        let place = Place::new();
        let config = with(&on_comments(fault));
        let mut client = place.client(&config);
        // Other tools are free, and use up no strike.
        client.ok("like_video", &json!({ "video_id": "1" }));
        assert_eq!(client.refused("comment_on_video", &comment("struck")).0, sentence);
        drop(client.end());
        let mut client = place.client(&config);
        client.ok("comment_on_video", &comment("free"));
        let (texts, outcomes) = recorded(&place);
        let expected: &[&str] = if made { &["struck", "free"] } else { &["free"] };
        assert_eq!(texts, expected, "{outcome}");
        assert_eq!(outcomes, [Outcome::Engaged, outcome, Outcome::Engaged]);
    }
}

#[test]
fn every_platform_says_no_in_its_own_words() {
    let table = [
        ("twitter", "like_tweet", "tweet_id", [json!(88), json!(89)]),
        ("instagram", "like_post", "post_id", [json!(4), json!(190)]),
        ("tiktok", "like_video", "video_id", [json!("rate_limit_exceeded"), json!("access_token_invalid")]),
        ("threads", "like_thread", "thread_id", [json!(4), json!(190)]),
    ];
    for (platform, tool, target, codes) in table {
        let place = Place::new();
        let limit = json!({ "rate_limit": { "retry_after_seconds": 5 } });
        let mut client = place.client(&json!({ "faults": [
            { "platform": platform, "tool": tool, "fault": limit, "times": 1 },
            { "platform": platform, "tool": tool, "fault": "auth", "times": 1 },
        ] }));
        for code in codes {
            assert_eq!(client.refused(tool, &json!({ target: "1" })).1["code"], code, "{platform}");
        }
        client.ok(tool, &json!({ target: "1" }));
        assert_eq!(Record::open(place.record()).expect("a record").likes().len(), 1);
    }
}

#[test]
fn an_answer_that_was_lost_is_visible_in_lists_and_counts() {
    for (fault, outcome, made) in
        [(Fault::LostBefore, Outcome::LostBefore, 0), (Fault::LostAfter, Outcome::LostAfter, 1)]
    {
        let place = Place::new();
        let rule = FaultRule::new(Platform::Twitter, fault).on(ToolName::LikeTweet).times(1);
        let mut client = place.client(&with(&rule));
        let like = json!({ "tweet_id": "1" });
        let lost = client.begin("like_tweet", &like);
        for _ in tries(10_000, "the call is in the record") {
            if !recorded(&place).1.is_empty() {
                break;
            }
            client.ok("list_likes", &json!({ "platform": "twitter" }));
        }
        let listed = client.ok("list_likes", &json!({ "platform": "twitter" }));
        assert_eq!(listed["likes"].as_array().map(Vec::len), Some(made), "{outcome}");
        client.ok("like_tweet", &like);
        let (_, answers) = client.end();
        assert!(!answers.contains_key(&lost));
        let record = Record::open(place.record()).expect("a record");
        assert_eq!((record.likes().len(), record.duplicates().len()), (1, made), "{outcome}");
        let second = if made == 1 { Outcome::Again } else { Outcome::Engaged };
        assert_eq!(recorded(&place).1, [outcome, second]);
    }
}

#[test]
fn a_death_a_delay_and_a_success_that_is_none() {
    let place = Place::new();
    let mut client = place.client(&with(&on_comments(Fault::DieAfter)));
    client.begin("comment_on_video", &comment("last words"));
    assert_eq!(client.died().0.code(), Some(DEATH_CODE));
    assert_eq!(recorded(&place), (vec!["last words".to_owned()], vec![Outcome::DieAfter]));

    let place = Place::new();
    let mut client = place.client(&with(&on_comments(Fault::Slow { ms: 20 })));
    let slow = client.begin("comment_on_video", &comment("ghost"));
    client.notify("notifications/cancelled", &json!({ "requestId": slow, "reason": "timeout" }));
    assert_eq!(client.wait_for(slow)["result"]["structuredContent"]["text"], "ghost");
    assert_eq!(recorded(&place), (vec!["ghost".to_owned()], vec![Outcome::Slow]));

    let soft = Fault::SoftError { text: "429 slow down".to_owned() };
    for (fault, said, outcome) in [
        (soft, json!({ "error": "429 slow down" }), Outcome::SoftError),
        (Fault::DraftOnly, json!({ "draft": true }), Outcome::DraftOnly),
    ] {
        let place = Place::new();
        let mut client = place.client(&with(&on_comments(fault)));
        assert_eq!(client.ok("comment_on_video", &comment("a")), said);
        assert_eq!(recorded(&place), (Vec::new(), vec![outcome]));
    }
}

#[test]
fn a_rule_may_name_an_account_and_a_target() {
    let place = Place::new();
    let follow = FaultRule::new(Platform::Threads, Fault::Auth).on(ToolName::FollowUser);
    let look = FaultRule::new(Platform::Threads, Fault::ServerError { status: 500 });
    let mut client = place.client(&json!({ "faults": [
        follow.by("me").at("ann"),
        look.on(ToolName::GetTarget).at("ann"),
    ] }));
    let mut ask = |platform: &str, account: &str, user: &str| {
        let asked = json!({ "platform": platform, "account": account, "user_id": user });
        client.call("follow_user", &asked)["isError"] == false
    };
    assert!(!ask("threads", "me", "ann"));
    assert!(ask("threads", "me", "ben"));
    assert!(ask("threads", "you", "ann"));
    assert!(ask("twitter", "me", "ann"));
    client.refused("get_target", &json!({ "platform": "threads", "kind": "user", "id": "ann" }));
    client.ok("get_target", &json!({ "platform": "threads", "kind": "user", "id": "ben" }));
    assert_eq!(Record::open(place.record()).expect("a record").follows().len(), 3);
}

#[test]
fn a_target_that_is_missing_uses_up_no_strike() {
    let place = Place::new();
    let mut client = place.client(&with(&on_comments(Fault::LostAfter)));
    client.refused("comment_on_video", &json!({ "video_id": "no id", "text": "a" }));
    let lost = client.begin("comment_on_video", &comment("a"));
    let (_, answers) = client.end();
    assert!(!answers.contains_key(&lost));
    assert_eq!(recorded(&place).1, [Outcome::TargetMissing, Outcome::LostAfter]);
}
