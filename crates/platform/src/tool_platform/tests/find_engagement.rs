//! Looking for an engagement whose answer was lost.

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

/// A look at `now`, settled for nine seconds and the second one; the first attempt began 60 seconds before.
fn look(world: &World, effect: &Effect) -> Finding {
    let look = LookUp {
        call_key: key(effect),
        effect: effect.clone(),
        since: at(-60),
        settled_from: at(-9),
        absent_looks: 1,
        not_ours: vec!["theirs".to_owned()],
        trace: trace(),
    };
    world.platform.find(&look).now_or_never().unwrap()
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
        let items = [item("later", target, words(kind), -10), item("ours", target, words(kind), -50)];
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
        for (items, complete, expected) in [
            (vec![], true, true),
            (vec![other(-10)], true, true),
            (vec![other(-10), other(-70)], false, true),
            (vec![other(-10)], false, false),
            (vec![], false, false),
        ] {
            let world = answering(vec![list(kind, &items, complete)]);
            let finding = look(&world, &effect);
            let absent = finding == Finding::AbsentForGood;
            assert_eq!(absent, expected, "{platform} {kind:?} {items:?} {finding:?}");
            assert!(absent || matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
        }
    }
}

#[test]
fn absence_waits_for_its_time() {
    let effect = engagement(PlatformName::Twitter, EffectKind::Like, "tweet_1", "");
    for (settled, looks, absent) in [(20, 5, false), (0, 0, true)] {
        let world = answering(vec![list(EffectKind::Like, &[], true)]);
        let look = LookUp {
            call_key: key(&effect),
            effect: effect.clone(),
            since: at(-60),
            settled_from: at(settled),
            absent_looks: looks,
            not_ours: Vec::new(),
            trace: trace(),
        };
        let finding = world.platform.find(&look).now_or_never().unwrap();
        let look_again = at(settled.max(5));
        assert_eq!(finding, Finding::Unsettled { look_again, absent });
    }
}

#[test]
fn a_like_that_was_there_before_is_there() {
    for kind in [EffectKind::Like, EffectKind::Follow] {
        let old = item("", "tweet_1", Value::Null, -90_000);
        let Finding::There(evidence) = look_for(kind, "", &[old], false) else { panic!("{kind:?}") };
        assert_eq!(evidence.post.published_at, Some(at(-90_000)));
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
        let before = item("before", "tweet_1", text, -90_000);
        let others_words = item("words", "tweet_1", "Something else altogether", -50);
        let all = [others_words.clone(), ours, theirs.clone(), elsewhere.clone(), before.clone()];
        assert_eq!(found(&look_for(kind, text, &all, true)), Some("ours"), "{kind:?}");
        let none = [others_words, theirs, elsewhere, before];
        assert_eq!(look_for(kind, text, &none, true), Finding::AbsentForGood, "{kind:?}");
        let timeless = json!({ "id": "a", "target": "tweet_1", "text": text });
        let finding = look_for(kind, text, &[timeless], true);
        assert!(matches!(finding, Finding::CannotTell { .. }), "{kind:?} {finding:?}");
        let nearly = item("a", "tweet_1", text, -300);
        let finding = look_for(kind, text, &[nearly], true);
        assert!(matches!(finding, Finding::CannotTell { .. }), "clocks differ: {kind:?} {finding:?}");
    }
}

#[test]
fn a_share_without_words_is_told_from_one_with_words() {
    let share = EffectKind::Share;
    for (items, expected) in [
        (vec![item("ours", "tweet_1", Value::Null, -50)], Some("ours")),
        (vec![item("ours", "tweet_1", "", -50)], Some("ours")),
        (vec![json!({ "id": "ours", "target": "tweet_1" })], Some("ours")),
        (vec![item("quote", "tweet_1", "Look at this", -50), item("ours", "tweet_1", "", -40)], Some("ours")),
        (vec![item("quote", "tweet_1", "Look at this", -50)], None),
        (vec![item("nearly", "tweet_1", "", -300)], None),
    ] {
        let finding = look_for(share, "", &items, true);
        assert_eq!(found(&finding), expected, "{items:?} {finding:?}");
        assert!(expected.is_some() || matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
    }
    let not_ours = [item("theirs", "tweet_1", "", -50), item("old", "tweet_1", "", -90_000)];
    assert_eq!(look_for(share, "", &not_ours, true), Finding::AbsentForGood);
}

#[test]
fn what_cannot_be_read_may_be_ours() {
    for (kind, text, broken) in [
        (EffectKind::Like, "", json!({ "created_at": at(-10).to_rfc3339() })),
        (EffectKind::Reply, "Well said", json!({ "id": "a", "text": "x" })),
        (EffectKind::Reply, "Well said", json!({ "target": "tweet_1", "text": "x" })),
        (EffectKind::Share, "", json!({ "target": "tweet_1" })),
    ] {
        let finding = look_for(kind, text, std::slice::from_ref(&broken), true);
        assert_eq!(finding, Finding::Unsettled { look_again: at(5), absent: false }, "{broken}");
    }
    for called in [refused(503, 1, "later"), Called::Lost { reason: "died".to_owned() }] {
        let world = answering(vec![called]);
        let finding = look(&world, &engagement(PlatformName::Twitter, EffectKind::Like, "tweet_1", ""));
        assert_eq!(finding, Finding::Unsettled { look_again: at(5), absent: false });
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
    let finding = look(&answering(vec![short]), &effect);
    assert!(matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
}

#[test]
fn links_alone_tell_nothing() {
    let text = "https://example.com/a";
    let effect = engagement(PlatformName::Twitter, EffectKind::Reply, "tweet_1", text);
    let finding = look(&answering(Vec::new()), &effect);
    assert!(matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
}
