//! `ToolClient`: at most one request, none too late, answers as they came.
//!
//! A harness gives a server that does what a case asks of its tools, and tells which calls reached it. That nothing was sent
//! is read after a later call was answered: what was sent before it has reached the server by then.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_harness::within;
use chimera_platform::{Called, LateAnswer, ToolAnswer, ToolCall, ToolClient};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, join, join_all, select};
use serde_json::{Map, Value, json};

use super::case::harness_suite;
use super::stage::yield_now;

/// What a server does with every call of one of its tools.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// It answers at once.
    Answers(ToolAnswer),
    /// It answers with a JSON-RPC error of these words.
    Fails(String),
    /// It takes the call, and answers when it is told to ([`ToolServer::let_go`]).
    Holds(ToolAnswer),
    /// It takes the call and dies of it.
    Dies,
}

/// A call as it reached a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// The texts in its `_meta`.
    pub meta: BTreeMap<String, String>,
}

/// How a case comes by the server that it looks at.
#[async_trait]
pub trait ToolHarness: Debug + Send + Sync {
    /// A secret that the host gives to every server, among its credentials.
    fn secret(&self) -> String;

    /// Another server with just these tools, which has not been started, and a client for it.
    async fn server(&self, tools: &[(&str, Does)]) -> Box<dyn ToolServer>;
}

/// A server and its client.
#[async_trait]
pub trait ToolServer: Debug + Send + Sync {
    /// The client.
    fn client(&self) -> Arc<dyn ToolClient>;

    /// The clock by which the client reads deadlines.
    fn clock(&self) -> Arc<dyn Clock>;

    /// How long a call waits here that nobody answers: enough for a server that is up to take it.
    fn patience(&self) -> TimeDelta;

    /// Ends when it is so late: a test clock is set; where real time passes there is nothing to do.
    async fn pass(&self, time: DateTime<Utc>);

    /// The calls that reached the server, in order, as soon as there are so many.
    async fn reached(&self, count: usize) -> Vec<Reached>;

    /// Has the server answer all that it holds.
    async fn let_go(&self);
}

harness_suite! {
    ToolHarness:
    a_call_is_put_once_as_it_was_given
    calls_at_one_time_are_each_put_once
    nothing_is_sent_at_or_after_send_before
    nothing_is_sent_when_nobody_waits_any_more
    a_call_goes_to_the_life_that_it_names
    a_call_that_nobody_answers_is_lost_and_not_sent_again
    what_a_server_asks_for_is_an_answer
    an_error_of_the_protocol_is_no_answer
    a_server_that_died_is_started_by_a_later_call
    a_server_that_died_is_started_by_a_later_list
    calls_in_flight_are_lost_with_their_server
    tools_are_those_that_the_server_offers
    dropping_a_call_does_not_take_it_back
    a_late_answer_is_given_out_once
    late_answers_name_their_calls
    answers_come_back_as_they_were
    reasons_repeat_no_secret
}

fn said(text: &str) -> ToolAnswer {
    let structured = Some(json!({ "text": text }));
    ToolAnswer { structured, texts: vec![json!({ "text": text }).to_string()], ..ToolAnswer::default() }
}

fn fine() -> Does {
    Does::Answers(said("fine"))
}

/// A call of a tool, with an hour of time.
fn call(server: &dyn ToolServer, tool: &str, text: &str) -> ToolCall {
    let until = server.clock().now() + TimeDelta::hours(1);
    ToolCall {
        id: format!("{tool} {text}"),
        tool: tool.to_owned(),
        arguments: Map::from_iter([("text".to_owned(), text.into())]),
        meta: BTreeMap::from([("org.example/call-key".to_owned(), format!("key of {text}"))]),
        send_before: until,
        deadline: until,
        life: None,
    }
}

/// The same with as much time as a call is given that nobody answers.
fn in_time(server: &dyn ToolServer, call: ToolCall) -> ToolCall {
    ToolCall { deadline: server.clock().now() + server.patience(), ..call }
}

fn reaching(call: &ToolCall) -> Reached {
    Reached { tool: call.tool.clone(), arguments: call.arguments.clone(), meta: call.meta.clone() }
}

async fn put(server: &dyn ToolServer, call: ToolCall) -> Called {
    let what = format!("what comes of the call of `{}`", call.tool);
    within(what, server.client().call(call)).await
}

async fn answered(server: &dyn ToolServer, call: ToolCall) -> ToolAnswer {
    match put(server, call).await {
        Called::Answered(answer) => answer,
        other => panic!("it was not answered: {other:?}"),
    }
}

async fn not_sent(server: &dyn ToolServer, call: ToolCall) {
    let called = put(server, call).await;
    assert!(matches!(called, Called::NotSent { .. }), "{called:?}");
}

/// Puts a call that nobody answers, which must be lost by its deadline.
async fn lost(server: &dyn ToolServer, call: ToolCall) {
    let call = in_time(server, call);
    let deadline = call.deadline;
    let both = join(put(server, call), server.pass(deadline));
    let (called, ()) = within("the end of a call that nobody answers", both).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
}

/// Asserts that just these calls reached the server, whose last one was answered.
async fn only_reached(server: &dyn ToolServer, calls: &[&ToolCall]) {
    let expected: Vec<Reached> = calls.iter().map(|call| reaching(call)).collect();
    let reached = within("the calls to reach the server", server.reached(calls.len())).await;
    assert_eq!(reached, expected);
}

/// The next answers that come late; there are some.
async fn late(client: &dyn ToolClient) -> Vec<LateAnswer> {
    let asked = async {
        loop {
            let late = client.late();
            if !late.is_empty() {
                return late;
            }
            yield_now().await;
        }
    };
    within("an answer that comes late", asked).await
}

/// One call is one request, with the tool, the arguments and the metadata that it was given.
pub async fn a_call_is_put_once_as_it_was_given(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine())]).await;
    let server = server.as_ref();
    let first = call(server, "post", "first");
    let bare = ToolCall { arguments: Map::new(), meta: BTreeMap::new(), ..call(server, "post", "bare") };
    for call in [&first, &bare] {
        assert_eq!(answered(server, call.clone()).await, said("fine"));
    }
    only_reached(server, &[&first, &bare]).await;
}

/// Safe to call concurrently: each call is put once, and has its own answer.
pub async fn calls_at_one_time_are_each_put_once(harness: &dyn ToolHarness) {
    let names: Vec<String> = (0..8).map(|number| format!("tool_{number}")).collect();
    let tools: Vec<_> =
        names.iter().map(|name| (name.as_str(), Does::Answers(said(&format!("of {name}"))))).collect();
    let server = harness.server(&tools).await;
    let server = server.as_ref();
    let calls: Vec<ToolCall> = names.iter().map(|name| call(server, name, "at one time")).collect();
    let answers = join_all(calls.iter().map(|call| answered(server, call.clone()))).await;
    for (name, answer) in names.iter().zip(answers) {
        assert_eq!(answer, said(&format!("of {name}")));
    }
    let mut reached = within("the calls to reach the server", server.reached(calls.len())).await;
    reached.sort_by(|a, b| a.tool.cmp(&b.tool));
    assert_eq!(reached, calls.iter().map(reaching).collect::<Vec<_>>());
}

/// Nothing goes on the wire at or after `send_before`.
pub async fn nothing_is_sent_at_or_after_send_before(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine())]).await;
    let server = server.as_ref();
    let up = call(server, "post", "up");
    answered(server, up.clone()).await;
    let now = server.clock().now();
    for late in [TimeDelta::zero(), TimeDelta::seconds(1), TimeDelta::days(1)] {
        not_sent(server, ToolCall { send_before: now - late, ..call(server, "post", "too late") }).await;
    }
    let after = call(server, "post", "in time again");
    answered(server, after.clone()).await;
    only_reached(server, &[&up, &after]).await;
}

/// What nobody waits for is not sent.
pub async fn nothing_is_sent_when_nobody_waits_any_more(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine())]).await;
    let server = server.as_ref();
    let up = call(server, "post", "up");
    answered(server, up.clone()).await;
    let past = server.clock().now() - TimeDelta::hours(1);
    not_sent(server, ToolCall { deadline: past, ..call(server, "post", "past") }).await;
    let after = call(server, "post", "waited for");
    answered(server, after.clone()).await;
    only_reached(server, &[&up, &after]).await;
}

/// A call that names a life of the server is put to that one alone.
pub async fn a_call_goes_to_the_life_that_it_names(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine()), ("end", Does::Dies)]).await;
    let server = server.as_ref();
    let up = call(server, "post", "up");
    answered(server, up.clone()).await;
    let life = server.client().life();
    let ours = ToolCall { life: Some(life), ..call(server, "post", "in this life") };
    answered(server, ours.clone()).await;
    not_sent(server, ToolCall { life: Some(life + 1), ..call(server, "post", "in another") }).await;
    let end = call(server, "end", "this life");
    let called = put(server, end.clone()).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
    not_sent(server, ToolCall { life: Some(life), ..call(server, "post", "in a life that ended") }).await;
    let after = call(server, "post", "in any life");
    answered(server, after.clone()).await;
    assert_ne!(server.client().life(), life, "it is another one");
    only_reached(server, &[&up, &ours, &end, &after]).await;
}

/// `call` answers by the deadline; a request is never sent again by itself.
pub async fn a_call_that_nobody_answers_is_lost_and_not_sent_again(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", Does::Holds(said("never"))), ("list", fine())]).await;
    let server = server.as_ref();
    let up = call(server, "list", "up");
    answered(server, up.clone()).await;
    let silent = call(server, "post", "silent");
    lost(server, silent.clone()).await;
    let after = call(server, "list", "after");
    answered(server, after.clone()).await;
    only_reached(server, &[&up, &silent, &after]).await;
}

/// A request is not sent again on `input_required`: that is an answer as any other.
pub async fn what_a_server_asks_for_is_an_answer(harness: &dyn ToolHarness) {
    let asks =
        ToolAnswer { result_type: Some("input_required".to_owned()), ..said("Which account do you mean?") };
    let server = harness.server(&[("post", Does::Answers(asks.clone()))]).await;
    let server = server.as_ref();
    let asked = call(server, "post", "asked");
    assert_eq!(answered(server, asked.clone()).await, asks);
    let again = call(server, "post", "again");
    answered(server, again.clone()).await;
    only_reached(server, &[&asked, &again]).await;
}

/// A JSON-RPC error is `Failed`: the request had left, so it is never `NotSent`, and never an answer of the tool.
pub async fn an_error_of_the_protocol_is_no_answer(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", Does::Fails("no such tool".to_owned()))]).await;
    let server = server.as_ref();
    let failing = call(server, "post", "failing");
    let called = put(server, failing.clone()).await;
    assert!(matches!(&called, Called::Failed { reason } if reason.contains("no such tool")), "{called:?}");
    only_reached(server, &[&failing]).await;
}

/// A server that died is started again by a later `call`, and the call that it died of is not repeated.
pub async fn a_server_that_died_is_started_by_a_later_call(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine()), ("end", Does::Dies)]).await;
    let server = server.as_ref();
    let end = call(server, "end", "the first life");
    let called = put(server, end.clone()).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
    let after = call(server, "post", "in the next");
    answered(server, after.clone()).await;
    only_reached(server, &[&end, &after]).await;
}

/// A server that died is started again by a later `tools`.
pub async fn a_server_that_died_is_started_by_a_later_list(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine()), ("end", Does::Dies)]).await;
    let server = server.as_ref();
    let end = call(server, "end", "the first life");
    let called = put(server, end.clone()).await;
    assert!(matches!(called, Called::Lost { .. }), "{called:?}");
    assert_eq!(listed(server).await, ["end", "post"]);
    only_reached(server, &[&end]).await;
}

/// Calls in flight become `Lost` with their server, long before their deadline.
pub async fn calls_in_flight_are_lost_with_their_server(harness: &dyn ToolHarness) {
    let server =
        harness.server(&[("post", Does::Holds(said("never"))), ("end", Does::Dies), ("list", fine())]).await;
    let server = server.as_ref();
    let up = call(server, "list", "up");
    answered(server, up.clone()).await;
    let (held, end) = (call(server, "post", "held"), call(server, "end", "both"));
    let (first, second) = join(put(server, held.clone()), put(server, end.clone())).await;
    assert!(matches!(first, Called::Lost { .. }), "{first:?}");
    assert!(matches!(second, Called::Lost { .. }), "{second:?}");
    only_reached(server, &[&up, &held, &end]).await;
}

async fn listed(server: &dyn ToolServer) -> Vec<String> {
    let client = server.client();
    let deadline = server.clock().now() + TimeDelta::hours(1);
    let tools = within("the tools of the server", client.tools(deadline)).await.expect("the server lists");
    assert!(tools.iter().all(|tool| tool.input_schema.is_object()), "{tools:?}");
    let mut names: Vec<String> = tools.into_iter().map(|tool| tool.name).collect();
    names.sort();
    names
}

/// `tools` gives what the server offers, starts it where needed, and can be asked again.
pub async fn tools_are_those_that_the_server_offers(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", fine()), ("list", fine()), ("get", fine())]).await;
    let server = server.as_ref();
    for _ in 0..2 {
        assert_eq!(listed(server).await, ["get", "list", "post"]);
    }
    only_reached(server, &[]).await;
}

/// Dropping a future of `call` does not take the request back, and its answer is kept for `late`.
pub async fn dropping_a_call_does_not_take_it_back(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", Does::Holds(said("made"))), ("list", fine())]).await;
    let server = server.as_ref();
    let up = call(server, "list", "up");
    answered(server, up.clone()).await;
    let dropped = call(server, "post", "dropped");
    let client = server.client();
    let reached = within("the call to reach the server", server.reached(2));
    match select(client.call(dropped.clone()), Box::pin(reached)).await {
        Either::Left((called, _)) => panic!("nobody answered it: {called:?}"),
        Either::Right((_, waiting)) => drop(waiting),
    }
    assert_eq!(client.late(), []);
    server.let_go().await;
    assert_eq!(late(client.as_ref()).await, [LateAnswer { call: dropped.id.clone(), answer: said("made") }]);
    only_reached(server, &[&up, &dropped]).await;
}

/// An answer that comes after its call was lost is given out once, and changes nothing else.
pub async fn a_late_answer_is_given_out_once(harness: &dyn ToolHarness) {
    let server = harness.server(&[("post", Does::Holds(said("made"))), ("list", fine())]).await;
    let server = server.as_ref();
    answered(server, call(server, "list", "up")).await;
    let client = server.client();
    let held = call(server, "post", "held");
    lost(server, held.clone()).await;
    assert_eq!(client.late(), [], "nothing came yet");
    server.let_go().await;
    assert_eq!(late(client.as_ref()).await, [LateAnswer { call: held.id, answer: said("made") }]);
    assert_eq!(client.late(), [], "it was given out");
    assert_eq!(answered(server, call(server, "list", "after")).await, said("fine"));
    assert_eq!(client.late(), [], "what came in time is not late");
}

/// Each late answer has the id of the call that it is of.
pub async fn late_answers_name_their_calls(harness: &dyn ToolHarness) {
    let tools =
        [("one", Does::Holds(said("of one"))), ("other", Does::Holds(said("of other"))), ("list", fine())];
    let server = harness.server(&tools).await;
    let server = server.as_ref();
    answered(server, call(server, "list", "up")).await;
    let (one, other) = (call(server, "one", "held"), call(server, "other", "held"));
    lost(server, one.clone()).await;
    lost(server, other.clone()).await;
    server.let_go().await;
    let client = server.client();
    let mut answers = Vec::new();
    while answers.len() < 2 {
        answers.extend(late(client.as_ref()).await);
    }
    answers.sort_by(|a, b| a.call.cmp(&b.call));
    let of = |call: ToolCall, text: &str| LateAnswer { call: call.id, answer: said(text) };
    assert_eq!(answers, [of(one, "of one"), of(other, "of other")]);
}

/// Answers come back byte for byte, whatever they look like: also what looks like a secret, or is one.
pub async fn answers_come_back_as_they_were(harness: &dyn ToolHarness) {
    let secret = harness.secret();
    let words = format!("{secret} sk-AbCdEf0123456789 token=SPRING25 gr\u{fc}n \u{1f600}\r\n\t\"quoted\"");
    let answers = [
        ToolAnswer { structured: None, texts: vec![words.clone(), String::new()], ..ToolAnswer::default() },
        ToolAnswer {
            structured: Some(json!({ "id": 9_007_199_254_740_993_u64, "text": words, "none": null })),
            ..ToolAnswer::default()
        },
        ToolAnswer { is_error: true, texts: vec![format!("denied: {words}")], ..ToolAnswer::default() },
        ToolAnswer { result_type: Some("complete".to_owned()), ..said(&words) },
        ToolAnswer::default(),
    ];
    for answer in answers {
        let server = harness.server(&[("get", Does::Answers(answer.clone()))]).await;
        let server = server.as_ref();
        assert_eq!(answered(server, call(server, "get", "it")).await, answer);
    }
}

/// Reasons are for people, and redacted: no secret of the host's is in them, nor in what `Debug` shows.
pub async fn reasons_repeat_no_secret(harness: &dyn ToolHarness) {
    let secret = harness.secret();
    let failing = Does::Fails(format!("no tool for {secret}, said the server"));
    let server = harness.server(&[("post", failing)]).await;
    let server = server.as_ref();
    let client = server.client();
    assert!(client.secrets().are_in(&secret), "the client knows what its server was given");
    match put(server, call(server, "post", "failing")).await {
        Called::Failed { reason } => {
            assert!(!reason.contains(&secret) && reason.contains("no tool for"), "{reason}");
        }
        other => panic!("it failed: {other:?}"),
    }
    assert!(!format!("{client:?}").contains(&secret));
}
