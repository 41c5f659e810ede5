//! A list in pages, with authors, wrappers and times as a profile describes them.

use super::super::look::{Owners, look, question, told};
use super::super::*;
use super::tweet;

const PAGED: &str = r#"
    name = "paged"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
    [platforms.twitter.list]
    tool = "list"
    arguments = { who = "{account}" }
    items = "/data"
    id = "/id"
    text = "/text"
    created_at = "/at"
    author = "/by"
    total = "/meta/total"
    next = "/meta/next_token"
    next_argument = "cursor"
    wraps = [{ begin = "<<<BEGIN", end = "<<<END" }]
"#;

fn paged(pages: Vec<Value>) -> World {
    let tool = |name: &str, arguments: &[&str]| {
        let properties: Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        ToolInfo { name: name.to_owned(), input_schema: json!({ "properties": properties }) }
    };
    let tools = vec![tool("post", &["text"]), tool("list", &["who", "cursor"])];
    let answers = pages.into_iter().map(|page| said(false, page)).collect();
    world_of(&Profile::parse(PAGED).unwrap(), Ok(tools), Ok(Vec::new()), answers)
}

fn item(id: &str, text: &str, seconds: i64, by: &str) -> Value {
    json!({ "id": id, "text": text, "at": at(seconds).timestamp(), "by": by })
}

#[test]
fn pages_are_followed_until_the_list_is_whole() {
    let ours = "Our spring sale starts today";
    let other = |id: &str, seconds| item(id, "the weather is lovely", seconds, "me");
    let page = |items: &[Value], meta: Value| json!({ "data": items, "meta": meta });
    let more = |cursor: &str| json!({ "next_token": cursor });
    for (source, pages, expected, calls) in [
        (
            "found on the second page",
            vec![page(&[other("a", -1)], more("c1")), page(&[item("ours", ours, -50, "@Me")], json!({}))],
            "there ours",
            2,
        ),
        (
            "no cursor where its parent stands",
            vec![page(&[other("a", -1)], more("c1")), page(&[other("b", -20)], json!({}))],
            "absent",
            2,
        ),
        ("an empty cursor", vec![page(&[other("a", -1)], json!({ "next_token": "" }))], "absent", 1),
        ("no parent either", vec![json!({ "data": [other("a", -1)] })], "doubt", 1),
        (
            "total equals the count",
            vec![json!({ "data": [other("a", -1)], "meta": { "total": 1 } })],
            "absent",
            1,
        ),
        (
            "total of one page: X's `result_count`",
            vec![
                json!({ "data": [other("a", -1)], "meta": { "total": 1, "next_token": "c" } }),
                json!({ "data": [item("ours", ours, -50, "me")], "meta": { "total": 1 } }),
            ],
            "there ours",
            2,
        ),
        (
            "total is more than the count",
            vec![json!({ "data": [other("a", -1)], "meta": { "total": 2, "next_token": null } })],
            "doubt",
            1,
        ),
        (
            "reaches back before the pages end",
            vec![page(&[other("a", -1), other("b", -90)], more("c1"))],
            "absent",
            1,
        ),
        (
            "a cursor that leads in a circle",
            vec![page(&[other("a", -1)], more("c1")), page(&[other("a", -1)], more("c1"))],
            "doubt",
            2,
        ),
    ] {
        let world = paged(pages);
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), expected, "{source}");
        let made = world.server.calls.lock().unwrap();
        assert_eq!(made.len(), calls, "{source}");
        let cursors: Vec<_> = made.iter().map(|call| call.arguments.get("cursor").cloned()).collect();
        assert!(cursors[0].is_none() && cursors.iter().skip(1).all(Option::is_some), "{source} {cursors:?}");
    }
    // A page for each second without end is read so far and no further.
    let endless = (0..99).map(|number| page(&[other("a", -1)], more(&format!("c{number}")))).collect();
    let world = paged(endless);
    assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), "doubt");
    assert_eq!(world.server.calls.lock().unwrap().len(), 20);
}

#[test]
fn authors_wrappers_and_times_are_read_as_the_profile_says() {
    let ours = "Our spring sale starts today";
    let wrapped = format!("Careful!\n<<<BEGIN\n{ours}\n<<<END trusted again");
    let twice = format!("<<<BEGIN x <<<END <<<BEGIN {ours} <<<END");
    let at_time = |time: Value| json!({ "id": "ours", "text": ours, "at": time, "by": "me" });
    let seconds = at(-50).timestamp();
    let v1 = at(-50).format("%a %b %d %H:%M:%S +0000 %Y").to_string();
    for (source, shown, expected) in [
        ("another author", item("it", ours, -50, "somebody"), "absent"),
        ("no author", json!({ "id": "it", "text": ours, "at": seconds }), "doubt it"),
        ("an author that cannot be compared", item("it", ours, -50, "1234567"), "doubt it"),
        ("the author's page", item("it", ours, -50, "https://x.com/Me/"), "there it"),
        ("a wrapper that the profile names", item("it", &wrapped, -50, "me"), "there it"),
        ("a text that plays with the wrapper", item("it", &twice, -50, "me"), "doubt it"),
        ("L12: as X API v1.1 writes it", at_time(json!(v1)), "there ours"),
        ("L12: seconds with a fraction", at_time(json!(seconds as f64 + 0.5)), "there ours"),
        ("L12: seconds as text", at_time(json!(seconds.to_string())), "there ours"),
        ("milliseconds", at_time(json!(seconds * 1_000)), "there ours"),
        ("no time", at_time(json!("just now")), "doubt ours"),
    ] {
        let world = paged(vec![json!({ "data": [shown], "meta": {} })]);
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), expected, "{source}");
    }
}
