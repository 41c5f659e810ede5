//! What begins another life of a server over HTTP: another token, another session; and what shows that one holds.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_mcp::{TokenError, TokenProvider};
use chimera_platform::{Called, ToolCall, ToolClient};
use chrono::TimeDelta;
use serde_json::json;

use super::server::{Heard, Scripted, Step, client, initialized, message, posted, result, status};
use crate::place::{TestClock, answer, call, not_sent};

const MINUTE: Duration = Duration::from_secs(60);

/// Gives what it was told to give.
#[derive(Debug)]
struct Held(Mutex<&'static str>);

impl Held {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("token-of-acme")))
    }

    fn change(&self) {
        *self.0.lock().unwrap() = "token-of-labs";
    }
}

#[async_trait]
impl TokenProvider for Held {
    async fn token(&self, _: Option<&str>) -> Result<String, TokenError> {
        Ok((*self.0.lock().unwrap()).to_owned())
    }
}

/// A server that counts its sessions; the script says first what it does.
fn counting(mut script: impl FnMut(&Heard) -> Option<Vec<Step>> + Send + 'static) -> Arc<Scripted> {
    let mut sessions = 0;
    Scripted::new(move |heard| {
        script(heard).or_else(|| {
            (heard.what == "POST initialize").then(|| {
                sessions += 1;
                initialized(heard, &format!("session-{sessions}"))
            })
        })
    })
}

fn of(life: u64, clock: &TestClock) -> ToolCall {
    ToolCall { life: Some(life), ..call(clock, "post") }
}

/// With which token, in which session.
fn met(server: &Scripted, what: &str) -> Vec<(String, String)> {
    let header = |heard: &Heard, name: &str| heard.headers.get(name).cloned().unwrap_or_default();
    let heard = server.heard().into_iter().filter(|heard| heard.what == what);
    heard.map(|heard| (header(&heard, "authorization"), header(&heard, "mcp-session-id"))).collect()
}

fn pair(token: &str, session: &str) -> (String, String) {
    (format!("Bearer {token}"), session.to_owned())
}

/// The server acts as whoever holds the token, and was asked who that is with the first one.
#[tokio::test(start_paused = true)]
async fn another_token_is_another_life() {
    let (server, clock, token) = (counting(|_| None), TestClock::standing(), Held::new());
    let (client, _guard) = client(server.endpoint().tokens(token.clone()), &clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let first = client.life();
    answer(client.call(of(first, &clock)).await);
    token.change();
    let reason = not_sent(client.call(of(first, &clock)).await);
    assert!(reason.contains("another token") && !reason.contains("token-of"), "{reason}");
    assert_ne!(client.life(), first);
    not_sent(client.call(of(first, &clock)).await);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let second = client.life();
    for _ in 0..3 {
        answer(client.call(of(second, &clock)).await);
    }
    assert_eq!(client.life(), second, "it costs one life");
    let (before, after) = (pair("token-of-acme", "session-1"), pair("token-of-labs", "session-2"));
    assert_eq!(met(&server, "POST tools/call"), [before, after.clone(), after.clone(), after]);
    let begun = [pair("token-of-acme", ""), pair("token-of-labs", "")];
    assert_eq!(met(&server, "POST initialize"), begun);
}

/// Nothing is sent in a session with another token than its own.
#[tokio::test(start_paused = true)]
async fn another_token_that_a_ping_or_a_list_finds_costs_no_call() {
    let (server, clock, token) = (counting(|_| None), TestClock::standing(), Held::new());
    let (client, _guard) = client(server.endpoint().tokens(token.clone()), &clock);
    answer(client.call(call(&clock, "post")).await);
    token.change();
    assert_eq!(client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap().len(), 1);
    assert_eq!(met(&server, "POST tools/list"), [pair("token-of-labs", "session-2")]);
    let life = client.life();
    tokio::time::sleep(MINUTE).await;
    *token.0.lock().unwrap() = "token-of-acme";
    not_sent(client.call(of(life, &clock)).await);
    answer(client.call(call(&clock, "post")).await);
    let calls = [pair("token-of-acme", "session-1"), pair("token-of-acme", "session-3")];
    assert_eq!(met(&server, "POST tools/call"), calls);
    assert_eq!(met(&server, "POST ping"), []);
}

/// What is in flight is not sent again, and is answered.
#[tokio::test(start_paused = true)]
async fn another_token_does_not_cost_a_call_in_flight() {
    let mut calls = 0;
    let server = counting(move |heard| {
        calls += usize::from(heard.what == "POST tools/call");
        let slow = heard.what == "POST tools/call" && calls == 1;
        slow.then(|| vec![Step::Wait(MINUTE), Step::Say(result(heard, &posted()))])
    });
    let (clock, token) = (TestClock::standing(), Held::new());
    let (client, _guard) = client(server.endpoint().tokens(token.clone()), &clock);
    client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let slow = client.call(call(&clock, "post"));
    let other = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.change();
        not_sent(client.call(call(&clock, "post")).await)
    };
    let (slow, _) = tokio::join!(slow, other);
    answer(slow);
    assert_eq!(server.calls(), 1);
}

/// The answer is read, whatever it is the answer to, and what follows goes to a session that was begun.
#[tokio::test(start_paused = true)]
async fn an_answer_of_another_session_ends_the_life() {
    for what in ["POST tools/list", "POST tools/call", "POST ping"] {
        let mut moved = false;
        let server = counting(move |heard| {
            (heard.what == what && !std::mem::replace(&mut moved, true)).then(|| {
                let said = match what {
                    "POST tools/list" => json!({ "tools": [{ "name": "post", "inputSchema": {} }] }),
                    _ => posted(),
                };
                let headers = [("content-type", "application/json"), ("mcp-session-id", "elsewhere-9")];
                vec![Step::Say(status("200 OK", &headers, &message(heard, &said)))]
            })
        });
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        if what != "POST tools/call" {
            answer(client.call(call(&clock, "post")).await);
        }
        let life = match what {
            "POST tools/list" => {
                let life = client.life();
                assert_eq!(client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap().len(), 1);
                life
            }
            "POST tools/call" => {
                answer(client.call(call(&clock, "post")).await);
                1
            }
            _ => {
                tokio::time::sleep(MINUTE).await;
                let life = client.life();
                not_sent(client.call(of(life, &clock)).await);
                life
            }
        };
        assert_ne!(client.life(), life, "{what}");
        assert!(client.secrets().are_in("elsewhere-9"));
        assert_eq!(server.calls(), 1, "{what}: nothing is sent again");
        not_sent(client.call(of(life, &clock)).await);
        answer(client.call(call(&clock, "post")).await);
        let calls = met(&server, "POST tools/call");
        let sessions: Vec<_> = calls.iter().map(|(_, session)| session.as_str()).collect();
        assert_eq!(sessions, ["session-1", "session-2"], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_repeats_its_session_is_of_it() {
    let server = counting(|heard| {
        (heard.what == "POST tools/call").then(|| {
            let headers = [("content-type", "application/json"), ("mcp-session-id", "session-1")];
            vec![Step::Say(status("200 OK", &headers, &message(heard, &posted())))]
        })
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    for _ in 0..3 {
        answer(client.call(call(&clock, "post")).await);
    }
    assert_eq!(client.life(), 1);
}

/// Reported: a server that does not know the name under which it is asked answers 421 to everything (python-sdk#1798).
#[tokio::test(start_paused = true)]
async fn a_server_that_is_asked_under_another_name_needs_its_operator() {
    let server = Scripted::new(|_| {
        Some(vec![Step::Say(status("421 Misdirected Request", &[], "Invalid Host header"))])
    });
    let clock = TestClock::standing();
    let (client, _guard) = server.client(&clock);
    let error = client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap_err();
    assert_eq!(error.retry_after, None, "{error}");
    let reason =
        "it answered HTTP 421 (check the URL, and which hosts the server allows): Invalid Host header";
    assert_eq!(error.reason, reason);
}

/// Whatever refuses the ping may refuse the call, which then could not be told from one that was carried out.
#[tokio::test(start_paused = true)]
async fn a_ping_that_is_refused_is_no_sign_that_a_session_holds() {
    for refusal in [
        "301 Moved Permanently",
        "401 Unauthorized",
        "402 Payment Required",
        "403 Forbidden",
        "406 Not Acceptable",
        "409 Conflict",
        "413 Content Too Large",
        "415 Unsupported Media Type",
        "421 Misdirected Request",
        "423 Locked",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        let server = Scripted::new(move |heard| {
            let refused = matches!(heard.what.as_str(), "POST ping" | "POST tools/call");
            refused.then(|| vec![Step::Say(status(refusal, &[], ""))])
        });
        let clock = TestClock::standing();
        let (client, _guard) = server.client(&clock);
        client.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
        tokio::time::sleep(MINUTE).await;
        let called = client.call(call(&clock, "post")).await;
        assert!(matches!(called, Called::NotSent { .. }), "{refusal}: {called:?}");
        assert_eq!(server.calls(), 0);
    }
}
