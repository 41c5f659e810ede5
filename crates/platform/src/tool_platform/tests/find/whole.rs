//! When a list is whole, so that what it does not show is absent.

use super::super::look::{Owners, look, question, told};
use super::super::*;
use super::{list, post, shown_as, tweet};

#[test]
fn every_newcomer_has_to_be_explained_and_the_list_whole() {
    let ours = "Our spring sale starts today";
    let other = |id: &str, seconds| post(id, "the weather is lovely in Lisbon", seconds);
    let reach = [other("a", -10), other("b", -70)];
    for (source, posts, complete, expected) in [
        ("L9: a new account that says it is complete", vec![], true, "absent"),
        ("another text while it was open", vec![other("a", -10)], true, "absent"),
        ("reach by time", reach.to_vec(), false, "absent"),
        ("does not reach back", vec![other("a", -1), other("b", -30)], false, "doubt"),
        ("reaches back to what clocks may differ", vec![other("a", -1), other("b", -65)], false, "doubt"),
        ("and behind it", vec![other("a", -1), other("b", -66)], false, "absent"),
        ("L9: the newest older post is 1.5 s old", vec![other("a", -1), other("b", -61)], false, "doubt"),
        ("one item shows no order", vec![other("a", -70)], false, "doubt"),
        (
            "a pinned one stands first",
            vec![other("pinned", -9_000), other("a", -1), other("b", -30)],
            false,
            "doubt",
        ),
        (
            "pinned first, and it reaches back",
            vec![other("pinned", -9_000), other("a", -1), other("b", -70)],
            false,
            "absent",
        ),
        ("oldest first", vec![other("b", -70), other("a", -1)], false, "doubt"),
        ("empty and not complete", vec![], false, "doubt"),
    ] {
        let world = answering(vec![list(&posts, complete)]);
        let found = look(&world, &question(&tweet(ours)), &Owners::default());
        assert_eq!(told(&found), expected, "{source}");
    }
    let Finding::InDoubt(report) =
        look(&answering(vec![list(&[], false)]), &question(&tweet(ours)), &Owners::default())
    else {
        panic!("an empty list proves nothing")
    };
    assert!(!report.missing.unwrap().contains("fits no item"), "there is none");
    let timeless = [json!({ "id": "a", "text": "the weather is lovely in Lisbon" })];
    for (complete, expected) in [(true, "absent"), (false, "doubt")] {
        let world = answering(vec![list(&timeless, complete)]);
        let found = look(&world, &question(&tweet(ours)), &Owners::default());
        assert_eq!(told(&found), expected, "L9: times fit nothing, complete {complete}");
        let Finding::InDoubt(report) = found else { continue };
        let missing = report.missing.unwrap();
        let (_, named) = missing.split_once("fits no item: ").expect("the pointer is named");
        assert_eq!(named, "`created_at = \"/created_at\"`", "and no other");
    }
}

/// What a person and the status are told of a look.
#[test]
fn a_look_tells_what_it_asked_and_what_it_saw() {
    let posts = [post("a", "the weather is lovely in Lisbon", -10), post("b", "quite another thing", -61)];
    for (complete, saw) in [
        (true, "2 items in 1 pages, the last of 2027-01-15T07:58:59Z, complete"),
        (false, "2 items in 1 pages, the last of 2027-01-15T07:58:59Z"),
    ] {
        let world = answering(vec![list(&posts, complete)]);
        let found = look(&world, &question(&tweet("Our spring sale")), &Owners::default());
        let (Finding::Absent(report) | Finding::InDoubt(report)) = found else { panic!("{found:?}") };
        assert_eq!(report.asked, "publish by `me` on twitter since 2027-01-15T07:59:00Z");
        assert_eq!(report.saw, saw);
        let call = only_call(&world);
        assert_eq!(call.arguments["account"], json!("me"));
        assert!(call.id.ends_with("/look"), "{}", call.id);
    }
    let like = engagement(PlatformName::Twitter, EffectKind::Like, "1755", "");
    let listed = said(false, json!({ "likes": [], "complete": true }));
    let found = look(&answering(vec![listed]), &question(&like), &Owners::default());
    let (Finding::Absent(report) | Finding::InDoubt(report) | Finding::Open(report)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(report.asked, "like by `me` about `1755` on twitter since 2027-01-15T07:59:00Z");
}

#[test]
fn a_list_too_long_to_be_read_proves_nothing() {
    let listed = |count: i64| -> Vec<Value> {
        (0..count).map(|number| post(&number.to_string(), "the weather is lovely", -1 - number)).collect()
    };
    for (count, complete, expected) in
        [(1_000, true, "absent"), (1_000, false, "absent"), (1_001, true, "doubt"), (1_001, false, "doubt")]
    {
        let world = answering(vec![list(&listed(count), complete)]);
        assert_eq!(told(&look(&world, &question(&tweet(TEXT)), &Owners::default())), expected, "{count}");
    }
    let found: Vec<_> = [post("ours", TEXT, -10)].into_iter().chain(listed(1_001)).collect();
    assert_eq!(shown_as(TEXT, &found, []), "there ours", "what is read still counts");
}
