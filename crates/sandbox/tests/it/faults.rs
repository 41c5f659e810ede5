//! Each fault: what the caller gets, what became public, and that it is used up when the rule says so.

use chimera_harness::tries;
use chimera_sandbox::{DEATH_CODE, Outcome, Record};
use serde_json::{Value, json};

use crate::client::Place;

fn once(fault: &Value) -> Value {
    json!({ "faults": [{ "platform": "twitter", "fault": fault, "times": 1 }] })
}

/// The texts that became public and the labels of the calls.
fn recorded(place: &Place) -> (Vec<String>, Vec<Outcome>) {
    let record = Record::open(place.record()).expect("a record");
    let texts = record.posts().into_iter().map(|post| post.text).collect();
    let outcomes = record.calls().iter().map(|call| call.outcome).collect();
    (texts, outcomes)
}

#[test]
fn refusals_come_once_and_make_nothing_or_something() {
    let table = [
        (
            json!({ "rate_limit": { "retry_after_seconds": 30 } }),
            429,
            "HTTP 429 Too Many Requests: Rate limit exceeded (retry after 30 seconds)",
            Outcome::RateLimit,
            false,
        ),
        (
            json!({ "server_error": { "status": 503 } }),
            503,
            "HTTP 503 Service Unavailable: Over capacity",
            Outcome::ServerError,
            false,
        ),
        (
            json!({ "server_error_after_posting": { "status": 502 } }),
            502,
            "HTTP 502 Bad Gateway: Internal error",
            Outcome::ServerErrorAfterPosting,
            true,
        ),
        (json!("auth"), 401, "HTTP 401 Unauthorized: Invalid or expired token.", Outcome::Auth, false),
        (
            json!("policy"),
            403,
            "HTTP 403 Forbidden: This Tweet violates the content policy.",
            Outcome::Policy,
            false,
        ),
    ];
    for (fault, status, sentence, outcome, made) in table {
        let place = Place::new();
        let mut client = place.client(&once(&fault));
        let (text, error) = client.refused("post_tweet", &json!({ "text": "struck" }));
        assert_eq!(text, sentence);
        assert_eq!(error["status"], status);
        let retry_after = (status == 429).then_some(30);
        assert_eq!(error.get("retry_after_seconds").and_then(Value::as_u64), retry_after);
        // The strike is in the record: another process does not meet it again.
        drop(client.end());
        let mut client = place.client(&once(&fault));
        client.ok("post_tweet", &json!({ "text": "free" }));
        let (texts, outcomes) = recorded(&place);
        let expected: &[&str] = if made { &["struck", "free"] } else { &["free"] };
        assert_eq!(texts, expected, "{fault}");
        assert_eq!(outcomes, [outcome, Outcome::Posted]);
    }
}

#[test]
fn a_rate_limit_without_a_number_lasts_as_long_as_it_says() {
    let place = Place::new();
    let fault = json!({ "rate_limit": { "retry_after_seconds": 3600 } });
    let config = json!({ "faults": [{ "platform": "linkedin", "fault": fault }] });
    let mut client = place.client(&config);
    for _ in 0..3 {
        let (_, error) = client.refused("post_linkedin", &json!({ "text": "a" }));
        assert_eq!(error["code"], "TOO_MANY_REQUESTS");
        let left = error["retry_after_seconds"].as_u64();
        assert!(left.is_some_and(|left| (1..=3600).contains(&left)), "{error}");
    }
    client.ok("post_tweet", &json!({ "text": "other platforms are free" }));
    let gone = json!({ "rate_limit": { "retry_after_seconds": 0 } });
    let mut client = place.client(&json!({ "faults": [{ "platform": "instagram", "fault": gone }] }));
    client.refused("post_instagram", &json!({ "caption": "a" }));
    client.ok("post_instagram", &json!({ "caption": "a" }));
}

#[test]
fn lost_calls_are_never_answered_while_others_are() {
    for (fault, outcome, made) in
        [("lost_before", Outcome::LostBefore, 0), ("lost_after", Outcome::LostAfter, 1)]
    {
        let place = Place::new();
        let mut client = place.client(&once(&json!(fault)));
        let lost = client.begin("post_tweet", &json!({ "text": "lost" }));
        // The strike may fall on either call when both run at once, so the second waits for the record.
        for _ in tries(10_000, "the call is in the record") {
            if !recorded(&place).1.is_empty() {
                break;
            }
            client.ok("list_posts", &json!({ "platform": "twitter" }));
        }
        client.ok("post_tweet", &json!({ "text": "free" }));
        let (status, answers) = client.end();
        assert!(status.success());
        assert!(!answers.contains_key(&lost), "{answers:?}");
        let (texts, outcomes) = recorded(&place);
        assert_eq!(texts.len(), made + 1);
        assert_eq!(outcomes, [outcome, Outcome::Posted]);
    }
}

#[test]
fn a_death_is_not_met_again_after_the_restart() {
    for (fault, outcome, made) in [("die_before", Outcome::DieBefore, 0), ("die_after", Outcome::DieAfter, 1)]
    {
        let place = Place::new();
        let mut client = place.client(&once(&json!(fault)));
        let asked = client.begin("post_tweet", &json!({ "text": "last words" }));
        let (status, answers) = client.died();
        assert_eq!(status.code(), Some(DEATH_CODE));
        assert!(!answers.contains_key(&asked));
        assert_eq!(recorded(&place).0.len(), made, "{fault}");
        let mut client = place.client(&once(&json!(fault)));
        client.ok("post_tweet", &json!({ "text": "alive" }));
        assert_eq!(recorded(&place).1, [outcome, Outcome::Posted]);
    }
}

#[test]
fn success_need_not_mean_that_something_was_posted() {
    let table = [
        (
            json!({ "soft_error": { "text": "401 Unauthorized" } }),
            json!({ "error": "401 Unauthorized" }),
            Outcome::SoftError,
        ),
        (json!("draft_only"), json!({ "draft": true }), Outcome::DraftOnly),
    ];
    for (fault, said, outcome) in table {
        let place = Place::new();
        let mut client = place.client(&once(&fault));
        assert_eq!(client.ok("post_tweet", &json!({ "text": "a" })), said);
        assert_eq!(recorded(&place), (Vec::new(), vec![outcome]));
    }
}

#[test]
fn a_slow_post_is_made_although_it_was_cancelled() {
    let place = Place::new();
    let mut client = place.client(&once(&json!({ "slow": { "ms": 20 } })));
    let slow = client.begin("post_tweet", &json!({ "text": "ghost" }));
    client.notify("notifications/cancelled", &json!({ "requestId": slow, "reason": "timeout" }));
    let answer = client.wait_for(slow);
    assert_eq!(answer["result"]["structuredContent"]["text"], "ghost");
    assert_eq!(recorded(&place), (vec!["ghost".to_owned()], vec![Outcome::Slow]));
}

#[test]
fn a_slow_post_blocks_nobody_and_ends_with_the_input() {
    let place = Place::new();
    let mut client = place.client(&once(&json!({ "slow": { "ms": 86_400_000 } })));
    let slow = client.begin("post_tweet", &json!({ "text": "never" }));
    for _ in tries(10_000, "the call is in the record") {
        if !recorded(&place).1.is_empty() {
            break;
        }
        client.ok("list_posts", &json!({ "platform": "twitter" }));
    }
    client.ok("post_tweet", &json!({ "text": "free" }));
    let (status, answers) = client.end();
    assert!(status.success());
    assert!(!answers.contains_key(&slow));
    assert_eq!(recorded(&place), (vec!["free".to_owned()], vec![Outcome::Slow, Outcome::Posted]));
}

#[test]
fn a_key_protects_from_an_answer_that_was_lost() {
    let place = Place::new();
    let mut config = once(&json!({ "server_error_after_posting": { "status": 500 } }));
    config["keys"] = json!(["twitter"]);
    let mut client = place.client(&config);
    let keyed = json!({ "text": "a", "idempotency_key": "k" });
    client.refused("post_tweet", &keyed);
    let posts = Record::open(place.record()).expect("a record").posts();
    assert_eq!(client.ok("post_tweet", &keyed)["id"], posts[0].id);
    assert_eq!(recorded(&place).0, ["a"]);
}

#[test]
fn a_fault_strikes_the_tool_it_names_and_no_strike_is_wasted() {
    let place = Place::new();
    let config = json!({ "faults": [
        { "platform": "twitter", "tool": "list_posts", "fault": "auth" },
        { "platform": "twitter", "fault": "lost_after", "times": 1 },
    ] });
    let mut client = place.client(&config);
    client.refused("list_posts", &json!({ "platform": "twitter" }));
    client.ok("list_posts", &json!({ "platform": "linkedin" }));
    let (_, error) = client.refused("post_tweet", &json!({ "text": "x".repeat(281) }));
    assert_eq!(error["code"], 186);
    client.refused("post_tweet", &json!({ "txt": "a" }));
    let lost = client.begin("post_tweet", &json!({ "text": "a" }));
    let (_, answers) = client.end();
    assert!(!answers.contains_key(&lost));
    assert_eq!(recorded(&place).1, [Outcome::ContentRefused, Outcome::BadArguments, Outcome::LostAfter]);
}

#[test]
fn latency_is_for_everybody() {
    let place = Place::new();
    let mut client = place.client(&json!({ "latency_ms": 1 }));
    client.ok("post_tweet", &json!({ "text": "a" }));
    assert_eq!(recorded(&place).0, ["a"]);
}
