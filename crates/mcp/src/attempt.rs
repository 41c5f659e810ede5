//! One `tools/call`: written at most once, attended in a task of its own.
//!
//! The task is why a caller may drop its future: the request stays known, a late answer is noted, and
//! `stop_on_timeout` holds all the same.

use std::{sync::Arc, time::Duration};

use chimera_platform::{Called, ToolCall};
use rmcp::{
    RoleClient, ServiceError,
    model::{
        CallToolRequest, CallToolRequestParams, ClientRequest, MetaObject, RequestMetaObject, ServerResult,
    },
    service::{PeerRequestOptions, RequestHandle},
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    answer::{answered, failed, unwritten_or_lost},
    run::Run,
    ticket::Ticket,
};

/// How long the end of a process may take to be told, for the sake of a better sentence.
const HOW_IT_ENDED: Duration = Duration::from_secs(1);
/// How long telling the server that a call is cancelled may take.
const CANCEL: Duration = Duration::from_secs(3);

/// A call that is about to be made.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) server: String,
    pub(crate) run: Arc<Run>,
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) deadline: Instant,
    pub(crate) grace: Duration,
    pub(crate) stop_on_timeout: bool,
}

/// What became of a request by its deadline.
enum Waited {
    Done(Called),
    /// It is on the wire and nobody waits any longer.
    Late(RequestHandle<RoleClient>),
}

impl Attempt {
    /// Makes the call and tells what came of it by the deadline; then waits for a late answer.
    pub(crate) async fn attend(self, call: ToolCall, told: oneshot::Sender<Called>) {
        match self.wait(call).await {
            Waited::Done(called) => {
                let _ = told.send(called);
            }
            Waited::Late(handle) => {
                if self.stop_on_timeout {
                    // Before the caller knows, so that its next call goes to the next life.
                    self.run.stop();
                }
                let reason = "no answer came by the deadline; it may still be carried out".to_owned();
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
            Ok(Ok(Ok(result))) => Waited::Done(Called::Answered(answered(&result))),
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
        if let Some(called) = failed(error, &self.ticket) {
            return called;
        }
        let by = self.deadline.min(Instant::now() + HOW_IT_ENDED);
        let how = timeout_at(by, self.run.ended()).await;
        let how = how.unwrap_or_else(|_| "its connection closed".to_owned());
        unwritten_or_lost(&self.ticket, format!("the server went away: {how}"))
    }

    /// Keeps the request known for a while. Nothing waits for it, but the log shows that it was carried out late.
    async fn linger(self, mut handle: RequestHandle<RoleClient>) {
        match timeout(self.grace, &mut handle.rx).await {
            Ok(Ok(Ok(ServerResult::InputRequiredResult(_)))) => {
                tracing::debug!(server = self.server, "a late answer asks for input");
            }
            Ok(Ok(Ok(_))) => tracing::debug!(server = self.server, "a late answer came"),
            Ok(_) => tracing::debug!(server = self.server, "a late call failed"),
            // The SDK forgets a request when it is cancelled, and keeps it forever otherwise.
            Err(_) => {
                let cancel = handle.cancel(Some("no answer in time".to_owned()));
                let _ = timeout(CANCEL, cancel).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chimera_platform::ToolAnswer;
    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::{Value, json};
    use tokio::sync::watch;

    use super::*;
    use crate::{clock::TokioClock, listing::Listing, scripted::Scripted};

    /// Calls a server that answers each `tools/call` as the script says.
    async fn call(script: fn(&Value) -> Value, deadline: Duration) -> (Called, Vec<String>) {
        let scripted = Scripted::serve(script).await;
        let (stop, _) = watch::channel(false);
        let (_end, ended) = watch::channel(None);
        let keeper = tokio::spawn(std::future::ready(())).abort_handle();
        let parts = (scripted.service.peer().clone(), Listing::default());
        let run = Run::new(1, DateTime::UNIX_EPOCH, parts, (stop, ended), keeper);
        let soon = Utc::now() + TimeDelta::hours(1);
        let attempt = Attempt {
            server: "scripted".to_owned(),
            run: Arc::new(run),
            ticket: Arc::new(Ticket::new(Arc::new(TokioClock), soon, None)),
            deadline: Instant::now() + deadline,
            grace: Duration::ZERO,
            stop_on_timeout: false,
        };
        let call = ToolCall {
            id: "call".to_owned(),
            tool: "post".to_owned(),
            arguments: serde_json::Map::new(),
            meta: [("org.example/key".to_owned(), "k".to_owned())].into(),
            send_before: soon,
            deadline: soon,
        };
        let (told, called) = oneshot::channel();
        attempt.attend(call, told).await;
        (called.await.unwrap(), scripted.heard().await)
    }

    #[tokio::test]
    async fn what_asks_for_input_is_passed_up_and_nothing_is_sent_again() {
        let script = |request: &Value| {
            assert_eq!(request["params"]["_meta"]["org.example/key"], "k");
            json!({ "resultType": "input_required", "inputRequests": {}, "requestState": "s" })
        };
        let (called, heard) = call(script, Duration::from_secs(3_600)).await;
        let expected = ToolAnswer { result_type: Some("input_required".to_owned()), ..ToolAnswer::default() };
        assert_eq!(called, Called::Answered(expected));
        assert_eq!(heard, ["initialize", "notifications/initialized", "tools/call"]);
    }

    /// Time stands still while anything can be done, so the deadline comes when the request lies unanswered.
    #[tokio::test(start_paused = true)]
    async fn a_call_is_cancelled_after_its_grace() {
        let (called, heard) = call(|_| Value::Null, Duration::from_secs(60)).await;
        assert!(matches!(called, Called::Lost { .. }), "{called:?}");
        assert_eq!(
            heard,
            ["initialize", "notifications/initialized", "tools/call", "notifications/cancelled"]
        );
    }
}
