//! Looking for a post whose answer was lost.

use super::*;

fn post(id: &str, text: &str, seconds: i64) -> Value {
    json!({ "id": id, "text": text, "url": "https://x.com/1", "created_at": at(seconds).to_rfc3339() })
}

/// A look at `now`; the first attempt began 60 seconds before.
fn look(answers: Vec<Called>, settled: i64, absent_looks: u32) -> Finding {
    let effect = effect(PlatformName::Twitter, Vec::new());
    let look = LookUp {
        call_key: key(&effect),
        effect,
        since: at(-60),
        settled_from: at(settled),
        absent_looks,
        not_ours: vec!["theirs".to_owned()],
        trace: trace(),
    };
    answering(answers).platform.find(&look).now_or_never().unwrap()
}

fn list(posts: &[Value], complete: bool) -> Called {
    said(false, json!({ "posts": posts, "complete": complete }))
}

fn id_of(finding: &Finding) -> Option<&str> {
    match finding {
        Finding::There(evidence) => Some(&evidence.post.id),
        _ => None,
    }
}

#[test]
fn the_oldest_post_of_our_own_time_is_found() {
    let wrapped = format!("Note!\n<<<BEGIN\n{TEXT}\n<<<END");
    let posts = [
        post("later", TEXT, -10),
        post("ours", TEXT, -58),
        post("theirs", TEXT, -59),
        post("wrapped", &wrapped, -62),
        post("earlier", TEXT, -66),
    ];
    let found = look(vec![list(&posts, true)], -1, 0);
    assert_eq!(id_of(&found), Some("ours"), "{found:?}");
    let found = look(vec![list(&posts[3..], true)], -1, 0);
    assert_eq!(id_of(&found), Some("wrapped"), "within the skew of clocks: {found:?}");
}

#[test]
fn absence_needs_time_and_two_looks() {
    let others = [post("a", "something else", -70)];
    let again = |settled: i64, absent| Finding::Unsettled { look_again: at(settled), absent };
    for (settled, looks, expected) in [
        (20, 0, again(20, false)),
        (20, 5, again(20, false)),
        (0, 0, again(5, true)),
        (-9, 1, Finding::AbsentForGood),
    ] {
        assert_eq!(look(vec![list(&others, true)], settled, looks), expected, "{settled} {looks}");
    }
    assert_eq!(look(vec![list(&others, false)], -9, 1), Finding::AbsentForGood, "reaches back");
    assert_eq!(look(vec![list(&[], true)], -9, 1), Finding::AbsentForGood);
}

#[test]
fn a_list_that_hides_something_proves_nothing() {
    let recent = [post("a", "something else", -1)];
    let pinned = [post("pinned", "old", -9_000), post("a", "something else", -1)];
    let timeless = [json!({ "id": "a", "text": TEXT })];
    for posts in [&recent[..], &pinned, &timeless, &[]] {
        let finding = look(vec![list(posts, false)], -9, 1);
        assert!(matches!(finding, Finding::CannotTell { .. }), "{posts:?} {finding:?}");
    }
}

#[test]
fn a_look_that_fails_says_nothing() {
    for called in [
        refused(503, 1, "later"),
        said(false, json!({ "error": "no" })),
        said(false, json!({ "posts": [{ "text": "no id" }], "complete": true })),
        said(false, json!("nothing")),
        Called::Lost { reason: "died".to_owned() },
        Called::NotSent { reason: "down".to_owned() },
    ] {
        let finding = look(vec![called], -9, 1);
        assert_eq!(finding, Finding::Unsettled { look_again: at(5), absent: false });
    }
}

#[test]
fn a_shortened_text_is_looked_at_whole() {
    let short = [post("ours", "Hello world, this is…", -10)];
    let whole = |text: &str| said(false, json!({ "id": "ours", "text": text }));
    let found = look(vec![list(&short, true), whole(TEXT)], -9, 1);
    assert_eq!(id_of(&found), Some("ours"), "{found:?}");
    let other = look(vec![list(&short, true), whole("Hello world, this is another")], -9, 1);
    assert_eq!(other, Finding::AbsentForGood);
    let failed = look(vec![list(&short, true), refused(503, 1, "later")], -9, 1);
    assert_eq!(failed, Finding::Unsettled { look_again: at(5), absent: false });
    let doubtful = look(vec![list(&short, true), whole("Hello world, this is…")], -9, 1);
    assert!(matches!(doubtful, Finding::CannotTell { .. }), "{doubtful:?}");
}

#[test]
fn a_list_too_long_to_be_read_proves_nothing() {
    let listed =
        |count: i64| (0..count).map(|number| post(&number.to_string(), "other", -1 - number)).collect();
    let whole: Vec<_> = listed(1_000);
    let longer: Vec<_> = listed(1_001);
    for complete in [true, false] {
        // Both reach back far before the first attempt.
        assert_eq!(look(vec![list(&whole, complete)], -9, 1), Finding::AbsentForGood);
        let finding = look(vec![list(&longer, complete)], -9, 1);
        assert!(matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
    }
    let short = [post("short", "Hello world, this is…", -10)];
    let doubtful: Vec<_> = short.into_iter().chain(longer).collect();
    let another = said(false, json!({ "id": "short", "text": "Hello world, this is another" }));
    let finding = look(vec![list(&doubtful, true), another], -9, 1);
    assert!(matches!(finding, Finding::CannotTell { .. }), "none of those in doubt: {finding:?}");
    let found: Vec<_> = [post("ours", TEXT, -10)].into_iter().chain(whole).collect();
    let finding = look(vec![list(&found, true)], -9, 1);
    assert_eq!(id_of(&finding), Some("ours"), "what is read still counts: {finding:?}");
}

#[test]
fn a_post_too_long_to_be_read_proves_nothing() {
    let long = [post("long", &"Hello wo".repeat(125_000), -10), post("a", "something else", -70)];
    let whole = said(false, json!({ "id": "long", "text": "Hello wo".repeat(125_000) }));
    let finding = look(vec![list(&long, true), whole], -9, 1);
    assert!(matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
}
