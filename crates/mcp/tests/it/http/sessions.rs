//! Sessions that begin, end and are forgotten, and tokens that expire.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_mcp::{TokenError, TokenProvider};
use chimera_platform::{Called, ToolClient};
use chrono::TimeDelta;

use super::server::{Heard, Scripted, Step, client, initialized, posted, result, status, stream};
use crate::place::{TestClock, answer, call, not_sent};

/// Gives one token after the other, the next one when one was refused.
#[derive(Debug, Default)]
struct Tokens {
    given: Mutex<usize>,
    refused: Mutex<Vec<String>>,
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, refused: Option<&str>) -> Result<String, TokenError> {
        let mut given = self.given.lock().unwrap();
        if let Some(refused) = refused {
            assert_eq!(refused, format!("swordfish-{given}"));
            self.refused.lock().unwrap().push(refused.to_owned());
            *given += 1;
        }
        Ok(format!("swordfish-{given}"))
    }
}

fn refused() -> Vec<Step> {
    vec![Step::Say(status("401 Unauthorized", &[("www-authenticate", "Bearer")], ""))]
}

fn token_is(heard: &Heard, token: &str) -> bool {
    heard.headers.get("authorization").is_some_and(|given| *given == format!("Bearer {token}"))
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_says_who_asks_and_in_which_session() {
    let (server, clock) = (Scripted::new(|_| None), TestClock::standing());
    let endpoint = server.endpoint().tokens(Arc::new(Tokens::default())).header("X-Tenant", "acme").unwrap();
    let (client, _guard) = client(endpoint, &clock);
    assert_eq!(client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap()[0].name, "post");
    answer(client.call(call(&clock, "post")).await);
    client.close().await;
    let expected =
        ["POST initialize", "POST notifications/initialized", "POST tools/list", "POST tools/call", "DELETE"];
    assert_eq!(server.whats(), expected);
    for (at, heard) in server.heard().into_iter().enumerate() {
        let header = |name: &str| heard.headers.get(name).map(String::as_str);
        assert!(token_is(&heard, "swordfish-0"));
        assert_eq!((header("host"), header("x-tenant")), (Some("remote.example"), Some("acme")));
        assert_eq!(header("mcp-session-id"), (at > 0).then_some("session-1"));
        assert_eq!(header("mcp-protocol-version"), (at > 0).then_some("2025-11-25"));
        if heard.what != "DELETE" {
            assert_eq!(header("accept"), Some("application/json, text/event-stream"));
            assert_eq!(header("content-type"), Some("application/json"));
        }
    }
    assert!(not_sent(client.call(call(&clock, "post")).await).contains("closed"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_asked_for_again_before_anything_acts() {
    let server = Scripted::new(|heard| (!token_is(heard, "swordfish-1")).then(refused));
    let (clock, tokens) = (TestClock::standing(), Arc::new(Tokens::default()));
    let (client, _guard) = client(server.endpoint().tokens(tokens.clone()), &clock);
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(*tokens.refused.lock().unwrap(), ["swordfish-0"]);
    assert_eq!(server.whats()[..2], ["POST initialize", "POST initialize"]);
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_refused_token_is_not_sent_again_and_the_next_one_has_another() {
    let server = Scripted::new(|heard| {
        (heard.what == "POST tools/call" && token_is(heard, "swordfish-0")).then(refused)
    });
    let (clock, tokens) = (TestClock::standing(), Arc::new(Tokens::default()));
    let (client, _guard) = client(server.endpoint().tokens(tokens.clone()), &clock);
    let called = client.call(call(&clock, "post")).await;
    assert!(matches!(&called, Called::Failed { reason } if reason.contains("HTTP 401")), "{called:?}");
    assert_eq!(server.calls(), 1);
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(*tokens.refused.lock().unwrap(), ["swordfish-0"]);
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_every_token_needs_its_operator() {
    let server = Scripted::new(|_| Some(refused()));
    let clock = TestClock::standing();
    let (client, _guard) = client(server.endpoint().tokens(Arc::new(Tokens::default())), &clock);
    let error = client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap_err();
    assert_eq!((error.reason.as_str(), error.retry_after), ("it answered HTTP 401 (check the token)", None));
    assert_eq!(server.whats(), ["POST initialize", "POST initialize"]);
    not_sent(client.call(call(&clock, "post")).await);
}

#[derive(Debug)]
struct NoToken;

#[async_trait]
impl TokenProvider for NoToken {
    async fn token(&self, _: Option<&str>) -> Result<String, TokenError> {
        Err(TokenError::new("the vault is sealed"))
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent() {
    let (server, clock) = (Scripted::new(|_| None), TestClock::standing());
    let (client, _guard) = client(server.endpoint().tokens(Arc::new(NoToken)), &clock);
    let reason = not_sent(client.call(call(&clock, "post")).await);
    assert_eq!(reason, "there is no token for it: the vault is sealed");
    assert!(server.whats().is_empty());
}

/// Reported: tokens in what a server says of an error (aisix#879, and every debug page).
#[tokio::test(start_paused = true)]
async fn reasons_repeat_no_token_and_no_session() {
    let server = Scripted::answering(|_| {
        let body = "no swordfish-0 in session-1, nor opensesame";
        vec![Step::Say(status("500 Internal Server Error", &[], body))]
    });
    let clock = TestClock::standing();
    let endpoint = server.endpoint().tokens(Arc::new(Tokens::default()));
    let (client, _guard) = client(endpoint.secret_header("X-Plain", "opensesame").unwrap(), &clock);
    let reason = "it answered HTTP 500: no [redacted] in [redacted], nor [redacted]".to_owned();
    assert_eq!(client.call(call(&clock, "post")).await, Called::Failed { reason });
    assert!(client.secrets().are_in("swordfish-0") && client.secrets().are_in("opensesame"));
    let shown = format!("{client:?}");
    assert!(!shown.contains("swordfish") && !shown.contains("opensesame"), "{shown}");
}

/// A server that forgets its first session, and counts them.
fn forgetful(what: &'static str) -> Arc<Scripted> {
    let mut sessions = 0;
    Scripted::new(move |heard| {
        if heard.what == "POST initialize" {
            assert!(!heard.headers.contains_key("mcp-session-id"), "a new session has no name yet");
            sessions += 1;
            return Some(initialized(heard, &format!("session-{sessions}")));
        }
        let forgotten = heard.what == what && heard.headers["mcp-session-id"] == "session-1";
        forgotten.then(|| vec![Step::Say(status("404 Not Found", &[], "Session not found"))])
    })
}

/// Reported: the session stays dead for ever (rust-sdk#733, python-sdk#3556, typescript-sdk#1708, mcp-proxy#149), or the
/// call is sent again in a new one (rust-sdk#743).
#[tokio::test(start_paused = true)]
async fn a_session_that_has_ended_costs_one_call_and_is_begun_again() {
    let (server, clock) = (forgetful("POST tools/call"), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    let called = client.call(call(&clock, "post")).await;
    assert!(matches!(&called, Called::Failed { reason } if reason.contains("HTTP 404")), "{called:?}");
    assert_eq!(server.calls(), 1);
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 2);
}

/// A server that is started anew in the middle of a call: the connection breaks, and its sessions are gone.
#[tokio::test(start_paused = true)]
async fn a_connection_that_broke_is_followed_by_a_ping() {
    let mut calls = 0;
    let mut sessions = 0;
    let server = Scripted::new(move |heard| {
        if heard.what == "POST initialize" {
            sessions += 1;
            return Some(initialized(heard, &format!("session-{sessions}")));
        }
        if heard.what == "POST tools/call" {
            calls += 1;
            if calls == 1 {
                return Some(Vec::new());
            }
        }
        let unknown = calls > 0 && heard.headers["mcp-session-id"] == "session-1";
        unknown.then(|| vec![Step::Say(status("404 Not Found", &[], ""))])
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let called = client.call(call(&clock, "post")).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_in_a_session_that_has_ended_is_asked_for_in_the_next_one() {
    let (server, clock) = (forgetful("POST tools/list"), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    assert_eq!(client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap().len(), 1);
    assert_eq!(server.whats().iter().filter(|what| *what == "POST initialize").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_silent_is_asked_for_before_a_call() {
    let (server, clock) = (forgetful("POST ping"), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    tokio::time::sleep(Duration::from_secs(600)).await;
    answer(client.call(call(&clock, "post")).await);
    let expected = [
        "POST initialize",
        "POST notifications/initialized",
        "POST tools/call",
        "POST ping",
        "POST initialize",
        "POST notifications/initialized",
        "POST tools/call",
    ];
    assert_eq!(server.whats(), expected);
}

/// Reported: servers that answer 400 for an unknown session, and clients that never begin another one (python-sdk#1004,
/// affine-mcp-server#301, fastmcp#121, typescript-sdk#1476).
#[tokio::test(start_paused = true)]
async fn a_session_that_is_refused_with_400_is_begun_again() {
    let mut sessions = 0;
    let mut requests = 0;
    let server = Scripted::new(move |heard| {
        requests += 1;
        if heard.what == "POST initialize" {
            sessions += 1;
            return Some(initialized(heard, &format!("session-{sessions}")));
        }
        // It was started anew.
        let unknown = requests > 3 && heard.headers["mcp-session-id"] == "session-1";
        let refused = || vec![Step::Say(status("400 Bad Request", &[], "No valid session ID provided"))];
        unknown.then(refused)
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    let called = client.call(call(&clock, "post")).await;
    let reason = "it answered HTTP 400: No valid session ID provided".to_owned();
    assert_eq!(called, Called::Failed { reason });
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(server.calls(), 3);
}

/// Reported: servers that answer `ping` with nothing (vrchat-assistant#37). Its status is what counts.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_ping_is_called_all_the_same() {
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#;
    for (what, answered) in [
        ("an error", status("200 OK", &[("content-type", "application/json")], error)),
        ("an empty document", status("200 OK", &[], "")),
        ("an empty stream", stream("")),
        ("a status", status("405 Method Not Allowed", &[], "")),
        ("a session that it refuses", status("400 Bad Request", &[], "")),
    ] {
        let server = Scripted::new(move |heard| {
            (heard.what == "POST ping").then(|| vec![Step::Say(answered.clone())])
        });
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        for _ in 0..3 {
            let called = client.call(call(&clock, "post")).await;
            assert!(matches!(called, Called::Answered(_)), "{what}: {called:?}");
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        assert_eq!(server.calls(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_when_it_is_asked_costs_no_call() {
    let (server, clock) = (Scripted::new(|_| None), TestClock::standing());
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    tokio::time::sleep(Duration::from_secs(600)).await;
    *server.down.lock().unwrap() = true;
    let reason = not_sent(client.call(call(&clock, "post")).await);
    assert!(reason.contains("could not be reached"), "{reason}");
    assert_eq!(server.calls(), 1);
}

/// Reported: the id of an error is kept and poisons what follows (typescript-sdk#2466).
#[tokio::test(start_paused = true)]
async fn an_error_does_not_name_a_session() {
    let mut first = true;
    let server = Scripted::new(move |heard| {
        std::mem::take(&mut first).then(|| {
            assert_eq!(heard.what, "POST initialize");
            vec![Step::Say(status("503 Service Unavailable", &[("mcp-session-id", "poison")], ""))]
        })
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let error = client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap_err();
    assert!(error.retry_after.is_some() && error.reason.contains("HTTP 503"), "{error}");
    answer(client.call(call(&clock, "post")).await);
    assert!(
        server
            .heard()
            .iter()
            .all(|heard| heard.headers.get("mcp-session-id").is_none_or(|id| id == "session-1"))
    );
}

/// Reported: servers without sessions, and without streams of their own (python-sdk#2232).
#[tokio::test(start_paused = true)]
async fn a_server_without_sessions_is_called_without_one() {
    let server = Scripted::new(|heard| {
        (heard.what == "POST initialize").then(|| {
            let ready = serde_json::json!({
                "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": { "name": "s", "version": "0" },
            });
            vec![Step::Say(result(heard, &ready))]
        })
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let made = answer(client.call(call(&clock, "post")).await);
    assert_eq!(made.structured, Some(posted()["structuredContent"].clone()));
    client.close().await;
    let heard = server.heard();
    assert!(
        heard.iter().all(|heard| !heard.headers.contains_key("mcp-session-id") && heard.what != "DELETE")
    );
    assert_eq!(heard.last().unwrap().headers["mcp-protocol-version"], "2025-06-18");
}

/// A server without sessions does not tell when another process answers, maybe with other credentials.
#[tokio::test(start_paused = true)]
async fn a_server_without_sessions_begins_another_life_where_it_may_be_another_one() {
    let mut calls = 0;
    let server = Scripted::new(move |heard| match heard.what.as_str() {
        "POST initialize" => {
            let ready = serde_json::json!({
                "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": { "name": "s", "version": "0" },
            });
            Some(vec![Step::Say(result(heard, &ready))])
        }
        "POST tools/call" => {
            calls += 1;
            match calls {
                3 => Some(Vec::new()),
                5 => Some(vec![Step::Say(status("502 Bad Gateway", &[], "<html>"))]),
                _ => None,
            }
        }
        _ => None,
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    let first = client.life();
    tokio::time::sleep(Duration::from_secs(299)).await;
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(client.life(), first, "nothing shows another one");

    let called = client.call(call(&clock, "post")).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
    let second = client.life();
    assert_ne!(second, first, "a connection broke");
    let of = |life| chimera_platform::ToolCall { life: Some(life), ..call(&clock, "post") };
    assert!(not_sent(client.call(of(first)).await).contains("may have been"));
    answer(client.call(of(second)).await);
    assert_eq!(client.life(), second);

    let called = client.call(of(second)).await;
    assert!(matches!(called, Called::Failed { .. }), "{called:?}");
    let third = client.life();
    assert_ne!(third, second, "a gateway answered for it");
    answer(client.call(of(third)).await);

    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(not_sent(client.call(of(third)).await).contains("may have been"), "it was quiet for long");
    let fourth = client.life();
    assert_ne!(fourth, third);
    answer(client.call(of(fourth)).await);
    assert_eq!(server.calls(), 7);
}

/// Reported: servers behind a balancer that answer errors of their own; the session goes on.
#[tokio::test(start_paused = true)]
async fn a_server_with_sessions_keeps_its_life_until_the_session_ends() {
    let mut calls = 0;
    let server = Scripted::new(move |heard| {
        calls += usize::from(heard.what == "POST tools/call");
        (heard.what == "POST tools/call" && calls == 2).then(Vec::new)
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    answer(client.call(call(&clock, "post")).await);
    let life = client.life();
    assert!(matches!(client.call(call(&clock, "post")).await, Called::Lost { .. }));
    tokio::time::sleep(Duration::from_secs(600)).await;
    answer(client.call(call(&clock, "post")).await);
    assert_eq!(client.life(), life);
}
