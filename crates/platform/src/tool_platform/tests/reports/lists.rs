//! Lists and states that say of themselves that they are not whole, not read, or in between.

use EffectKind::{Follow, Like};

use super::super::look::{Owners, look, question, told as seen};
use super::super::odd_lists::{PROFILE as LISTS, other, ours, page, post_of, shown, whole};
use super::super::*;
use super::check;

/// A list that says of itself that it is not whole or not read.
#[test]
fn lists_that_deny_themselves() {
    let mut rows = Vec::new();
    let base = json!({ "data": [other("a", -1)], "complete": true });
    let with = |sign: Value| {
        let mut answer = base.clone();
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    for sign in [
        json!({ "status": "FAILED" }),
        json!({ "status": "ERROR" }),
        json!({ "success": "false" }),
        json!({ "success": 0 }),
        json!({ "ok": "no" }),
        json!({ "error_message": "rate limit" }),
        json!({ "error_code": 190 }),
        json!({ "errorMessage": "timeline unavailable" }),
        json!({ "status": "403" }),
        json!({ "code": 403, "msg": "Forbidden" }),
        json!({ "meta": { "error": "timeline unavailable" } }),
        json!({ "meta": { "errors": [{ "detail": "x" }] } }),
        json!({ "meta": { "status": 403, "msg": "Forbidden" } }),
        json!({ "meta": { "message": "Not authorized to view this timeline" } }),
        json!({ "info": "Not authorized to view this timeline" }),
        json!({ "partial": true }),
        json!({ "incomplete_results": true }),
        json!({ "truncated": true }),
        json!({ "timed_out": true }),
        json!({ "stale": true }),
        json!({ "from_cache": true, "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "message": "Showing cached results" }),
        json!({ "message": "Results may be incomplete" }),
        json!({ "message": "Some posts are not shown" }),
        json!({ "warning": "partial results" }),
        json!({ "message": "Please log in to see all posts" }),
        json!({ "has_more": true }),
        json!({ "hasMore": true }),
        json!({ "meta": { "has_more": true, "next": null } }),
        json!({ "has_next_page": true }),
        json!({ "pageInfo": { "hasNextPage": true } }),
        json!({ "hidden_count": 2 }),
    ] {
        rows.push((
            format!("complete list beside {sign}"),
            "doubt|open".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![with(sign)]),
        ));
    }
    for (answers, allowed) in [
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "", "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": 0 } })], "absent"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "0" } })], "absent"),
        (
            vec![
                json!({ "data": [other("a", -1)], "meta": { "next": 2 } }),
                json!({ "data": [ours("p")], "meta": { "next": 0 } }),
            ],
            "there p",
        ),
        (vec![json!({ "meta": { "total": 0 } })], "absent"),
        (vec![json!({ "data": {}, "meta": { "total": 0 } })], "absent|open|doubt"),
        (
            vec![json!({ "data": [ours("p")], "meta": { "next": "c" } }), json!({ "data": [], "meta": {} })],
            "there p",
        ),
        (vec![json!({ "data": [null, ours("p")], "complete": true })], "doubt - p|there p"),
        (vec![json!({ "data": { "0": ours("p") }, "complete": true })], "there p|open"),
        (vec![json!({ "data": [other("a", -1)], "complete": "complete" })], "absent|doubt"),
        // Two pages, the second of which is the first again under another cursor (node-twitter-api-v2#404).
        (vec![page(&[other("a", -1)], 9, Some("c")), page(&[other("a", -1)], 9, None)], "doubt"),
        (vec![page(&[other("a", -1)], 1, Some("c")), page(&[ours("p")], 1, None)], "there p"),
    ] {
        rows.push((
            format!("pages {answers:?}"),
            allowed.to_owned(),
            shown(&post_of("me"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// A state look whose answer denies itself.
#[test]
fn states_in_between() {
    let mut rows = Vec::new();
    let like = question(&engagement(PlatformName::Twitter, Like, "1755", ""));
    for answer in [
        json!({ "liked": false, "error_message": "not logged in" }),
        json!({ "liked": false, "message": "Could not load the viewer's state" }),
        json!({ "liked": false, "success": "false" }),
        json!({ "liked": false, "status": "FAILED" }),
        json!({ "liked": false, "authenticated": false }),
        json!({ "liked": false, "pending": true }),
        json!({ "liked": false, "data": { "errors": ["x"] } }),
        json!({ "liked": false, "cached_at": "2027-01-15T06:00:00Z" }),
    ] {
        let found = shown(&like, &Owners::default(), vec![answer.clone()]);
        rows.push((format!("state {answer}"), "open|doubt".to_owned(), found));
    }
    // Follow by a list that marks what is pending.
    let follow = question(&engagement(PlatformName::Twitter, Follow, "@ann", ""));
    for (answer, allowed) in [
        (whole(&[json!({ "to": "ann", "pending": true })]), "doubt -|open|doubt"),
        (whole(&[json!({ "to": "ann", "status": "requested" })]), "doubt -|open|doubt"),
        (
            whole(&[json!({ "to": "ann", "outgoing_request": true, "following": false })]),
            "doubt -|open|doubt",
        ),
        (whole(&[json!({ "to": "\u{2068}ann\u{2069}" })]), "there|doubt -"),
        (whole(&[json!({ "to": "https://www.instagram.com/ann/?hl=en" })]), "there|doubt -"),
        (whole(&[json!({ "to": "\u{ff20}ann" })]), "there|doubt -"),
        (whole(&[json!({ "to": "ann_of\u{2026}" })]), "doubt -"),
    ] {
        let found = shown(&follow, &Owners::default(), vec![answer.clone()]);
        let found = if found.starts_with("there") { "there".to_owned() } else { found };
        rows.push((format!("follow list {answer}"), allowed.to_owned(), found));
    }
    let mut state = LISTS.to_owned();
    state.push_str("    [platforms.twitter.follow.state]\n    tool = \"state\"\n    arguments = { to = \"{target}\" }\n    confirm = { pointer = \"/following\", equals = true }\n");
    let state = state.replace("    [platforms.twitter.follow.list]\n    tool = \"list\"\n    own = true\n    items = \"/data\"\n    target = \"/to\"\n    complete = \"/complete\"\n", "");
    for answer in [
        json!({ "following": false, "requested": true }),
        json!({ "following": false, "pending_follow": true }),
        json!({ "following": false, "outgoing_request": true }),
        json!({ "following": false, "follow_request_sent": true }),
    ] {
        let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
        let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
            .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
        let profile = Profile::parse(&state).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![said(false, answer.clone())]);
        let found = seen(&look(&world, &follow, &Owners::default()));
        assert_eq!(only_call(&world).arguments["to"], json!("@ann"), "it is asked about the target");
        rows.push((format!("follow state {answer}"), "open|doubt".to_owned(), found));
    }
    check(rows);
}
