//! What each kind of message comes to.

use chimera_audit::Secrets;
use chimera_platform::ToolAnswer;
use chrono::{TimeDelta, Utc};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam, ClientConfig,
    InitializeRequest, ListToolsRequest,
};
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{clock::TokioClock, gather::Excess, logged::logged};

/// An inbox whose server was asked to `initialize` (0), to act (1, written) and to list its tools (2), and was not
/// asked yet what waits for its pipe (3). The tickets live as long as their attempts.
struct Asked {
    inbox: Inbox,
    tickets: Vec<Arc<Ticket>>,
    replied: mpsc::Receiver<Vec<u8>>,
}

impl Asked {
    fn new() -> Self {
        let (replies, replied) = Replies::new();
        let listing = Listing::default();
        let inbox = Inbox::new("server".to_owned(), Arc::default(), Arc::default(), listing, replies);
        let mut asked = Self { inbox, tickets: Vec::new(), replied };
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
        self.inbox.read(Gathered::Whole(line.into())).map(|message| match message {
            JsonRpcMessage::Response(response) => {
                Heard::Result(response.id, serde_json::to_value(&response.result).unwrap())
            }
            JsonRpcMessage::Error(error) => {
                Heard::Error(error.id, error.error.code.0, error.error.message.into_owned())
            }
            other => panic!("nothing else goes to the SDK: {other:?}"),
        })
    }
}

#[derive(Debug, PartialEq)]
enum Heard {
    Result(RequestId, Value),
    Error(Option<RequestId>, i32, String),
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
        // Beside what was asked.
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{},"result":{"a":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":null,"result":{"a":1}}"#,
        r#"{"method":"tools/call","result":{"a":1},"error":null,"id":"1"}"#,
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
        (r#"{"id":1,"method":"tools/call","error":{"code":7,"message":"m"}}"#, 7, "m"),
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
    check(
        r#"{"id":1,"result":{"content":"posted"},"error":{"message":"m"}}"#,
        result(1, json!({ "content": ["posted", text], "isError": true })),
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

/// Reported: a client that does not answer `ping`, or refuses it, is disconnected (vercel/ai#6282, vercel/ai#15701).
#[test]
fn requests_of_the_server_are_answered_here_and_notifications_end_here() {
    let mut asked = Asked::new();
    for (line, reply) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, json!({ "id": 1, "result": {} })),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":null,"error":null}"#,
            json!({ "id": 1, "result": {} }),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"elicitation/create","params":{}}"#,
            json!({ "id": "a", "error": { "code": -32601, "message": "this client answers no requests" } }),
        ),
    ] {
        assert_eq!(asked.read(line), None);
        let mut reply = reply;
        reply["jsonrpc"] = "2.0".into();
        let replied: Value = serde_json::from_slice(&asked.replied.try_recv().unwrap()).unwrap();
        assert_eq!(replied, reply);
    }
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#,
        r#"{"method":"log"}"#,
        r#"{"jsonrpc":"2.0","id":[],"method":7}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        // An answer to no request of ours is not answered.
        r#"{"jsonrpc":"2.0","id":77,"method":"tools/call","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","error":{}}"#,
        // A notification, though there is a call that waits.
        r#"{"jsonrpc":"2.0","method":"notifications/message","error":{"code":1,"message":"m"}}"#,
    ] {
        assert_eq!(asked.read(line), None);
        assert!(asked.replied.try_recv().is_err(), "{line}");
    }
}

/// A server that asks and does not read.
#[test]
fn requests_that_cannot_be_answered_are_dropped() {
    let mut asked = Asked::new();
    for _ in 0..10_000 {
        assert_eq!(asked.read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), None);
    }
    let replies = std::iter::from_fn(|| asked.replied.try_recv().ok());
    assert_eq!(replies.count(), crate::replies::MAX);
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
    let mut asked = Asked::new();
    for (line, expected) in [
        (r#"{"result":"...","id":1}"#, true),
        (r#"{"result":"...","id":1}"#, false),
        (r#"{"method":"ping","id":2}"#, false),
        (r#"{"method":"tools/list","id":2,"result":"..."#, true),
        (r#"{"result":"...","id":3}"#, false),
        ("...", false),
    ] {
        let heard = asked.inbox.read(Gathered::Refused(Outline::of(line.as_bytes()), Excess::Bytes(8)));
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
        let secrets = Secrets::new(["swordfish".to_owned()]);
        asked.inbox.secrets = Arc::new(KnownSecrets::new(secrets));
        asked.cancel(1);
        assert_eq!(asked.read("started with swordfish and opensesame"), None);
        assert_eq!(asked.read(r#"{"id":9,"result":"opensesame"}"#), None);
        assert_eq!(asked.read(r#"{"id":1,"error":{"code":0,"message":"bad swordfish"}}"#), None);
        let long = Outline::of(br#"{"id":2,"result":"opensesame"}"#);
        assert!(asked.inbox.read(Gathered::Refused(long, Excess::Depth)).is_some());
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

/// Reported: a server says that a cancelled call failed (python-sdk#2480), or a gateway says that it waited long enough, and
/// the answer of the tool follows.
#[test]
fn an_answer_after_an_error_is_kept_once() {
    let failed = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Request timed out"}}"#;
    let answered = r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"id":"17"}}}"#;
    for (cancelled, attended) in [(false, true), (true, true), (false, false)] {
        let mut asked = Asked::new();
        if cancelled {
            asked.cancel(1);
        }
        if !attended {
            asked.tickets.clear();
        }
        let heard = asked.read(failed);
        assert_eq!(heard.is_some(), attended && !cancelled, "{heard:?}");
        for line in [failed, answered, answered, failed] {
            assert_eq!(asked.read(line), None, "the request of the SDK is over");
        }
        let kept: Vec<_> = asked.inbox.late.take().into_iter().map(|late| late.call).collect();
        assert_eq!(kept, ["call-1"]);
    }
}

#[test]
fn what_acts_on_nothing_is_not_remembered_after_an_error() {
    let mut asked = Asked::new();
    let failed = r#"{"jsonrpc":"2.0","id":2,"error":{"code":0,"message":"no"}}"#;
    assert_eq!(asked.read(failed), error(2, 0, "no"));
    assert_eq!(asked.read(failed), None);
    assert_eq!(asked.read(r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#), None);
    assert!(asked.inbox.late.take().is_empty());
}
