//! One `tools/call`: written at most once, attended in a task of its own.
//!
//! The task is why a caller may drop its future: the request stays known, a late answer is kept, and
//! `stop_on_timeout` holds all the same.

use std::{sync::Arc, time::Duration};

use chimera_platform::{Called, ToolAnswer, ToolCall};
use rmcp::{
    RoleClient, ServiceError,
    model::{
        CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
        ClientRequest, MetaObject, RequestMetaObject,
    },
    service::{PeerRequestOptions, RequestHandle},
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    answer::{answered, failed, json_rpc_reason, unwritten_or_lost},
    run::Run,
    state::Shared,
    ticket::Ticket,
};

/// How long the end of a process may take to be told, for the sake of a better sentence.
const HOW_IT_ENDED: Duration = Duration::from_secs(1);
/// How long telling the server that a call is cancelled may take.
const CANCEL: Duration = Duration::from_secs(3);

/// A call that is about to be made.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    pub(crate) run: Arc<Run>,
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) deadline: Instant,
}

/// What became of a request by its deadline.
enum Waited {
    Done(Called),
    /// It is on the wire, and its time is over.
    Late(RequestHandle<RoleClient>),
}

impl Attempt {
    /// Makes the call and tells what came of it by the deadline; then waits for a late answer.
    pub(crate) async fn attend(self, call: ToolCall, told: oneshot::Sender<Called>) {
        match self.wait(call).await {
            Waited::Done(called) => {
                // The caller dropped its future, and what it does not know is known late.
                if let Err(Called::Answered(answer)) = told.send(called) {
                    self.keep(answer);
                }
            }
            Waited::Late(handle) => {
                if self.shared.terms.stop_on_timeout {
                    // Before the caller knows, so that its next call goes to the next life.
                    self.run.stop();
                }
                let reason = "the deadline passed; it may still be carried out".to_owned();
                let _ = told.send(Called::Lost { reason });
                self.linger(handle).await;
            }
        }
    }

    async fn wait(&self, call: ToolCall) -> Waited {
        let mut handle = match timeout_at(self.deadline, self.hand_over(call)).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(error)) => return Waited::Done(self.failed(&error).await),
            Err(_) => {
                let reason = "it was not taken by the deadline".to_owned();
                return Waited::Done(unwritten_or_lost(&self.ticket, reason));
            }
        };
        match timeout_at(self.deadline, &mut handle.rx).await {
            Ok(Ok(Ok(result))) => Waited::Done(Called::Answered(answered(result))),
            Ok(Ok(Err(error))) => Waited::Done(self.failed(&error).await),
            Ok(Err(_)) => Waited::Done(self.failed(&ServiceError::TransportClosed).await),
            Err(_) if self.ticket.revoke() => Waited::Done(Called::NotSent {
                reason: "the server did not read it by the deadline".to_owned(),
            }),
            Err(_) => Waited::Late(handle),
        }
    }

    /// The one send. `call_tool` of the SDK would send again on `input_required`.
    async fn hand_over(&self, call: ToolCall) -> Result<RequestHandle<RoleClient>, ServiceError> {
        let params = CallToolRequestParams::new(call.tool).with_arguments(call.arguments);
        let mut request = CallToolRequest::new(params);
        request.extensions.insert(Arc::clone(&self.ticket));
        let meta = call.meta.into_iter().map(|(name, value)| (name, value.into())).collect();
        let options = PeerRequestOptions::no_options().with_meta(RequestMetaObject(MetaObject(meta)));
        self.run.peer.send_request_with_option(ClientRequest::CallToolRequest(request), options).await
    }

    async fn failed(&self, error: &ServiceError) -> Called {
        if let Some(called) = failed(error, &self.ticket, self.shared.secrets.now()) {
            return called;
        }
        let by = self.deadline.min(Instant::now() + HOW_IT_ENDED);
        let how = timeout_at(by, self.run.ended()).await;
        let how = how.unwrap_or_else(|_| "its connection closed".to_owned());
        unwritten_or_lost(&self.ticket, format!("the server went away: {how}"))
    }

    /// Waits for the answer for a while longer, then tells the server that it is not waited for any more.
    ///
    /// Not told at the deadline, though the protocol asks for it: the SDK forgets a request when it is cancelled, and
    /// servers that hear a cancellation may post and not answer. What they answer afterwards is still kept, by the
    /// [inbox](crate::inbox): it knows from the moment of the cancellation on that nothing here waits.
    async fn linger(self, mut handle: RequestHandle<RoleClient>) {
        let answer = match timeout(self.shared.terms.grace, &mut handle.rx).await {
            Ok(answer) => answer.ok(),
            Err(_) => {
                let cancelled = CancelledNotificationParam::new(
                    Some(handle.id.clone()),
                    Some("no answer in time".to_owned()),
                );
                let cancelled = CancelledNotification::new(cancelled);
                let _ = timeout(CANCEL, handle.peer.send_notification(cancelled.into())).await;
                // What was read before the cancellation went out.
                handle.rx.try_recv().ok()
            }
        };
        match answer {
            Some(Ok(result)) => self.keep(answered(result)),
            Some(Err(ServiceError::McpError(error))) => {
                let (server, call) = (&self.shared.terms.name, self.ticket.call());
                let reason = json_rpc_reason(&error, self.shared.secrets.now());
                tracing::debug!(server, call, reason, "a call that was given up failed late");
            }
            Some(Err(_)) | None => {}
        }
    }

    fn keep(&self, answer: ToolAnswer) {
        self.shared.late.keep(&self.shared.terms.name, self.ticket.call().to_owned(), answer);
    }
}

#[cfg(test)]
mod tests {
    use chimera_platform::LateAnswer;
    use chrono::{TimeDelta, Utc};
    use serde_json::{Value, json};
    use tokio::{sync::watch, task::JoinHandle};

    use super::*;
    use crate::{
        clock::TokioClock,
        command::ServerCommand,
        listing::Listing,
        scripted::{Scripted, result_of},
    };

    /// Longer than anything here takes. The clock is paused: it moves on when there is nothing left to do, so that a
    /// deadline comes when the request lies unanswered, and nothing is waited for in vain for long.
    const LONG: Duration = Duration::from_secs(3_600);
    const MINUTE: Duration = Duration::from_secs(60);

    fn command() -> ServerCommand {
        ServerCommand::new("scripted", "none")
    }

    fn run(scripted: &Scripted) -> (Arc<Run>, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        let (_end, ended) = watch::channel(None);
        let keeper = tokio::spawn(std::future::ready(())).abort_handle();
        let parts = (scripted.service.peer().clone(), Listing::default());
        (Arc::new(Run::new(1, Instant::now(), parts, (stop, ended), keeper)), stopped)
    }

    /// A call that is being made: what it comes to, and the task that attends it.
    type Calling = (oneshot::Receiver<Called>, JoinHandle<()>);

    fn calling(scripted: &Scripted, run: &Arc<Run>, id: &str, deadline: Duration) -> Calling {
        let soon = Utc::now() + TimeDelta::hours(1);
        let attempt = Attempt {
            shared: Arc::clone(&scripted.shared),
            run: Arc::clone(run),
            ticket: Arc::new(Ticket::new(id.to_owned(), Arc::new(TokioClock), soon, None)),
            deadline: Instant::now() + deadline,
        };
        let call = ToolCall {
            id: id.to_owned(),
            tool: "post".to_owned(),
            arguments: serde_json::Map::new(),
            meta: [("org.example/key".to_owned(), "k".to_owned())].into(),
            send_before: soon,
            deadline: soon,
            life: None,
        };
        let (told, called) = oneshot::channel();
        (called, tokio::spawn(attempt.attend(call, told)))
    }

    /// Calls once and waits until nothing is attended any more.
    async fn call(scripted: &Scripted, deadline: Duration) -> Called {
        let (run, _stopped) = run(scripted);
        let (called, attended) = calling(scripted, &run, "call", deadline);
        attended.await.unwrap();
        called.await.unwrap()
    }

    fn answer(text: &str) -> String {
        json!({ "content": [{ "type": "text", "text": text }] }).to_string()
    }

    fn late(call: &str, text: &str) -> LateAnswer {
        let answer = ToolAnswer { texts: vec![text.to_owned()], ..ToolAnswer::default() };
        LateAnswer { call: call.to_owned(), answer }
    }

    /// Answers a call (with the line that `line` makes of its request) when `when` is heard, and lists no tools.
    async fn answering_late(
        command: ServerCommand,
        when: &'static str,
        line: fn(&Value) -> String,
    ) -> Scripted {
        let mut waiting = None;
        Scripted::speak(command, move |message| {
            let method = message["method"].as_str().unwrap();
            if method == "tools/call" {
                waiting = Some(message.clone());
            }
            let late = waiting.take_if(|_| method == when).map(|request| line(&request)).unwrap_or_default();
            match method {
                "tools/list" => late + &result_of(message, r#"{"tools":[]}"#),
                _ => late,
            }
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_for_input_is_passed_up_and_nothing_is_sent_again() {
        let scripted = Scripted::serve(|request| {
            assert_eq!(request["params"]["_meta"]["org.example/key"], "k");
            json!({ "resultType": "input_required", "inputRequests": {}, "requestState": "s", "_meta": {} })
        })
        .await;
        let called = call(&scripted, LONG).await;
        let expected = ToolAnswer { result_type: Some("input_required".to_owned()), ..ToolAnswer::default() };
        assert_eq!(called, Called::Answered(expected));
        assert_eq!(scripted.heard().await, ["initialize", "notifications/initialized", "tools/call"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_cancelled_after_its_grace() {
        let scripted = Scripted::serve(|_| Value::Null).await;
        let called = call(&scripted, MINUTE).await;
        assert!(matches!(called, Called::Lost { .. }), "{called:?}");
        assert!(scripted.shared.late.take().is_empty());
        assert_eq!(
            scripted.heard().await,
            ["initialize", "notifications/initialized", "tools/call", "notifications/cancelled"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_within_the_grace_is_kept() {
        let line = |request: &Value| result_of(request, &answer("posted, id 7"));
        let scripted = answering_late(command().grace(LONG), "tools/list", line).await;
        let (run, _stopped) = run(&scripted);
        let (called, attended) = calling(&scripted, &run, "effect-1", MINUTE);
        assert!(matches!(called.await.unwrap(), Called::Lost { .. }));
        scripted.is_read().await;
        attended.await.unwrap();
        assert_eq!(scripted.shared.late.take(), [late("effect-1", "posted, id 7")]);
        assert!(scripted.shared.late.take().is_empty(), "it is given out once");
        // Nothing is left to cancel.
        assert!(!scripted.heard().await.contains(&"notifications/cancelled".to_owned()));
    }

    /// Reported: a server answers a request that its client cancelled, and the client calls it an unknown message
    /// (mcp-feedback-enhanced#202), or the tool ran though the call timed out (MCP-SuperAssistant#155).
    #[tokio::test(start_paused = true)]
    async fn an_answer_after_the_cancellation_is_kept() {
        let line = |request: &Value| result_of(request, &answer("posted, id 7"));
        let scripted = answering_late(command(), "notifications/cancelled", line).await;
        let called = call(&scripted, MINUTE).await;
        assert!(matches!(called, Called::Lost { .. }), "{called:?}");
        scripted.is_read().await;
        assert_eq!(scripted.shared.late.take(), [late("call", "posted, id 7")]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_long_after_the_cancellation_is_kept_once() {
        let line = |request: &Value| {
            result_of(request, &answer("posted, id 7")) + &result_of(request, &answer("posted, id 8"))
        };
        let scripted = answering_late(command(), "tools/list", line).await;
        let called = call(&scripted, MINUTE).await;
        assert!(matches!(called, Called::Lost { .. }), "{called:?}");
        scripted.is_read().await;
        assert_eq!(scripted.shared.late.take(), [late("call", "posted, id 7")]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_error_is_not_kept() {
        let line = |request: &Value| {
            format!(
                "{}\n",
                json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": 0, "message": "cancelled" } })
            )
        };
        for (grace, when) in [(LONG, "tools/list"), (MINUTE, "notifications/cancelled")] {
            let scripted = answering_late(command().grace(grace), when, line).await;
            let (run, _stopped) = run(&scripted);
            let (called, attended) = calling(&scripted, &run, "call", MINUTE);
            assert!(matches!(called.await.unwrap(), Called::Lost { .. }));
            if when == "notifications/cancelled" {
                attended.await.unwrap();
            }
            scripted.is_read().await;
            assert!(scripted.shared.late.take().is_empty(), "{when}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_ended_for_an_answer_may_still_give_it() {
        let line = |request: &Value| result_of(request, &answer("posted, id 7"));
        let command = command().grace(LONG).stop_on_timeout(true);
        let scripted = answering_late(command, "tools/list", line).await;
        let (run, mut stopped) = run(&scripted);
        let (called, attended) = calling(&scripted, &run, "call", MINUTE);
        assert!(matches!(called.await.unwrap(), Called::Lost { .. }));
        assert!(*stopped.borrow_and_update(), "its end was asked for before the caller knew");
        scripted.is_read().await;
        attended.await.unwrap();
        assert_eq!(scripted.shared.late.take(), [late("call", "posted, id 7")]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_a_caller_that_went_away_is_kept() {
        let line = |request: &Value| result_of(request, &answer("posted, id 7"));
        let scripted = answering_late(command(), "tools/list", line).await;
        let (run, _stopped) = run(&scripted);
        let (called, attended) = calling(&scripted, &run, "call", LONG);
        drop(called);
        scripted.was_asked("tools/call").await;
        scripted.is_read().await;
        attended.await.unwrap();
        assert_eq!(scripted.shared.late.take(), [late("call", "posted, id 7")]);
    }

    #[tokio::test(start_paused = true)]
    async fn late_answers_go_to_their_own_calls() {
        let mut asked = Vec::new();
        let scripted = Scripted::speak(command().grace(LONG), move |message| {
            if message["method"] == "tools/call" {
                asked.push(message.clone());
                return String::new();
            }
            // The last one first.
            let late =
                asked.iter().rev().map(|request| result_of(request, &answer(&request["id"].to_string())));
            late.collect::<String>() + &result_of(message, r#"{"tools":[]}"#)
        })
        .await;
        let (run, _stopped) = run(&scripted);
        // Ids of the protocol begin with 0 for `initialize`; these calls get 1 and 2.
        let (first, first_attended) = calling(&scripted, &run, "first", MINUTE);
        assert!(matches!(first.await.unwrap(), Called::Lost { .. }));
        let (second, second_attended) = calling(&scripted, &run, "second", MINUTE);
        assert!(matches!(second.await.unwrap(), Called::Lost { .. }));
        scripted.is_read().await;
        first_attended.await.unwrap();
        second_attended.await.unwrap();
        let mut kept = scripted.shared.late.take();
        kept.sort_by(|a, b| a.call.cmp(&b.call));
        assert_eq!(kept, [late("first", "1"), late("second", "2")]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_past_the_bound_loses_its_call_and_no_other() {
        let mut calls = 0;
        let scripted = Scripted::speak(command().answer_limit(512), move |message| {
            calls += 1;
            let text = if calls == 1 { "x".repeat(100_000) } else { "short".to_owned() };
            result_of(message, &answer(&text))
        })
        .await;
        let expected = "its answer is longer than 512 bytes (`answer_limit`); it may have been carried out";
        assert_eq!(call(&scripted, LONG).await, Called::Lost { reason: expected.to_owned() });
        assert_eq!(call(&scripted, LONG).await, Called::Answered(late("", "short").answer));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_too_many_values_is_lost() {
        let scripted = Scripted::speak(command(), |message| {
            result_of(message, &format!("{{\"structuredContent\":[{}{{}}]}}", "{\"a\":1},".repeat(130_000)))
        })
        .await;
        let expected = "its answer holds more values than fit 5 times 4194304 bytes (`answer_limit`); it may have been carried out";
        assert_eq!(call(&scripted, LONG).await, Called::Lost { reason: expected.to_owned() });
    }

    /// Reported: the client of an answer that is too long waits until its timeout, or for ever (UltraLog#89,
    /// python-sdk#3332). Here the answer has not even an end.
    #[tokio::test(start_paused = true)]
    async fn an_answer_without_an_end_is_refused_while_it_comes() {
        let scripted = Scripted::speak(command().answer_limit(64 * 1024), |message| {
            let answer = result_of(message, &answer(&"x".repeat(100_000)));
            answer.trim_end().to_owned()
        })
        .await;
        let reason = "its answer is longer than 65536 bytes (`answer_limit`); it may have been carried out";
        assert_eq!(call(&scripted, LONG).await, Called::Lost { reason: reason.to_owned() });
    }
}
