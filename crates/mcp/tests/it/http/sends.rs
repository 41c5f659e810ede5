//! How often a call is sent, and what is said of it: whatever the server does, once.

use std::{sync::atomic::Ordering, time::Duration};

use chimera_contracts::Clock;
use chimera_harness::{tries, within};
use chimera_platform::{Called, ToolCall, ToolClient};
use chrono::TimeDelta;
use serde_json::json;
use tokio::net::TcpListener;

use super::server::{Heard, Scripted, Step, client, message, posted, result, status, stream};
use crate::place::{TestClock, answer, call, in_time, lost, not_sent};

const MINUTE: Duration = Duration::from_secs(60);

fn say(bytes: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![Step::Say(bytes.into())]
}

/// Calls a server that answers so, and counts: one send.
async fn called(steps: impl Fn(&Heard) -> Vec<Step> + Send + 'static) -> Called {
    let (server, clock) = (Scripted::answering(steps), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    let called = client.call(in_time(call(&clock, "post"), &clock, MINUTE)).await;
    assert_eq!(server.calls(), 1, "{called:?}");
    called
}

/// Reported: a status that is answered by a second send (rust-sdk#743 and python-sdk#3327 on 404, typescript-sdk#2465 on
/// 307, typescript-sdk#2150), or loses what it says.
#[tokio::test(start_paused = true)]
async fn a_status_is_told_and_nothing_is_sent_again() {
    for (line, headers, body, expected) in [
        ("401 Unauthorized", vec![], "", "it answered HTTP 401 (check the token)"),
        ("403 Forbidden", vec![], "no", "it answered HTTP 403 (check the rights of the token): no"),
        (
            "404 Not Found",
            vec![],
            "Session not found",
            "it answered HTTP 404, the session is over, and the next use begins another one: Session not found",
        ),
        ("429 Too Many Requests", vec![("retry-after", "1")], "", "it answered HTTP 429"),
        ("500 Internal Server Error", vec![], "boom", "it answered HTTP 500: boom"),
        (
            "502 Bad Gateway",
            vec![("content-type", "text/html")],
            "<html>bad gateway</html>",
            "it answered HTTP 502: <html>bad gateway</html>",
        ),
        ("503 Service Unavailable", vec![], "", "it answered HTTP 503"),
        (
            "307 Temporary Redirect",
            vec![("location", "/mcp/")],
            "",
            "it answered HTTP 307 (redirects are not followed; configure the URL that it names): /mcp/",
        ),
        (
            "308 Permanent Redirect",
            vec![("location", "http://other.example/mcp")],
            "",
            "it answered HTTP 308 (redirects are not followed; configure the URL that it names): http://other.example/mcp",
        ),
        ("202 Accepted", vec![], "", "it answered HTTP 202 without an answer to the request"),
        (
            "200 OK",
            vec![("content-type", "text/html")],
            "<html>",
            "it answered with `text/html`, not with JSON; check the URL",
        ),
    ] {
        let headers: Vec<_> = headers.into_iter().collect();
        let told = called(move |_| say(status(line, &headers, body))).await;
        assert_eq!(told, Called::Failed { reason: expected.to_owned() }, "{line}");
    }
}

/// Reported: a POST that is sent twice when the connection breaks (httpclient#142, bun#28708, urllib3.future#280).
#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_loses_the_call() {
    let cut = |heard: &Heard| {
        let whole = result(heard, &posted());
        whole[..whole.len() - 5].to_vec()
    };
    for (what, steps) in [
        ("after the request was read", Vec::new()),
        ("in the head", say("HTTP/1.1 200 OK\r\ncontent-ty")),
        ("with something else than HTTP", say("220 smtp.example ESMTP\r\n")),
        ("in a stream", say(stream("data: {\"jsonrpc\":\"2.0\",\"id\":2,\"res"))),
        ("after a stream without the answer", say(stream(": nothing\n\n"))),
    ] {
        let reason = lost(called(move |_| steps.clone()).await);
        assert!(reason.ends_with("; it may have been carried out"), "{what}: {reason}");
    }
    lost(called(move |heard| say(cut(heard))).await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_closed_at_its_first_byte_loses_the_call() {
    let (server, clock) = (Scripted::answering(|_| Vec::new()), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    server.drops.store(0, Ordering::SeqCst);
    lost(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_is_not_sent_and_reached_later() {
    let (server, clock) = (Scripted::answering(|heard| say(result(heard, &posted()))), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    *server.down.lock().unwrap() = true;
    let reason = not_sent(client.call(call(&clock, "post")).await);
    assert_eq!(reason, "it could not be reached: connection refused");
    *server.down.lock().unwrap() = false;
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_when_the_time_is_over_before_it_is_connected() {
    let (server, clock) = (Scripted::answering(|_| Vec::new()), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    *server.slow.lock().unwrap() = Duration::from_secs(5);
    let hurried = call(&clock, "post");
    let hurried = ToolCall { send_before: clock.now() + TimeDelta::seconds(2), ..hurried };
    let calling = client.call(hurried);
    let later = async {
        // While it connects.
        tokio::time::sleep(Duration::from_secs(3)).await;
        clock.advance(TimeDelta::seconds(3));
    };
    let reason = not_sent(tokio::join!(calling, later).0);
    assert!(reason.starts_with("nothing of it was written"), "{reason}");
    not_sent(client.call(in_time(call(&clock, "post"), &clock, Duration::from_secs(2))).await);
    // What might still be connecting is through by then.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(server.calls(), 0);
}

/// Reported: a client that waits for ever on a stream that does not end (python-sdk#1811).
#[tokio::test(start_paused = true)]
async fn a_stream_without_an_answer_is_lost_at_the_deadline() {
    for steps in [
        vec![Step::Say(stream(": begun\n\n")), Step::Hang],
        vec![Step::Hang],
        vec![
            Step::Say(stream("")),
            Step::Wait(Duration::from_secs(40)),
            Step::Say(b": still\n\n".to_vec()),
            Step::Wait(Duration::from_secs(40)),
        ],
    ] {
        let reason = lost(called(move |_| steps.clone()).await);
        assert_eq!(reason, "the deadline passed; it may still be carried out");
    }
}

/// Reported: unbounded bodies and events (trueforge#769, typescript-sdk#771), and bounds that do not tell (python-sdk#3332).
#[tokio::test(start_paused = true)]
async fn an_answer_past_the_limit_is_refused_while_it_is_read() {
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    for (what, begin, more) in [
        ("a document", format!("{json}{{\"jsonrpc\":\"2.0\",\"result\":\""), "x".repeat(8_192)),
        ("small objects", format!("{json}{{\"jsonrpc\":\"2.0\",\"result\":["), "{\"a\":1},".repeat(1_024)),
        ("a deep document", format!("{json}{{\"jsonrpc\":\"2.0\",\"result\":"), "[".repeat(8_192)),
        (
            "an event",
            String::from_utf8(stream("data: {\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":\"")).unwrap(),
            "x".repeat(8_192),
        ),
    ] {
        let reason = lost(
            called(move |heard| {
                let begin = begin.replace("ID", &heard.body["id"].to_string());
                vec![Step::Say(begin.into_bytes()), Step::Forever(more.clone().into_bytes())]
            })
            .await,
        );
        let bound = reason.contains("(`answer_limit`)") || reason.contains("deeper than 100 levels");
        assert!(bound, "{what}: {reason}");
    }
    let reason = lost(called(|_| say(status("200 OK", &[("content-type", "application/json")], "{}"))).await);
    assert_eq!(reason, "what it answered is no answer to the request; it may have been carried out");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_comments_is_lost_at_the_deadline_and_holds_no_memory() {
    let (server, clock) = (
        Scripted::answering(|_| {
            let comments = (0..10_000).map(|_| Step::Say(b": comment\n".repeat(10)));
            [Step::Say(stream(""))].into_iter().chain(comments).chain([Step::Hang]).collect()
        }),
        TestClock::standing(),
    );
    let (client, _guard) = server.client(&clock);
    lost(client.call(in_time(call(&clock, "post"), &clock, MINUTE)).await);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn a_server_behind_a_real_socket_is_called_once() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Scripted::new(|_| None);
    let serving = tokio::spawn({
        let server = std::sync::Arc::clone(&server);
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(std::sync::Arc::clone(&server).serve(stream));
            }
        }
    });
    let clock = TestClock::standing();
    let url = format!("http://{address}/mcp");
    let (remote, _guard) = client(chimera_mcp::HttpEndpoint::new("remote", &url).unwrap(), &clock);
    assert_eq!(answer(remote.call(call(&clock, "post")).await).structured, Some(json!({ "id": "7" })));
    assert_eq!(server.calls(), 1);
    serving.abort();
    let _ = serving.await;
    // The port is closed now.
    let reason = not_sent(remote.call(call(&clock, "post")).await);
    assert!(reason.contains("could not be reached"), "{reason}");
    let error = client(chimera_mcp::HttpEndpoint::new("remote", &url).unwrap(), &clock)
        .0
        .tools(clock.now() + TimeDelta::hours(1))
        .await
        .unwrap_err();
    assert!(error.retry_after.is_some(), "{error}");
}

/// Reported: connections that stay open after their client went away (python-sdk#1811).
#[tokio::test]
async fn a_client_that_is_dropped_closes_its_connections() {
    let server = Scripted::answering(|_| {
        vec![Step::Say(stream("")), Step::Forever(b": still here\n\n".repeat(1_000))]
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let mut ended = server.ended.subscribe();
    within("the first connections to end", ended.wait_for(|ended| *ended == 3)).await.unwrap();
    {
        let mut calling = std::pin::pin!(client.call(call(&clock, "post")));
        for _ in tries(10_000, "the call to be heard") {
            if server.calls() == 1 {
                break;
            }
            tokio::select! {
                biased;
                called = &mut calling => panic!("answered: {called:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    drop(client);
    // The call, and the end of the session.
    within("the call's connection to end", ended.wait_for(|ended| *ended >= 4)).await.unwrap();
}

#[tokio::test]
async fn https_needs_a_connector_of_the_host() {
    let clock = TestClock::standing();
    let endpoint = chimera_mcp::HttpEndpoint::new("remote", "https://remote.example/mcp").unwrap();
    let (client, _guard) = client(endpoint, &clock);
    let error = client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap_err();
    assert!(error.reason.contains("give one with `HttpEndpoint::connector`"), "{error}");
    assert_eq!(error.retry_after, None);
    not_sent(client.call(call(&clock, "post")).await);
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_are_each_sent_once_and_get_their_own_answer() {
    let server = Scripted::answering(|heard| {
        let text = heard.body["params"]["arguments"]["text"].clone();
        say(stream(&format!("data: {}\n\n", message(heard, &json!({ "structuredContent": text })))))
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let post = |text: &str| crate::place::post(&clock, text);
    let (a, b, c) = tokio::join!(client.call(post("a")), client.call(post("b")), client.call(post("c")));
    for (called, text) in [(a, "a"), (b, "b"), (c, "c")] {
        assert_eq!(answer(called).structured, Some(text.into()));
    }
    assert_eq!(server.calls(), 3);
}
