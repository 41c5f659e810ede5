//! A post that is looked at by itself: one that an answer named, and one that a list leaves in doubt.

use super::super::look::{Owners, look, named, told as seen};
use super::super::odd_lists::{OURS, PROFILE as LISTS, item, other, post_of, shown, whole};
use super::super::*;
use super::check;

/// Two unknown effects: one's post shown as the other's text.
#[test]
fn candidates_in_a_look() {
    let mut rows = Vec::new();
    let asked_of = |id: &str| LookUp { candidates: named(id), ..post_of("me") };
    for (source, answers, allowed) in [
        (
            "deleted",
            vec![json!({ "id": "P", "text": OURS, "deleted": true }), whole(&[])],
            "doubt P|there P|open",
        ),
        ("a draft", vec![json!({ "id": "P", "text": OURS, "status": "draft" }), whole(&[])], "doubt P|open"),
        (
            "scheduled",
            vec![json!({ "id": "P", "text": OURS, "status": "scheduled" }), whole(&[])],
            "doubt P|open",
        ),
        ("failed", vec![json!({ "id": "P", "text": OURS, "status": "FAILED" }), whole(&[])], "doubt P|open"),
        (
            "error within",
            vec![json!({ "id": "P", "text": OURS, "error_message": "publish failed" }), whole(&[])],
            "doubt P|open",
        ),
        (
            "not published",
            vec![json!({ "id": "P", "text": OURS, "published": false }), whole(&[])],
            "doubt P|open",
        ),
        ("empty answer", vec![json!({}), whole(&[])], "doubt P|open"),
        ("null", vec![json!(null), whole(&[])], "doubt P|open"),
        (
            "told missing with 200",
            vec![json!({ "id": null, "text": null, "message": "Post not found" }), whole(&[])],
            "open|doubt P|absent",
        ),
        (
            "a beginning of ours",
            vec![json!({ "id": "P", "text": "Our spring sale" }), whole(&[])],
            "there P|doubt P",
        ),
        (
            "the list shows it longer",
            vec![json!({ "id": "P", "text": format!("{OURS} for members") }), whole(&[])],
            "doubt P",
        ),
    ] {
        rows.push((
            format!("candidate {source}"),
            allowed.to_owned(),
            shown(&asked_of("P"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// What `get` says of an item in doubt may be no text of it.
#[test]
fn looked_closer() {
    let mut rows = Vec::new();
    let short = item("it", "Our spring\u{2026}", -50, "me");
    for answer in [
        json!({ "id": "it", "text": "Post unavailable" }),
        json!({ "id": "it", "text": "You need to log in" }),
        json!({ "id": "it", "text": "Something went wrong" }),
        json!({ "id": "it", "text": "the weather is lovely", "error_message": "stale" }),
        json!({ "id": "it", "text": "the weather is lovely", "success": "false" }),
        json!({ "id": "it", "text": "the weather is lovely", "status": "FAILED" }),
        json!({ "text": "Not Found" }),
        json!({ "text": "Page not found \u{b7} X" }),
        json!({ "id": "it", "text": "JavaScript is not available." }),
    ] {
        rows.push((
            format!("get says {answer}"),
            "doubt it".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![whole(std::slice::from_ref(&short)), answer]),
        ));
    }
    // Beside a list, in a block of its own.
    let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
    let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    for (items, beside, allowed) in [
        (json!([]), "Error 429: timeline unavailable", "open|doubt"),
        (json!([]), "Warning: could not load the latest posts", "open|doubt"),
        (json!([]), "{\"error\":\"rate limited\"}", "open|doubt"),
        // The items in words are other people's words.
        (json!([other("a", -1)]), "1 post: \"the connection was lost, and it failed\"", "absent"),
        (json!([other("a", -1)]), "Error 429: timeline unavailable", "open|doubt"),
    ] {
        let answer = Called::Answered(ToolAnswer {
            structured: Some(json!({ "data": items, "complete": true })),
            texts: vec![beside.to_owned()],
            ..ToolAnswer::default()
        });
        let profile = Profile::parse(LISTS).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![answer]);
        rows.push((
            format!("a list, and beside it {beside:?}"),
            allowed.to_owned(),
            seen(&look(&world, &post_of("me"), &Owners::default())),
        ));
    }
    check(rows);
}
