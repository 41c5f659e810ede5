//! What a message of a server means: an answer to one of our requests, or a request of its own.
//!
//! Answers are read here and not by the SDK, whose reading is one `untagged` choice among the results of all requests:
//! a block of an unknown kind, or a member that another result has as well, cost the content of an answer (codex#29002,
//! rust-sdk#1094), and 14 MB of small objects took 3.4 GB. Here the request tells what its answer is, and the answer to
//! a call is passed on as the JSON that the server wrote.
//!
//! INVARIANT: every answer to a call that was written goes to its call, or, once that was given up or failed, to
//! [`LateAnswers`]; each once. An error proves nothing, so the answer that follows one is kept as well.
//!
//! Requests and notifications of the server end here: the SDK starts a task for each, without a bound, and logs them
//! whole. We declare no capability, so a server may ask for `ping` and nothing else.

use std::sync::Arc;

use rmcp::{
    RoleClient,
    model::{
        ClientNotification, ClientRequest, CustomResult, ErrorCode, ErrorData, JsonRpcMessage, RequestId,
        ServerResult,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

#[cfg(feature = "http")]
use crate::in_flight::Awaited;
use crate::{
    answer::{blocks, json_rpc_reason, tool_answer},
    gather::Gathered,
    in_flight::{InFlight, Request},
    known::KnownSecrets,
    late::LateAnswers,
    listing::{Listing, page},
    outline::{Outline, request_id},
    repair::repaired,
    replies::Replies,
    ticket::Ticket,
};

/// The code of an error of ours that stands in for an answer that could not be read. Outside of the codes of JSON-RPC
/// and the protocol; a server that sends it itself gets a lost call for a failed one, and both prove nothing.
pub(crate) const UNREADABLE: ErrorCode = ErrorCode(i32::MIN);

/// A message, as far as it tells what it is. The parts stay as they are written.
#[derive(Deserialize)]
struct Envelope<'line> {
    #[serde(borrow, default)]
    id: Option<&'line RawValue>,
    #[serde(borrow, default)]
    method: Option<&'line RawValue>,
    #[serde(borrow, default)]
    result: Option<&'line RawValue>,
    #[serde(borrow, default)]
    error: Option<&'line RawValue>,
}

/// What one life of a server sends us.
#[derive(Debug)]
pub(crate) struct Inbox {
    server: String,
    secrets: Arc<KnownSecrets>,
    late: Arc<LateAnswers>,
    listing: Listing,
    replies: Replies,
    in_flight: InFlight,
}

impl Inbox {
    pub(crate) fn new(
        server: String,
        secrets: Arc<KnownSecrets>,
        late: Arc<LateAnswers>,
        listing: Listing,
        replies: Replies,
    ) -> Self {
        Self { server, secrets, late, listing, replies, in_flight: InFlight::default() }
    }

    /// Notes what is about to be written.
    pub(crate) fn note(&mut self, message: &TxJsonRpcMessage<RoleClient>) {
        match message {
            JsonRpcMessage::Request(request) => {
                let asked = match &request.request {
                    ClientRequest::InitializeRequest(_) => Some(Request::Initialize),
                    ClientRequest::DiscoverRequest(_) => Some(Request::Discover),
                    ClientRequest::ListToolsRequest(_) => Some(Request::List),
                    ClientRequest::PingRequest(_) => Some(Request::Ping),
                    ClientRequest::CallToolRequest(call) => {
                        call.extensions.get::<Arc<Ticket>>().map(Request::call)
                    }
                    _ => None,
                };
                if let (Some(asked), RequestId::Number(id)) = (asked, &request.id) {
                    self.in_flight.sent(*id, asked);
                }
            }
            JsonRpcMessage::Notification(told) => {
                if let ClientNotification::CancelledNotification(cancelled) = &told.notification
                    && let Some(RequestId::Number(id)) = &cancelled.params.request_id
                {
                    self.in_flight.cancelled(*id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }

    /// The message for the SDK in what was gathered, if there is one.
    pub(crate) fn read(&mut self, gathered: Gathered) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = match gathered {
            Gathered::Whole(message) => repaired(message),
            Gathered::Refused(outline, excess) => return self.refused_to_read(&outline, &excess.shown()),
        };
        if !message.starts_with('{') {
            // Banners and logs, most often.
            return self.skip(if message.is_empty() { "an empty line" } else { "a line that is no message" });
        }
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(&message) else {
            return self.skip("a line that is no message");
        };
        match envelope {
            Envelope { id: Some(id), method: Some(_), result, error }
                if result.is_some() || error.is_some() =>
            {
                self.answers(id, result, error)
            }
            Envelope { method: Some(method), id, .. } => self.asked(method, id),
            Envelope { id: None, error: Some(error), .. } => self.refused(error),
            Envelope { id: Some(id), result, error, .. } => self.answers(id, result, error),
            Envelope { .. } => self.skip("a line that is no message"),
        }
    }

    /// What may still come for this request, in time or late.
    #[cfg(feature = "http")]
    pub(crate) fn awaited(&self, id: i64) -> Awaited {
        self.in_flight.awaited(id)
    }

    /// No answer to this request can come any more.
    #[cfg(feature = "http")]
    pub(crate) fn forget(&mut self, id: i64) {
        self.in_flight.forget(id);
    }

    /// A request of the server, or a notification.
    fn asked<T>(&self, method: &RawValue, id: Option<&RawValue>) -> Option<T> {
        match (method.get(), id) {
            (r#""notifications/tools/list_changed""#, None) => self.listing.forget(),
            (_, None) => {}
            (method, Some(id)) => {
                if !self.replies.answer(method, id) {
                    return self.skip("a request: too many are not answered yet, or it is none");
                }
            }
        }
        None
    }

    /// An error without an id. Servers refuse `initialize` and `server/discover` so; at any other time it cannot be told what it is about.
    fn refused(&self, error: &RawValue) -> Option<RxJsonRpcMessage<RoleClient>> {
        if self.in_flight.is_starting() {
            return Some(JsonRpcMessage::error(error_data(error), None));
        }
        self.skip("an error that names no request")
    }

    /// An answer, also where its `method` stands beside it, as servers that fill one object for both write it: a request
    /// has neither `result` nor `error`.
    fn answers(
        &mut self,
        id: &RawValue,
        result: Option<&RawValue>,
        error: Option<&RawValue>,
    ) -> Option<RxJsonRpcMessage<RoleClient>> {
        match request_id(id.get()) {
            Some(id) => self.answered(id, result, error),
            None => self.skip("an answer to no request of ours"),
        }
    }

    fn answered(
        &mut self,
        id: i64,
        result: Option<&RawValue>,
        error: Option<&RawValue>,
    ) -> Option<RxJsonRpcMessage<RoleClient>> {
        let Some(request) = self.in_flight.answered(id) else {
            return self.skip("an answer to no request of ours");
        };
        let late = match &request {
            Request::Call { ticket, .. } => ticket.strong_count() == 0,
            Request::GivenUp { .. } => true,
            Request::Initialize | Request::Discover | Request::List | Request::Ping => false,
        };
        let read = match (result, error) {
            (None, Some(error)) => Err(error_data(error)),
            (result, error) => value(result, error)
                .map_err(|_| ErrorData::new(UNREADABLE, "its answer could not be read", None)),
        };
        if let (Request::Call { call, .. } | Request::GivenUp { call, .. }, None, Some(_)) =
            (&request, result, error)
        {
            self.in_flight.failed(id, call.clone());
        }
        match (request, read) {
            (Request::Call { call, .. } | Request::GivenUp { call, .. }, read) if late => {
                self.came_late(call, read);
                None
            }
            (request, Ok(value)) => {
                Some(JsonRpcMessage::response(of_kind(&request, value), RequestId::Number(id)))
            }
            (_, Err(error)) => Some(JsonRpcMessage::error(error, Some(RequestId::Number(id)))),
        }
    }

    fn came_late(&self, call: String, read: Result<Value, ErrorData>) {
        match read {
            Ok(value) => self.late.keep(&self.server, call, tool_answer(value)),
            Err(error) => {
                let reason = json_rpc_reason(&error, self.secrets.now());
                tracing::debug!(server = self.server, call, reason, "a call that was given up failed late");
            }
        }
    }

    /// A message that was dropped. The request that it answers must not wait for its deadline.
    fn refused_to_read(&mut self, outline: &Outline, why: &str) -> Option<RxJsonRpcMessage<RoleClient>> {
        tracing::warn!(
            server = self.server,
            id = outline.id(),
            "a message of the server {why}; it was dropped"
        );
        let id = outline.id()?;
        let request = self.in_flight.answered(id)?;
        if let Request::GivenUp { .. } = request {
            return None;
        }
        let error = ErrorData::new(UNREADABLE, format!("its answer {why}"), None);
        Some(JsonRpcMessage::error(error, Some(RequestId::Number(id))))
    }

    /// Without the line: it may hold anything.
    fn skip<T>(&self, what: &str) -> Option<T> {
        tracing::debug!(server = self.server, "skipped {what}");
        None
    }
}

/// The result as it was written. Where an error stands beside it, which JSON-RPC forbids, both are passed on: the one
/// may name a post, and the other takes away that it is sure.
fn value(result: Option<&RawValue>, error: Option<&RawValue>) -> serde_json::Result<Value> {
    let mut value = result.map_or(Ok(Value::Null), |result| serde_json::from_str(result.get()))?;
    if let (Value::Object(members), Some(error)) = (&mut value, error) {
        members.insert("isError".to_owned(), true.into());
        let said = serde_json::json!({ "type": "text", "text": error_data(error).message });
        let mut content = blocks(members.remove("content"));
        content.push(said);
        members.insert("content".to_owned(), content.into());
    }
    Ok(value)
}

/// As the SDK wants the answer to this request. One that is not of its kind is refused there.
fn of_kind(request: &Request, value: Value) -> ServerResult {
    let other = |value| ServerResult::CustomResult(CustomResult(value));
    match request {
        Request::Initialize => serde_json::from_value(value.clone())
            .map_or_else(|_| other(value), ServerResult::InitializeResult),
        Request::Discover => {
            serde_json::from_value(value.clone()).map_or_else(|_| other(value), ServerResult::DiscoverResult)
        }
        Request::List => page(value).map_or_else(other, ServerResult::ListToolsResult),
        Request::Ping => ServerResult::empty(()),
        Request::Call { .. } | Request::GivenUp { .. } => other(value),
    }
}

/// An error as servers write it: an object with a code and a message, or anything else.
fn error_data(error: &RawValue) -> ErrorData {
    let value: Value = serde_json::from_str(error.get()).unwrap_or_default();
    let code =
        value.get("code").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok()).unwrap_or(0);
    let message =
        value.get("message").and_then(Value::as_str).map_or_else(|| error.get().to_owned(), str::to_owned);
    ErrorData::new(ErrorCode(code), message, None)
}

#[cfg(test)]
mod tests;
