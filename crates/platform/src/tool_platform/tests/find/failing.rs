//! A list that cannot be read, and what is told of it.

use chimera_effect::DoubtfulItem;

use super::super::look::{Owners, look, question, told};
use super::super::*;
use super::{post, shown_as, tweet};

/// A person mends what no later look does: credentials, and a tool that is not there.
#[test]
fn a_list_that_cannot_be_read_is_asked_again_or_ends_at_a_person() {
    for (source, answer, expected) in [
        ("out of order", refused(503, 130, "over capacity"), "open"),
        ("limited", refused(429, 88, "slow down"), "open"),
        ("an error without a name", said(true, json!({ "error": "something odd" })), "open"),
        ("a lost connection", Called::Lost { reason: "the connection broke".to_owned() }, "open"),
        ("a server that is down", Called::NotSent { reason: "not started".to_owned() }, "open"),
        ("an expired token (X 89)", refused(401, 89, "Invalid or expired token"), "doubt earlier"),
        ("a tool that is gone", said(true, json!("Unknown tool: list_posts")), "doubt earlier"),
        (
            "arguments that it does not take",
            said(true, json!("Input validation error: limit")),
            "doubt earlier",
        ),
    ] {
        let earlier = DoubtfulItem {
            id: Some("earlier".to_owned()),
            url: None,
            text: "Our spring…".to_owned(),
            created_at: Some(at(-30)),
            why: "its text is not shown whole".to_owned(),
        };
        let asked = LookUp { doubted: vec![earlier], ..question(&tweet("Our spring sale starts today")) };
        let found = look(&answering(vec![answer]), &asked, &Owners::default());
        assert_eq!(told(&found), expected, "{source}");
        if let Finding::Open(report) = found {
            assert_eq!(report.in_doubt, asked.doubted, "{source}");
        }
    }
}

/// What a list that cannot be read consists of is told to who has to mend the pointer.
#[test]
fn a_pointer_that_fits_nothing_is_told_with_what_stands_there() {
    for (answer, told) in [
        (json!({ "items": [], "meta": {} }), "has the members `items`, `meta`"),
        (json!([1, 2]), "is a list of 2"),
        (json!("nothing"), "is no object and no list"),
        (Value::Null, "is empty"),
        (json!({ "posts": "none" }), "stands no list; the answer has the members `posts`"),
    ] {
        let found = look(
            &answering(vec![said(false, answer.clone())]),
            &question(&tweet("Our spring sale")),
            &Owners::default(),
        );
        let Finding::Open(report) = found else { panic!("{answer}: {found:?}") };
        let missing = report.missing.unwrap();
        assert!(missing.contains("`items = \"/posts\"`") && missing.contains(told), "{missing}");
    }
}

#[test]
fn a_look_that_fails_says_so_and_nothing_else() {
    for called in [
        refused(503, 1, "later"),
        said(false, json!({ "error": "no" })),
        said(false, json!({ "items": [], "complete": true })),
        said(false, json!({ "posts": "none" })),
        said(false, json!("nothing")),
        Called::Failed { reason: "JSON-RPC error -32602".to_owned() },
        Called::Lost { reason: "died".to_owned() },
        Called::NotSent { reason: "down".to_owned() },
    ] {
        let shown = format!("{called:?}");
        let found = look(&answering(vec![called]), &question(&tweet(TEXT)), &Owners::default());
        assert_eq!(told(&found), "open", "{shown}");
    }
}

/// L10: items of a list are other people's words, and no errors.
#[test]
fn words_of_items_are_no_errors() {
    let posts =
        [post("a", "rate limited again, HTTP 429 error!", -10), post("b", "access token expired", -600)];
    assert_eq!(shown_as("Our spring sale starts today", &posts, []), "absent");
}
