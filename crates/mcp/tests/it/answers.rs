//! What comes back of a server's words: byte for byte where they are an answer, redacted where they are a reason.

use std::time::Duration;

use chimera_platform::{Called, LateAnswer, ToolAnswer, ToolClient};
use serde_json::json;

use crate::place::{Place, TestClock, answer, call, in_time, lost, server};

/// Enough for a server that is up to take a call, also on a busy machine.
const SHORT: Duration = Duration::from_millis(1_500);
/// How long anything here is waited for.
const LONG: Duration = Duration::from_secs(60);

/// Reported: a server cuts an old text in the middle of an emoji, and strict clients lose the whole list
/// (open-knowledge#472, playwright-mcp#1410).
#[tokio::test]
async fn one_broken_text_does_not_cost_the_list() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let list = [
        br#"{"content":[],"structuredContent":{"posts":["#.as_slice(),
        br#"{"id":"2","text":"our post \ud83d\ude00"},"#,
        br#"{"id":"1","text":"an old one, cut \ud83d"},"#,
        br#"{"id":"0","text":"an older one, "#,
        b"\xff",
        br#""}]}}"#,
    ]
    .concat();
    let server = server(place.saying(&[("list.result", &list)]), &clock);
    let answer = answer(server.call(call(&clock, "list")).await);
    let texts: Vec<_> = answer.structured.as_ref().unwrap()["posts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| post["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["our post \u{1f600}", "an old one, cut \u{fffd}", "an older one, \u{fffd}"]);
}

/// An honest server whose ids look like credentials, and whose posts hold words that do.
#[tokio::test]
async fn answers_are_not_redacted_not_even_of_secrets() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let posted =
        json!({ "id": "sk-AbCdEf0123456789", "text": "password: chimera2026 swordfish token=SPRING25" });
    let result =
        json!({ "content": [{ "type": "text", "text": posted.to_string() }], "structuredContent": posted });
    let command = place.saying(&[("post.result", result.to_string().as_bytes())]);
    let server = server(command.env("API_TOKEN", "swordfish"), &clock);
    assert!(server.secrets().are_in("swordfish"));
    let answer = answer(server.call(call(&clock, "post")).await);
    assert_eq!((answer.structured, answer.texts), (Some(posted.clone()), vec![posted.to_string()]));
}

#[tokio::test]
async fn reasons_repeat_no_secret() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let error = json!({ "code": -32601, "message": "no tool for swordfish of opensesame, api_key=abc" });
    let command = place
        .saying(&[("post.error", error.to_string().as_bytes())])
        .env("API_TOKEN", "swordfish")
        .secret_env("PLAIN", "opensesame");
    let server = server(command, &clock);
    let reason = "JSON-RPC error -32601: no tool for [redacted] of [redacted], api_key=[redacted]".to_owned();
    assert_eq!(server.call(call(&clock, "post")).await, Called::Failed { reason });
    let shown = format!("{server:?}");
    assert!(!shown.contains("swordfish") && !shown.contains("opensesame"), "{shown}");
}

#[tokio::test]
async fn a_long_answer_is_lost_and_the_next_one_is_not() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let long = format!("{{\"content\":[{{\"type\":\"text\",\"text\":\"{}\"}}]}}", "x".repeat(300_000));
    let files: [(&str, &[u8]); 2] = [("long.result", long.as_bytes()), ("short.result", b"{}")];
    let server = server(place.saying(&files).answer_limit(100_000), &clock);
    let reason = lost(server.call(call(&clock, "long")).await);
    assert_eq!(
        reason,
        "its answer is longer than 100000 bytes (`answer_limit`); it may have been carried out"
    );
    answer(server.call(call(&clock, "short")).await);
}

/// Reported: a server blocks for ever on a standard error that its client does not read (mcp-go#956, kubestellar#7960),
/// with lines or without; and its launcher's words before an answer cost the answer (open-webSearch#23, servers#3173).
#[tokio::test]
async fn what_a_server_says_beside_an_answer_does_not_cost_it() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let flood = b"progress\r".repeat(50_000);
    let banner = b"\r\n\xef\xbb\xbf[INFO] posting...\n{\"level\":\"info\"}\n{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n\0\xff\n";
    let files: [(&str, &[u8]); 3] = [
        ("post.result", br#"{"structuredContent":{"id":"7"}}"#),
        ("post.stderr", &flood),
        ("post.before", banner),
    ];
    let server = server(place.saying(&files), &clock);
    let answer = answer(server.call(call(&clock, "post")).await);
    assert_eq!(answer.structured, Some(json!({ "id": "7" })));
}

#[tokio::test]
async fn a_late_answer_is_given_out_once() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let files: [(&str, &[u8]); 4] = [
        ("post.result", br#"{"structuredContent":{"id":"7"}}"#),
        ("post.held", b""),
        ("list.result", b"{}"),
        ("ready.result", b"{}"),
    ];
    let server = server(place.saying(&files), &clock);
    answer(server.call(call(&clock, "ready")).await);
    lost(server.call(in_time(call(&clock, "post"), &clock, SHORT)).await);
    assert!(server.late().is_empty());
    // The answer to the post is written before this one.
    answer(server.call(call(&clock, "list")).await);
    let late = tokio::time::timeout(LONG, async {
        loop {
            match server.late() {
                none if none.is_empty() => tokio::task::yield_now().await,
                late => return late,
            }
        }
    });
    let late = late.await.unwrap_or_else(|_| panic!("the late answer was not given out in time"));
    let posted = LateAnswer {
        call: "post".to_owned(),
        answer: ToolAnswer { structured: Some(json!({ "id": "7" })), ..ToolAnswer::default() },
    };
    assert_eq!(late, [posted]);
    assert!(server.late().is_empty());
}
