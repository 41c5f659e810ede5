//! What a line of a server means: an answer to one of our requests, or a request of its own.
//!
//! Answers are read here and not by the SDK, whose reading is one `untagged` choice among the results of all requests:
//! a block of an unknown kind, or a member that another result has as well, cost the content of an answer (codex#29002,
//! rust-sdk#1094), and 14 MB of small objects took 3.4 GB. Here the request tells what its answer is, and the answer to
//! a call is passed on as the JSON that the server wrote.
//!
//! INVARIANT: every answer to a call that was written goes to its call, or, once that was given up, to
//! [`LateAnswers`]; each once.

use std::sync::Arc;

use chimera_audit::Secrets;
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

use crate::{
    answer::{json_rpc_reason, tool_answer},
    in_flight::{InFlight, Request},
    late::LateAnswers,
    lines::Line,
    listing::page,
    outline::{Outline, request_id},
    repair::repaired,
    ticket::Ticket,
};

/// The code of an error of ours that stands in for an answer that could not be read. Outside of the codes of JSON-RPC
/// and the protocol; a server that sends it itself gets a lost call for a failed one, and both prove nothing.
pub(crate) const UNREADABLE: ErrorCode = ErrorCode(i32::MIN);

/// The most values of one message. Each costs up to some hundred bytes once it is read, whatever it takes in the line.
const MAX_VALUES: usize = 256 * 1024;

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
    secrets: Arc<Secrets>,
    late: Arc<LateAnswers>,
    in_flight: InFlight,
}

impl Inbox {
    pub(crate) fn new(server: String, secrets: Arc<Secrets>, late: Arc<LateAnswers>) -> Self {
        Self { server, secrets, late, in_flight: InFlight::default() }
    }

    /// Notes what is about to be written.
    pub(crate) fn note(&mut self, message: &TxJsonRpcMessage<RoleClient>) {
        match message {
            JsonRpcMessage::Request(request) => {
                let asked = match &request.request {
                    ClientRequest::InitializeRequest(_) => Some(Request::Initialize),
                    ClientRequest::ListToolsRequest(_) => Some(Request::List),
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

    /// The message for the SDK in a line, if there is one.
    pub(crate) fn read(&mut self, line: Line) -> Option<RxJsonRpcMessage<RoleClient>> {
        let line = match line {
            Line::Whole(line) => repaired(line),
            Line::TooLong(outline) => return self.unreadable(&outline, "was too long to be read"),
        };
        if !line.starts_with('{') {
            // Banners and logs, most often.
            return self.skip(if line.is_empty() { "an empty line" } else { "a line that is no message" });
        }
        let outline = Outline::of(line.as_bytes());
        if outline.values() > MAX_VALUES {
            return self.unreadable(&outline, "held too many values to be read");
        }
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(&line) else {
            return self.skip("a line that is no message");
        };
        match envelope {
            Envelope { method: Some(method), id, .. } => self.asked(&line, method, id.is_some()),
            Envelope { id: None, error: Some(error), .. } => self.refused(error),
            Envelope { id: Some(id), result, error, .. } => match request_id(id.get()) {
                Some(id) => self.answered(id, result, error),
                None => self.skip("an answer to no request of ours"),
            },
            Envelope { .. } => self.skip("a line that is no message"),
        }
    }

    /// A request of the server, or a notification.
    fn asked(&self, line: &str, method: &RawValue, is_request: bool) -> Option<RxJsonRpcMessage<RoleClient>> {
        // Notifications that are not acted on stop here, because the SDK logs every one with its content.
        if !is_request && method.get() != r#""notifications/tools/list_changed""# {
            return None;
        }
        match serde_json::from_str(line) {
            Ok(message) => Some(message),
            Err(_) => self.skip("a request that is none"),
        }
    }

    /// An error without an id. Servers refuse `initialize` so; at any other time it cannot be told what it is about.
    fn refused(&self, error: &RawValue) -> Option<RxJsonRpcMessage<RoleClient>> {
        if self.in_flight.is_starting() {
            return Some(JsonRpcMessage::error(error_data(error), None));
        }
        self.skip("an error that names no request")
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
            Request::Initialize | Request::List => false,
        };
        let read = match (result, error) {
            (None, Some(error)) => Err(error_data(error)),
            (result, error) => value(result, error)
                .map_err(|_| ErrorData::new(UNREADABLE, "its answer could not be read", None)),
        };
        match (request, read) {
            (Request::Call { call, .. } | Request::GivenUp { call }, read) if late => {
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
                let reason = json_rpc_reason(&error, &self.secrets);
                tracing::debug!(server = self.server, call, reason, "a call that was given up failed late");
            }
        }
    }

    /// A message that was dropped. The request that it answers must not wait for its deadline.
    fn unreadable(&mut self, outline: &Outline, why: &str) -> Option<RxJsonRpcMessage<RoleClient>> {
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
        if let Value::Array(blocks) = members.entry("content").or_insert_with(|| Value::Array(Vec::new())) {
            blocks.push(said);
        }
    }
    Ok(value)
}

/// As the SDK wants the answer to this request. One that is not of its kind is refused there.
fn of_kind(request: &Request, value: Value) -> ServerResult {
    let other = |value| ServerResult::CustomResult(CustomResult(value));
    match request {
        Request::Initialize => serde_json::from_value(value.clone())
            .map_or_else(|_| other(value), ServerResult::InitializeResult),
        Request::List => page(value).map_or_else(other, ServerResult::ListToolsResult),
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
mod tests {
    use chimera_platform::ToolAnswer;
    use chrono::{TimeDelta, Utc};
    use rmcp::model::{
        CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
        ClientConfig, InitializeRequest, ListToolsRequest,
    };
    use serde_json::json;

    use super::*;
    use crate::{clock::TokioClock, logged::logged};

    /// An inbox whose server was asked to `initialize` (0), to act (1, written) and to list its tools (2), and was not
    /// asked yet what waits for its pipe (3). The tickets live as long as their attempts.
    struct Asked {
        inbox: Inbox,
        tickets: Vec<Arc<Ticket>>,
    }

    impl Asked {
        fn new() -> Self {
            let inbox = Inbox::new("server".to_owned(), Arc::default(), Arc::default());
            let mut asked = Self { inbox, tickets: Vec::new() };
            let initialize = InitializeRequest::new(ClientConfig::default());
            asked.send(0, ClientRequest::InitializeRequest(initialize));
            asked.call(1);
            asked.tickets[0].take().unwrap();
            asked.send(2, ClientRequest::ListToolsRequest(ListToolsRequest::default()));
            asked.call(3);
            asked
        }

        fn send(&mut self, id: i64, request: ClientRequest) {
            self.inbox.note(&JsonRpcMessage::request(request, RequestId::Number(id)));
        }

        fn call(&mut self, id: i64) {
            let soon = Utc::now() + TimeDelta::hours(1);
            let ticket = Arc::new(Ticket::new(format!("call-{id}"), Arc::new(TokioClock), soon, None));
            let mut request = CallToolRequest::new(CallToolRequestParams::new("post"));
            request.extensions.insert(Arc::clone(&ticket));
            self.tickets.push(ticket);
            self.send(id, ClientRequest::CallToolRequest(request));
        }

        fn cancel(&mut self, id: i64) {
            let param = CancelledNotificationParam::new(Some(RequestId::Number(id)), None);
            let cancelled = ClientNotification::CancelledNotification(CancelledNotification::new(param));
            self.inbox.note(&JsonRpcMessage::notification(cancelled));
        }

        /// What the SDK gets to hear of a line.
        fn read(&mut self, line: impl Into<Vec<u8>>) -> Option<Heard> {
            self.inbox.read(Line::Whole(line.into())).map(|message| match message {
                JsonRpcMessage::Response(response) => {
                    Heard::Result(response.id, serde_json::to_value(&response.result).unwrap())
                }
                JsonRpcMessage::Error(error) => {
                    Heard::Error(error.id, error.error.code.0, error.error.message.into_owned())
                }
                JsonRpcMessage::Request(_) => Heard::Request,
                JsonRpcMessage::Notification(_) => Heard::Notification,
            })
        }
    }

    #[derive(Debug, PartialEq)]
    enum Heard {
        Result(RequestId, Value),
        Error(Option<RequestId>, i32, String),
        Request,
        Notification,
    }

    fn result(id: i64, result: Value) -> Option<Heard> {
        Some(Heard::Result(RequestId::Number(id), result))
    }

    fn error(id: i64, code: i32, message: &str) -> Option<Heard> {
        Some(Heard::Error(Some(RequestId::Number(id)), code, message.to_owned()))
    }

    fn check(line: &str, expected: impl Into<Option<Heard>>) {
        assert_eq!(Asked::new().read(line), expected.into(), "{line}");
    }

    #[test]
    fn an_answer_to_a_call_is_passed_on_as_it_is_written() {
        for written in [
            json!({ "content": [{ "type": "text", "text": "a" }], "structuredContent": { "id": "1" } }),
            // Reported: a block of a kind, a role or an annotation that the SDK does not know costs the content
            // (codex#29002).
            json!({ "content": [{ "type": "hologram" }, { "type": "text", "annotations": { "audience": ["system"] } }] }),
            // Members that results of other requests have as well (rust-sdk#1094).
            json!({ "content": [], "tools": [], "messages": [], "contents": [], "structuredContent": { "id": "1" } }),
            json!({ "resultType": "input_required", "_meta": {}, "inputRequests": {} }),
            json!({ "structuredContent": { "id": 18_446_744_073_709_551_615_u64, "f": 1.5 } }),
            json!({}),
            json!("posted"),
        ] {
            check(&json!({ "jsonrpc": "2.0", "id": 1, "result": written }).to_string(), result(1, written));
        }
    }

    #[test]
    fn answers_are_found_by_their_number_however_it_is_written() {
        for line in [
            r#"{"jsonrpc":"2.0","id":"1","result":{"a":1}}"#,
            r#"{"jsonrpc":"2.0","id":1.0,"result":{"a":1}}"#,
            r#"{"result":{"a":1},"error":null,"id":1}"#,
            "\u{feff}{\"id\":1,\"result\":{\"a\":1}}\r",
        ] {
            check(line, result(1, json!({ "a": 1 })));
        }
        check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, result(1, Value::Null));
        check(r#"{"jsonrpc":"2.0","id":1}"#, result(1, Value::Null));
    }

    #[test]
    fn errors_are_passed_on_in_any_form() {
        for (line, code, message) in [
            (r#"{"id":1,"error":{"code":-32601,"message":"tool not found"}}"#, -32_601, "tool not found"),
            (r#"{"id":1,"error":{"code":9999999999,"message":"m","data":{}}}"#, 0, "m"),
            (r#"{"id":1,"error":"no more"}"#, 0, "\"no more\""),
            (r#"{"id":1,"error":{"reason":1},"result":null}"#, 0, r#"{"reason":1}"#),
        ] {
            check(line, error(1, code, message));
        }
    }

    /// JSON-RPC forbids both. The result may name a post.
    #[test]
    fn a_result_beside_an_error_is_an_answer_with_an_error() {
        let text = json!({ "type": "text", "text": "m" });
        check(
            r#"{"id":1,"result":{"structuredContent":{"id":"P"}},"error":{"code":429,"message":"m"}}"#,
            result(1, json!({ "structuredContent": { "id": "P" }, "content": [text], "isError": true })),
        );
        let first = json!({ "type": "text", "text": "posted" });
        check(
            r#"{"id":1,"result":{"content":[{"type":"text","text":"posted"}]},"error":{"message":"m"}}"#,
            result(1, json!({ "content": [first, text], "isError": true })),
        );
    }

    /// Reported: banners (open-webSearch#23, azure-devops-mcp#147), logs of a launcher behind a message (servers#3173),
    /// torn lines of two writers (userver#1217), shell traces (`inspect_ai#3290`).
    #[test]
    fn what_is_no_message_is_skipped_and_the_next_one_is_read() {
        let mut asked = Asked::new();
        for line in [
            "",
            "\r",
            "\u{1f5a5}\u{fe0f} Server mode: STDIO",
            "[INFO] ready",
            "{ready}",
            "null",
            "7",
            r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}} added 3 packages"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"#,
            r#"28978","id":1}"#,
            "{}",
            r#"{"jsonrpc":"2.0","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":{"a":1},"result":{}}"#,
        ] {
            assert_eq!(asked.read(line), None, "{line}");
        }
        assert_eq!(asked.read(*b"\xff\xfe{\0\"\0"), None);
        assert_eq!(asked.read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), result(1, json!({})));
    }

    /// Reported: a server that answers everything under the number of the first request (radare2-mcp#68).
    #[test]
    fn each_request_is_answered_once_and_only_once_it_was_written() {
        let mut asked = Asked::new();
        let line = |id: i64| json!({ "jsonrpc": "2.0", "id": id, "result": { "for": id } }).to_string();
        assert_eq!(asked.read(line(1)), result(1, json!({ "for": 1 })));
        for id in [1, 3, 4, -1] {
            assert_eq!(asked.read(line(id)), None, "{id}");
        }
        asked.tickets[1].take().unwrap();
        assert_eq!(asked.read(line(3)), result(3, json!({ "for": 3 })));
    }

    #[test]
    fn requests_of_the_server_are_heard_and_most_notifications_are_not() {
        check(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, Some(Heard::Request));
        check(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#, Some(Heard::Notification));
        for line in [
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/stderr","params":{}}"#,
            r#"{"method":"log"}"#,
            r#"{"jsonrpc":"2.0","id":[],"method":7}"#,
        ] {
            check(line, None);
        }
    }

    /// Reported: errors without the number of their request (helidon-mcp#65).
    #[test]
    fn an_error_without_a_number_is_about_the_start_or_nothing() {
        let mut asked = Asked::new();
        let line = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"m"}}"#;
        assert_eq!(asked.read(line), Some(Heard::Error(None, -32_600, "m".to_owned())));
        let ready = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "serverInfo": { "name": "s", "version": "0" },
        });
        let heard = asked.read(json!({ "jsonrpc": "2.0", "id": 0, "result": ready }).to_string());
        assert!(matches!(heard, Some(Heard::Result(RequestId::Number(0), _))), "{heard:?}");
        assert_eq!(asked.read(line), None);
    }

    #[test]
    fn what_cannot_be_read_ends_its_request() {
        let deep = format!(r#"{{"id":1,"result":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        check(&deep, error(1, UNREADABLE.0, "its answer could not be read"));
        let many = format!(r#"{{"id":2,"result":{{"tools":[{}{{}}]}}}}"#, "{},".repeat(MAX_VALUES));
        check(&many, error(2, UNREADABLE.0, "its answer held too many values to be read"));
        let mut asked = Asked::new();
        for (line, expected) in [
            (r#"{"result":"...","id":1}"#, true),
            (r#"{"result":"...","id":1}"#, false),
            (r#"{"method":"ping","id":2}"#, false),
            (r#"{"result":"...","id":3}"#, false),
            ("...", false),
        ] {
            let heard = asked.inbox.read(Line::TooLong(Outline::of(line.as_bytes())));
            assert_eq!(heard.is_some(), expected, "{line}");
        }
    }

    #[test]
    fn what_was_given_up_is_kept_and_not_passed_on() {
        let mut asked = Asked::new();
        asked.tickets[1].take().unwrap();
        // One is cancelled, and the attempt of the other ended without a word.
        asked.cancel(1);
        asked.tickets.pop();
        let line = |id: i64| json!({ "id": id, "result": { "structuredContent": { "id": id } } }).to_string();
        for id in [3, 1, 1] {
            assert_eq!(asked.read(line(id)), None);
        }
        let kept = asked.inbox.late.take().into_iter().map(|late| (late.call, late.answer));
        let answer = |id: i64| ToolAnswer { structured: Some(json!({ "id": id })), ..ToolAnswer::default() };
        assert_eq!(
            kept.collect::<Vec<_>>(),
            [("call-3".to_owned(), answer(3)), ("call-1".to_owned(), answer(1))]
        );
    }

    #[test]
    fn what_is_skipped_or_dropped_is_logged_without_what_it_says() {
        let log = logged(|| {
            let mut asked = Asked::new();
            asked.inbox.secrets = Arc::new(Secrets::new(["swordfish".to_owned()]));
            asked.cancel(1);
            assert_eq!(asked.read("started with swordfish and opensesame"), None);
            assert_eq!(asked.read(r#"{"id":9,"result":"opensesame"}"#), None);
            assert_eq!(asked.read(r#"{"id":1,"error":{"code":0,"message":"bad swordfish"}}"#), None);
            let long = Outline::of(br#"{"id":2,"result":"opensesame"}"#);
            assert!(asked.inbox.read(Line::TooLong(long)).is_some());
        });
        assert!(!log.contains("swordfish") && !log.contains("opensesame"), "{log}");
        assert!(log.contains("bad [redacted]"), "{log}");
        let warned = log.lines().filter(|line| line.starts_with("WARN"));
        assert_eq!(warned.count(), 1, "{log}");
    }

    #[test]
    fn a_late_answer_that_says_nothing_is_not_kept() {
        for line in [r#"{"id":1,"error":{"code":0,"message":"cancelled"}}"#, "{\"id\":1,\"result\":"] {
            let mut asked = Asked::new();
            asked.cancel(1);
            assert_eq!(asked.read(line), None);
            assert!(asked.inbox.late.take().is_empty());
        }
    }
}
