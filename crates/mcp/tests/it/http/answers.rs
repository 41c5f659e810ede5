//! What comes back: in a document, in a stream, in the rest of one, or late.

use std::time::Duration;

use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ToolAnswer, ToolClient};
use chrono::TimeDelta;
use serde_json::json;

use super::server::{Heard, Scripted, Step, message, posted, result, status, stream};
use crate::place::{TestClock, answer, call, in_time, lost};

const MINUTE: Duration = Duration::from_secs(60);

fn posted_late(call: &str) -> LateAnswer {
    let answer = ToolAnswer { structured: Some(json!({ "id": "7" })), ..ToolAnswer::default() };
    LateAnswer { call: call.to_owned(), answer }
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_from_documents_and_streams() {
    let forms: [fn(&Heard) -> Vec<u8>; 6] = [
        |heard| result(heard, &posted()),
        |heard| stream(&format!("event: message\ndata: {}\n\n", message(heard, &posted()))),
        // Beside other messages, a request and an answer to another one among them.
        |heard| {
            let notification = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": {} });
            let ping = json!({ "jsonrpc": "2.0", "id": 900, "method": "ping" });
            let other = json!({ "jsonrpc": "2.0", "id": 901, "result": {} });
            let events =
                [notification.to_string(), ping.to_string(), other.to_string(), message(heard, &posted())];
            stream(&events.map(|event| format!("data: {event}\r\n\r\n")).concat())
        },
        // A number that comes back as a string, in a document of many lines.
        |heard| {
            let text = json!({ "jsonrpc": "2.0", "id": heard.body["id"].to_string(), "result": posted() });
            let text = serde_json::to_string_pretty(&text).unwrap();
            status("200 OK", &[("Content-Type", "Application/JSON")], &text)
        },
        |heard| {
            let text = message(heard, &posted());
            let chunked =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
            format!("{chunked}{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).into_bytes()
        },
        |heard| {
            let whole = String::from_utf8(stream(&format!("data: {}\n", message(heard, &posted())))).unwrap();
            format!("HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n{whole}").into_bytes()
        },
    ];
    for form in forms {
        // The connection stays open: the answer is what ends the exchange.
        let server = Scripted::answering(move |heard| vec![Step::Say(form(heard)), Step::Hang]);
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        let answer = answer(client.call(call(&clock, "post")).await);
        assert_eq!(answer.structured, Some(json!({ "id": "7" })));
        assert_eq!(server.calls(), 1);
    }
}

/// A request of the server on the stream of an answer is replied to, by a POST of its own.
#[tokio::test(start_paused = true)]
async fn a_ping_of_the_server_is_answered() {
    let server = Scripted::answering(|heard| {
        let ping = json!({ "jsonrpc": "2.0", "id": "theirs", "method": "ping" });
        vec![
            Step::Say(stream(&format!("data: {ping}\n\n"))),
            Step::Wait(MINUTE),
            Step::Say(format!("data: {}\n\n", message(heard, &posted())).into_bytes()),
        ]
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    let replied = server.heard().into_iter().find(|heard| heard.body["id"] == "theirs").unwrap();
    assert_eq!(replied.body["result"], json!({}));
    assert_eq!(replied.headers["mcp-session-id"], "session-1");
}

/// Streams that servers close on purpose (SEP-1699), or that break on the way.
#[tokio::test(start_paused = true)]
async fn the_rest_of_a_stream_is_asked_for_and_the_call_is_not_sent_again() {
    let mut asked = None;
    let mut gets = 0;
    let server = Scripted::new(move |heard| match heard.what.as_str() {
        "POST tools/call" => {
            asked = Some(heard.clone());
            Some(vec![Step::Say(stream("id: 41\nretry: 250\ndata:\n\ndata: {\"jsonrpc\""))])
        }
        "GET" => {
            gets += 1;
            Some(match gets {
                // Away for a moment, then not through yet.
                1 => Vec::new(),
                2 => vec![Step::Say(stream("id: 42\ndata:\n\n"))],
                _ => {
                    let event = format!("id: 43\ndata: {}\n\n", message(asked.as_ref()?, &posted()));
                    vec![Step::Say(stream(&event)), Step::Hang]
                }
            })
        }
        _ => None,
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 1);
    let heard = server.heard();
    let ids: Vec<_> = heard.iter().filter_map(|heard| heard.headers.get("last-event-id")).collect();
    assert_eq!(ids, ["41", "41", "42"]);
    assert!(
        heard
            .iter()
            .filter(|heard| heard.what == "GET")
            .all(|heard| heard.headers["mcp-session-id"] == "session-1")
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_be_resumed_is_lost_at_once() {
    let server = Scripted::answering(|_| vec![Step::Say(stream("id: 41\ndata:\n\n"))]);
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let reason = lost(client.call(call(&clock, "post")).await);
    assert_eq!(reason, "the stream ended without the answer; it may have been carried out");
    assert_eq!(server.whats().iter().filter(|what| *what == "GET").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_within_the_grace_is_kept() {
    let server =
        Scripted::answering(|heard| vec![Step::Wait(MINUTE * 3 / 2), Step::Say(result(heard, &posted()))]);
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    lost(client.call(in_time(call(&clock, "post"), &clock, MINUTE)).await);
    assert!(client.late().is_empty());
    tokio::time::sleep(MINUTE).await;
    assert_eq!(client.late(), [posted_late("post")]);
    assert!(client.late().is_empty());
    assert!(!server.whats().contains(&"POST notifications/cancelled".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_the_cancellation_is_kept() {
    let server =
        Scripted::answering(|heard| vec![Step::Wait(MINUTE * 5 / 2), Step::Say(result(heard, &posted()))]);
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    lost(client.call(in_time(call(&clock, "post"), &clock, MINUTE)).await);
    tokio::time::sleep(MINUTE * 2).await;
    assert_eq!(client.late(), [posted_late("post")]);
    assert!(server.whats().contains(&"POST notifications/cancelled".to_owned()));
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_caller_that_went_away_is_kept() {
    let server = Scripted::answering(|heard| vec![Step::Wait(MINUTE), Step::Say(result(heard, &posted()))]);
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(1), client.call(call(&clock, "post"))).await;
    assert!(gone.is_err());
    tokio::time::sleep(MINUTE * 2).await;
    assert_eq!(client.late(), [posted_late("post")]);
}

fn timed_out(heard: &Heard) -> Vec<u8> {
    let error = json!({ "code": -32001, "message": "Request timed out" });
    let error = json!({ "jsonrpc": "2.0", "id": heard.body["id"], "error": error });
    stream(&format!("id: 41\ndata: {error}\n\n"))
}

/// A gateway gives up, and passes on what the server behind it answers afterwards.
#[tokio::test(start_paused = true)]
async fn an_answer_after_an_error_in_one_stream_is_kept() {
    for wait in [Duration::ZERO, MINUTE / 2] {
        let server = Scripted::answering(move |heard| {
            let answer = format!("data: {}\n\n", message(heard, &posted())).into_bytes();
            if wait.is_zero() {
                return vec![Step::Say([timed_out(heard), answer].concat()), Step::Hang];
            }
            vec![Step::Say(timed_out(heard)), Step::Wait(wait), Step::Say(answer), Step::Hang]
        });
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        let reason = "JSON-RPC error -32001: Request timed out".to_owned();
        assert_eq!(client.call(call(&clock, "post")).await, Called::Failed { reason });
        tokio::time::sleep(wait + Duration::from_secs(1)).await;
        assert_eq!(client.late(), [posted_late("post")]);
        assert_eq!(server.calls(), 1);
    }
}

/// Its rest is not asked for, and a server that names no session is not taken for another one.
#[tokio::test(start_paused = true)]
async fn an_error_that_nothing_follows_is_an_answer() {
    let ends: [fn(&Heard) -> Vec<Step>; 4] = [
        |heard| vec![Step::Say(timed_out(heard)), Step::Hang],
        |heard| vec![Step::Say(timed_out(heard)), Step::Wait(MINUTE / 2)],
        |heard| vec![Step::Say(timed_out(heard))],
        |heard| {
            let error = json!({ "id": heard.body["id"], "error": { "code": -32001, "message": "no" } });
            vec![Step::Say(status("200 OK", &[("content-type", "application/json")], &error.to_string()))]
        },
    ];
    for end in ends {
        let server = Scripted::new(move |heard| match heard.what.as_str() {
            "POST initialize" => {
                let ready = json!({
                    "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": { "name": "s", "version": "0" },
                });
                Some(vec![Step::Say(result(heard, &ready))])
            }
            "POST tools/call" => Some(end(heard)),
            _ => None,
        });
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        for _ in 0..2 {
            let called = client.call(call(&clock, "post")).await;
            assert!(matches!(called, Called::Failed { .. }), "{called:?}");
        }
        let life = client.life();
        // Longer than it is read.
        tokio::time::sleep(MINUTE * 2).await;
        assert_eq!(client.life(), life);
        assert!(client.late().is_empty());
        let expected =
            ["POST initialize", "POST notifications/initialized", "POST tools/call", "POST tools/call"];
        assert_eq!(server.whats(), expected, "nothing broke, and nothing is asked for");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_past_its_bounds_is_refused() {
    let server = Scripted::new(|heard| {
        (heard.what == "POST tools/list").then(|| {
            let tool = json!({ "name": "a", "inputSchema": {} });
            vec![Step::Say(result(heard, &json!({ "tools": vec![tool; 200_000] })))]
        })
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let error = client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap_err();
    assert!(error.reason.contains("(`answer_limit`)"), "{error}");
}
