//! What of an answer is an id, and in which words and blocks it is found.

use EffectKind::Publish;

use super::super::odd_answers::{sentence, told};
use super::super::*;
use super::check;

/// Ids that a program printed for nothing, and ids that are not exact.
#[test]
fn ids_of_nothing() {
    let mut rows = Vec::new();
    for id in [
        json!("<nil>"),
        json!("%!s(<nil>)"),
        json!("(null)"),
        json!("<null>"),
        json!("Optional(17)"),
        json!("{id}"),
        json!("${id}"),
        json!("{{id}}"),
        json!("%s"),
        json!(":id"),
        json!("$id"),
        json!("<id>"),
        json!("YOUR_POST_ID"),
        json!("[]"),
        json!("{}"),
        json!("[object"),
        json!("\"17\""),
        json!("'17'"),
        json!("b'17'"),
        json!("-Infinity"),
        json!("NULL"),
        json!("Null"),
        json!("NIL"),
        json!("NA"),
        json!("n.a."),
        json!("unset"),
        json!("missing"),
        json!("empty"),
        json!("unavailable"),
        json!("scheduled"),
        json!("skipped"),
        json!("duplicate"),
        json!("dry-run"),
        json!("dry_run"),
        json!("mock"),
        json!("preview"),
        json!("rate_limited"),
        json!("failed_17"),
        json!("error:429"),
        json!("1,755,123"),
        json!("1.755.123"),
        json!("0x0"),
        json!("0.0"),
        json!("\u{2026}"),
        json!("..."),
        json!("--"),
        json!("_"),
        json!("?"),
        json!("???"),
        json!("*"),
        json!("#"),
        json!("null_null"),
        json!("urn:li:share:"),
        json!("urn:li:share:null"),
        json!("urn:li:share:0"),
        json!("urn:li:share:NaN"),
        json!("undefined.17"),
        json!("17-undefined"),
        json!("at://undefined/app.bsky.feed.post/3k"),
        json!("https://x.com/me/status/undefined"),
        json!("https://x.com/undefined/status/17"),
        json!("Promise"),
        json!("<Response"),
        json!("nan_17"),
        json!("None_17"),
        json!("NONE"),
        json!("17n"),
    ] {
        rows.push((
            format!("id {id}"),
            "unknown".to_owned(),
            told(Publish, "", TEXT, said(false, json!({ "id": id }))),
        ));
    }
    for (text, allowed) in [
        ("Uploaded media id 555. Posted tweet 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Tweet posted! Tweet ID: 17", "done 17"),
        ("Tweet posted! id: <nil>", "unknown"),
        ("Quoting tweet 555 by @ann. Posted tweet 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Previous tweet 555 was a draft; posted id 17", "unknown|unknown 17|unknown 555|done 17"),
        ("Posted tweets: tweet 17, tweet 18", "unknown|unknown 17|done 17"),
        ("Account id 99, tweet 17 posted", "unknown|unknown 17|unknown 99|done 17"),
    ] {
        rows.push((
            format!("text {text:?}"),
            allowed.to_owned(),
            told(Publish, "", TEXT, sentence(false, text)),
        ));
    }
    check(rows);
}

/// What a pattern takes, blocks, and forms of JSON.
#[test]
fn blocks_and_words() {
    let mut rows = Vec::new();
    let texts = |is_error, texts: &[&str], structured: Option<Value>| {
        Called::Answered(ToolAnswer {
            is_error,
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            structured,
            result_type: None,
        })
    };
    for (source, ours_text, called, allowed) in [
        ("captured HTTP", TEXT, sentence(false, "Posted tweet: HTTP 201"), "unknown"),
        ("captured ID", TEXT, sentence(false, "Tweet ID: pending"), "unknown"),
        ("captured ID, the id follows", TEXT, sentence(false, "Posted. Tweet ID: 17"), "done 17"),
        (
            "captured URL",
            TEXT,
            sentence(false, "Posted tweet: URL https://x.com/me/status/17"),
            "unknown|unknown 17|done 17",
        ),
        (
            "captured https",
            TEXT,
            sentence(false, "Posted tweet: https://x.com/me/status/17"),
            "unknown|unknown 17|done 17",
        ),
        ("captured OK", TEXT, sentence(false, "Tweet: OK"), "unknown"),
        (
            "captured a number of something else",
            TEXT,
            sentence(false, "Posted tweet 1 of 3"),
            "unknown|unknown 1",
        ),
        ("captured a time", TEXT, sentence(false, "Posted tweet 2027-01-15 08:00"), "unknown|unknown 2027"),
        ("captured a mention", TEXT, sentence(false, "Posted tweet Ann liked"), "unknown"),
        (
            "PostID empty (xiaohongshu-mcp#138)",
            TEXT,
            sentence(false, "ok: &{Title:x Status:done id:}"),
            "unknown",
        ),
        ("PostID nil", TEXT, sentence(false, "ok: &{Title:x Status:done id: <nil>}"), "unknown"),
        ("in a fence", TEXT, texts(false, &["```json\n{\"id\":\"P\"}\n```"], None), "done P"),
        ("with a byte order mark", TEXT, texts(false, &["\u{feff}{\"id\":\"P\"}"], None), "done P"),
        ("words, then JSON", TEXT, texts(false, &["Posted!", "{\"id\":\"P\"}"], None), "done P"),
        ("words and JSON in one", TEXT, texts(false, &["Posted: {\"id\":\"P\"}"], None), "done P|unknown"),
        (
            "two ids in two blocks",
            TEXT,
            texts(false, &["{\"id\":\"P\"}"], Some(json!({ "id": "Q" }))),
            "unknown|unknown Q|unknown P",
        ),
        (
            "two ids in two blocks, no structure",
            TEXT,
            texts(false, &["{\"id\":\"P\"}", "{\"id\":\"Q\"}"], None),
            "unknown|unknown P",
        ),
        ("a list of two", TEXT, said(false, json!([{ "id": "P" }, { "id": "Q" }])), "unknown"),
        (
            "ours says so (23 letters)",
            "Successfully published!",
            sentence(true, "Successfully published! Then HTTP 429 Too Many Requests"),
            "unknown",
        ),
        (
            "ours says so",
            "The post was published today",
            sentence(true, "The post was published today, and reading it back: HTTP 429"),
            "unknown|not PlatformRateLimit",
        ),
        ("Python's repr", TEXT, texts(false, &["{'id': 'P', 'success': False}"], None), "unknown|unknown P"),
        (
            "X, code as text",
            TEXT,
            said(true, json!({ "errors": [{ "code": "89", "message": "no" }], "status": 401 })),
            "not PlatformAuthInvalid",
        ),
        ("gRPC deadline", TEXT, said(true, json!({ "code": 4, "message": "DEADLINE_EXCEEDED" })), "unknown"),
        (
            "nested refusal without isError",
            TEXT,
            said(
                false,
                json!({ "result": { "error": { "status": 429, "message": "Too Many Requests" } }, "x": 1 }),
            ),
            "unknown|not PlatformRateLimit",
        ),
        (
            "Instagram's fail (mgp25#1756)",
            TEXT,
            said(false, json!({ "message": "feedback_required", "spam": true, "status": "fail", "id": "P" })),
            "unknown P",
        ),
    ] {
        rows.push((format!("{source} {called:?}"), allowed.to_owned(), told(Publish, "", ours_text, called)));
    }
    check(rows);
}
