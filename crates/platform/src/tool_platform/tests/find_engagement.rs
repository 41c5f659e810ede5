//! Looking for an engagement whose answer was lost.

use super::look::{Owners, look as asked, owned, question, told};
use super::matrix::{served, words};
use super::*;

fn item(id: &str, target: &str, text: impl Into<Value>, seconds: i64) -> Value {
    json!({ "id": id, "target": target, "text": text.into(), "created_at": at(seconds).to_rfc3339() })
}

fn list(kind: EffectKind, items: &[Value], complete: bool) -> Called {
    let member = match kind {
        EffectKind::Like => "likes",
        EffectKind::Follow => "follows",
        EffectKind::Share => "shares",
        _ => "comments",
    };
    said(false, json!({ member: items, "complete": complete }))
}

fn look(world: &World, effect: &Effect) -> Finding {
    asked(world, &question(effect), &Owners::default())
}

fn found(finding: &Finding) -> Option<&str> {
    match finding {
        Finding::There(evidence) => Some(&evidence.post.id),
        _ => None,
    }
}

/// Looks in a list of these for an engagement with `tweet_1`.
fn look_for(kind: EffectKind, text: &str, items: &[Value], complete: bool) -> Finding {
    let world = answering(vec![list(kind, items, complete)]);
    look(&world, &engagement(PlatformName::Twitter, kind, "tweet_1", text))
}

#[test]
fn every_kind_is_found_by_what_its_act_was_called() {
    for (platform, kind, target) in served() {
        let items = [item("other", "elsewhere", words(kind), -10), item("ours", target, words(kind), -50)];
        let world = answering(vec![list(kind, &items, true)]);
        let effect = engagement(platform, kind, target, words(kind));
        let Finding::There(evidence) = look(&world, &effect) else { panic!("{platform} {kind:?}") };
        let composed = composed(kind, target, &key(&effect));
        let id = if words(kind).is_empty() { composed.as_str() } else { "ours" };
        assert_eq!(evidence.post.id, id, "{platform} {kind:?}");
        let call = only_call(&world);
        assert_eq!(
            Value::Object(call.arguments.clone()),
            json!({ "platform": platform.as_str(), "account": "me", "limit": 100 })
        );
        assert_eq!(call.meta[&format!("{META_PREFIX}/step")], "look-up");
    }
}

#[test]
fn every_kind_is_absent_only_from_a_whole_list() {
    for (platform, kind, target) in served() {
        let effect = engagement(platform, kind, target, words(kind));
        let other = |seconds| item("a", "other", words(kind), seconds);
        // Times of liked posts are not times of likes: without words only a complete list proves anything.
        let by_time = if words(kind).is_empty() { "doubt" } else { "absent" };
        for (items, complete, expected) in [
            (vec![], true, "absent"),
            (vec![other(-10)], true, "absent"),
            (vec![other(-10), other(-70)], false, by_time),
            (vec![other(-10)], false, "doubt"),
            (vec![], false, "doubt"),
        ] {
            let world = answering(vec![list(kind, &items, complete)]);
            assert_eq!(told(&look(&world, &effect)), expected, "{platform} {kind:?} {items:?}");
        }
    }
}

#[test]
fn a_like_that_was_there_before_is_there() {
    for kind in [EffectKind::Like, EffectKind::Follow] {
        let old = item("", "tweet_1", Value::Null, -90_000);
        let Finding::There(evidence) = look_for(kind, "", &[old], false) else { panic!("{kind:?}") };
        assert_eq!(evidence.post.published_at, None, "the time of a liked post is none of the like");
        let timeless = json!({ "target": "tweet_1" });
        assert!(found(&look_for(kind, "", &[timeless], false)).is_some(), "{kind:?}");
    }
}

#[test]
fn handles_are_compared_as_handles() {
    for (target, shown, same) in [
        ("@Me_1", "me_1", true),
        ("me_1", "@ME_1", true),
        ("me_1", "me_2", false),
        ("user_1", "user_1", true),
    ] {
        let world = answering(vec![list(EffectKind::Follow, &[item("", shown, Value::Null, -10)], true)]);
        let finding = look(&world, &engagement(PlatformName::Twitter, EffectKind::Follow, target, ""));
        assert_eq!(found(&finding).is_some(), same, "{target} {shown} {finding:?}");
    }
}

#[test]
fn words_need_the_same_target_and_the_right_time() {
    let text = words(EffectKind::Reply);
    for kind in [EffectKind::Reply, EffectKind::Comment, EffectKind::Share] {
        let ours = item("ours", "tweet_1", text, -50);
        let elsewhere = item("elsewhere", "tweet_2", text, -50);
        let theirs = item("theirs", "tweet_1", text, -55);
        let others_words = item("words", "tweet_1", "Something else altogether", -50);
        let owners = Owners(vec![owned("theirs", text)]);
        let effect = engagement(PlatformName::Twitter, kind, "tweet_1", text);
        for (items, expected) in [
            (vec![others_words.clone(), ours, theirs.clone(), elsewhere.clone()], "there ours"),
            (vec![others_words, theirs, elsewhere], "absent"),
            (vec![json!({ "id": "a", "target": "tweet_1", "text": text })], "doubt a"),
            (vec![item("a", "tweet_1", text, -300)], "doubt a"),
            (vec![item("a", "tweet_1", text, -90_000)], "doubt a"),
        ] {
            let world = answering(vec![list(kind, &items, true), refused(503, 1, "later")]);
            let found = asked(&world, &question(&effect), &owners);
            assert_eq!(told(&found), expected, "{kind:?} {items:?}");
        }
    }
}

#[test]
fn a_share_without_words_is_told_from_one_with_words() {
    let share = EffectKind::Share;
    for (items, expected) in [
        (vec![item("ours", "tweet_1", Value::Null, -50)], "there ours"),
        (vec![item("ours", "tweet_1", "", -50)], "there ours"),
        (vec![item("quote", "tweet_1", "Look at this", -50), item("ours", "tweet_1", "", -40)], "there ours"),
        (vec![item("quote", "tweet_1", "Look at this", -50)], "doubt quote"),
        (vec![item("nearly", "tweet_1", "", -300)], "doubt nearly"),
        (vec![json!({ "id": "timeless", "target": "tweet_1" })], "doubt timeless"),
        (vec![item("elsewhere", "tweet_2", "", -50)], "absent"),
    ] {
        assert_eq!(told(&look_for(share, "", &items, true)), expected, "{items:?}");
    }
}

#[test]
fn what_cannot_be_read_may_be_ours() {
    for (kind, text, broken) in [
        (EffectKind::Like, "", json!({ "created_at": at(-10).to_rfc3339() })),
        (
            EffectKind::Reply,
            "Well said",
            json!({ "id": "a", "text": "Well said", "created_at": at(-10).to_rfc3339() }),
        ),
        (EffectKind::Reply, "Well said", json!({ "target": "tweet_1", "text": "Well said" })),
        (EffectKind::Share, "", json!({ "target": "tweet_1" })),
    ] {
        let listed = list(kind, std::slice::from_ref(&broken), true);
        let world = answering(vec![listed, refused(503, 1, "later")]);
        let finding = look(&world, &engagement(PlatformName::Twitter, kind, "tweet_1", text));
        assert!(matches!(finding, Finding::InDoubt(_)), "{broken} {finding:?}");
    }
    for called in [refused(503, 1, "later"), Called::Lost { reason: "died".to_owned() }] {
        let world = answering(vec![called]);
        let finding = look(&world, &engagement(PlatformName::Twitter, EffectKind::Like, "tweet_1", ""));
        assert_eq!(told(&finding), "open");
    }
}

#[test]
fn a_shortened_reply_is_looked_at_whole() {
    let text = "Well said, and I agree with all of it";
    let effect = engagement(PlatformName::Twitter, EffectKind::Reply, "tweet_1", text);
    let short = list(EffectKind::Reply, &[item("ours", "tweet_1", "Well said, and…", -50)], true);
    let world = answering(vec![short.clone(), said(false, json!({ "id": "ours", "text": text }))]);
    assert_eq!(found(&look(&world, &effect)), Some("ours"));
    let calls = world.server.calls.lock().unwrap();
    assert_eq!((calls[1].tool.as_str(), &calls[1].arguments["tweet_id"]), ("get_tweet", &json!("ours")));
    // Nothing shows a comment on Instagram whole.
    let effect = engagement(PlatformName::Instagram, EffectKind::Comment, "tweet_1", text);
    assert_eq!(told(&look(&answering(vec![short]), &effect)), "doubt ours");
}

/// Platforms replace links, and nothing is left to compare.
#[test]
fn links_alone_tell_nothing() {
    let effect = engagement(PlatformName::Twitter, EffectKind::Reply, "tweet_1", "https://example.com/a");
    let shown = [item("it", "tweet_1", "https://t.co/x", -50)];
    let world = answering(vec![list(EffectKind::Reply, &shown, true), refused(503, 1, "later")]);
    assert_eq!(told(&look(&world, &effect)), "doubt it");
}

const STATES: &str = r#"
    name = "states"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.targets]
    post = "[a-z0-9_]+"
    [platforms.twitter.like]
    tool = "like"
    arguments = { id = "{target}" }
    target_kind = "post"
    id_template = "like:{target}:{key}"
    confirm = { pointer = "/liked", equals = true }
    sets_state = true
    [platforms.twitter.like.state]
    tool = "is_liked"
    arguments = { id = "{target}" }
    confirm = { pointer = "/liked_by_me", equals = true }
"#;

/// A state is asked for, where a tool tells it: no list is read.
#[test]
fn a_state_is_asked_for() {
    let effect = engagement(PlatformName::Twitter, EffectKind::Like, "tweet_1", "");
    for (answer, expected) in [
        (
            said(false, json!({ "liked_by_me": true })),
            format!("there {}", composed(EffectKind::Like, "tweet_1", &key(&effect))),
        ),
        (said(false, json!({ "liked_by_me": false })), "absent".to_owned()),
        (said(false, json!({ "other": true })), "open".to_owned()),
        (refused(503, 1, "later"), "open".to_owned()),
    ] {
        let schema = json!({ "properties": { "id": { "type": "string" } } });
        let tools =
            ["like", "is_liked"].map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
        let profile = Profile::parse(STATES).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![answer]);
        assert_eq!(told(&look(&world, &effect)), expected);
        let service = world.platform.service(me(PlatformName::Twitter), EffectKind::Like).unwrap();
        assert!(!effect.content().text.contains(' ') && effect.content().is_state());
        assert!(service.sets_state && service.look_up && service.grace == TimeDelta::seconds(60));
    }
}
