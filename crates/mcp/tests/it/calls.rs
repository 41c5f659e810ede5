//! Single calls: what goes on the wire, when nothing does, and what comes back.

use std::time::Duration;

use chimera_contracts::Clock;
use chimera_platform::{Called, ToolCall, ToolClient};
use chrono::TimeDelta;
use serde_json::json;

use crate::place::{Place, TestClock, answer, in_time, lost, not_sent, post, server};

/// Enough for a server that is up to take a call, also on a busy machine.
const SHORT: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn tools_are_listed_and_called() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    assert_eq!(server.server(), "sandbox");
    let tools = server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let tool = tools.iter().find(|tool| tool.name == "post_tweet").unwrap();
    assert_eq!(tool.input_schema["required"], json!(["text"]));
    assert_eq!(server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap(), tools);

    let made = answer(server.call(post(&clock, "hello")).await);
    assert!(!made.is_error);
    assert_eq!(made.result_type, None);
    assert_eq!(made.structured.as_ref().unwrap()["text"], "hello");
    assert_eq!(made.texts.len(), 1);
    assert_eq!(place.record().posts().len(), 1);
}

#[tokio::test]
async fn calls_at_the_same_time_are_each_made_once() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    // None of them waits for another: the first poll of each starts or joins the start.
    let texts = ["a", "b", "c", "d", "e"];
    let (a, b, c, d, e) = tokio::join!(
        server.call(post(&clock, texts[0])),
        server.call(post(&clock, texts[1])),
        server.call(post(&clock, texts[2])),
        server.call(post(&clock, texts[3])),
        server.call(post(&clock, texts[4])),
    );
    for (called, text) in [a, b, c, d, e].into_iter().zip(texts) {
        assert_eq!(answer(called).structured.unwrap()["text"], text);
    }
    assert_eq!(place.record().posts().len(), texts.len());
}

#[tokio::test]
async fn meta_arrives() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    let mut call = post(&clock, "hello");
    call.meta.insert("org.example/call-key".to_owned(), "key-1".to_owned());
    answer(server.call(call).await);
    assert_eq!(place.record().calls()[0].call_meta_key.as_deref(), Some("key-1"));
}

#[tokio::test]
async fn an_unknown_tool_fails_and_bad_arguments_are_answered() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    let unknown = ToolCall { tool: "post_telegram".to_owned(), ..post(&clock, "hello") };
    // No proof that nothing was done: the request was written.
    let failed = server.call(unknown).await;
    assert!(matches!(&failed, Called::Failed { reason } if reason.contains("-32602")), "{failed:?}");
    let mut bad = post(&clock, "hello");
    bad.arguments.insert("undeclared".to_owned(), true.into());
    assert!(answer(server.call(bad).await).is_error);
}

#[tokio::test]
async fn a_lost_answer_is_lost_at_the_deadline_and_the_server_stays() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.faulty(&json!("lost_after")), &clock);
    server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let reason = lost(server.call(in_time(post(&clock, "one"), &clock, SHORT)).await);
    assert!(reason.contains("the deadline passed"), "{reason}");
    answer(server.call(post(&clock, "two")).await);
    assert_eq!(place.outcomes(), ["lost_after", "posted"]);
}

#[tokio::test]
async fn nothing_is_sent_when_the_time_is_over() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let late = ToolCall { send_before: clock.now(), ..post(&clock, "late") };
    not_sent(server.call(late).await);
    let past = ToolCall { deadline: clock.now() - TimeDelta::hours(1), ..post(&clock, "past") };
    not_sent(server.call(past).await);
    assert!(place.outcomes().is_empty());
}

#[tokio::test]
async fn the_clock_is_asked_again_before_the_first_byte() {
    let (place, clock) = (Place::new(), TestClock::stepping(TimeDelta::hours(1)));
    let server = server(place.sandbox(&json!({})), &clock);
    server.tools(clock.now() + TimeDelta::hours(9)).await.unwrap();
    // In time at the first look, an hour late or more at every further one.
    let now = clock.advance(TimeDelta::zero());
    let call = ToolCall {
        send_before: now + TimeDelta::minutes(90),
        deadline: now + TimeDelta::days(9),
        ..post(&clock, "late")
    };
    clock.advance(-TimeDelta::hours(1));
    let reason = not_sent(server.call(call).await);
    assert!(reason.contains("could not be written"), "{reason}");
    assert!(place.outcomes().is_empty());
}

#[tokio::test]
async fn dropping_a_call_does_not_take_it_back() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let mut call = Box::pin(server.call(post(&clock, "one")));
    tokio::select! {
        biased;
        _ = &mut call => panic!("answered at once"),
        () = std::future::ready(()) => {}
    }
    drop(call);
    // Answers come in any order, but requests are written in theirs.
    answer(server.call(post(&clock, "two")).await);
    server.close().await;
    let mut texts: Vec<_> = place.record().posts().into_iter().map(|post| post.text).collect();
    texts.sort();
    assert_eq!(texts, ["one", "two"]);
}
