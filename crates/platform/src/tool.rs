//! The only way out: calling the tools of one MCP server, with a deadline.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use chimera_audit::Secrets;
use chrono::{DateTime, TimeDelta, Utc};

/// A tool as its server describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolInfo {
    /// The tool's name.
    pub name: String,
    /// JSON Schema of its arguments, as the server gave it.
    pub input_schema: serde_json::Value,
}

/// One call of a tool. `Debug` shows the names of its arguments alone: one of a sign-in may be a password.
#[derive(Clone, PartialEq)]
pub struct ToolCall {
    /// Names this call among all calls of the host, so that a late answer can be told apart. It is not sent.
    pub id: String,
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: serde_json::Map<String, serde_json::Value>,
    /// Entries of `_meta`; the keys are full names under our own reverse-DNS prefix, or `traceparent`.
    pub meta: BTreeMap<String, String>,
    /// Nothing goes on the wire at or after this.
    pub send_before: DateTime<Utc>,
    /// Nobody waits for the answer after this.
    pub deadline: DateTime<Utc>,
    /// The life of the server ([`ToolClient::life`]) in which it was signed in and told its account: in another one nothing is
    /// sent. `None` where that does not matter.
    pub life: Option<u64>,
}

impl Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCall")
            .field("id", &self.id)
            .field("tool", &self.tool)
            .field("arguments", &self.arguments.keys().collect::<Vec<_>>())
            .field("meta", &self.meta)
            .field("send_before", &self.send_before)
            .field("deadline", &self.deadline)
            .field("life", &self.life)
            .finish()
    }
}

/// What a tool answered. `is_error` alone decides nothing (mcp.md, 2).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ToolAnswer {
    /// What the server claims.
    pub is_error: bool,
    /// `resultType` of protocol 2026-07-28; absent or `complete` is a whole answer.
    pub result_type: Option<String>,
    /// `structuredContent`.
    pub structured: Option<serde_json::Value>,
    /// The text blocks, in order.
    pub texts: Vec<String>,
}

/// What came of a call. No `Result`: `?` must not drop a verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// The server answered.
    Answered(ToolAnswer),
    /// The server answered with a JSON-RPC error, or with a status of HTTP that is none of success. The request had left by
    /// then, so this proves nothing about the tool: even `-32601` and `-32602` are told by servers of a tool's output, after
    /// the tool ran.
    Failed {
        /// The code or status and what the server said; redacted.
        reason: String,
    },
    /// Provably nothing went on the wire.
    NotSent {
        /// Why; redacted.
        reason: String,
    },
    /// It was sent, at least in part, and no answer came: timeout, dropped connection, dead server.
    Lost {
        /// How; redacted.
        reason: String,
    },
}

/// An answer that came after its call was given up as [`Called::Lost`].
#[derive(Clone, Debug, PartialEq)]
pub struct LateAnswer {
    /// The [`ToolCall::id`] of the call.
    pub call: String,
    /// What the tool answered.
    pub answer: ToolAnswer,
}

/// The server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the MCP server `{server}` cannot be used: {reason}")]
pub struct ServerError {
    /// The server's name in the configuration.
    pub server: String,
    /// Why, and what to do; redacted. For a child that ended: the end of what it wrote to stderr.
    pub reason: String,
    /// How soon another use is worth it, for a fault that passes by itself: a server that died is started again. `None` for
    /// one that lasts until the operator changes something: a missing program, a list of tools that is too long.
    pub retry_after: Option<TimeDelta>,
}

/// One MCP server.
///
/// # Contract
/// - `call` puts at most one `tools/call` request on the wire, with the tool, the arguments and the metadata that it was given,
///   and none at or after `send_before`, nor where its deadline has passed. It never sends again by itself, not after a
///   reconnect and not on `input_required`, which is an answer.
/// - A call that names a life of the server is put to that one alone; where it is over, the call is `NotSent`.
/// - `call` answers by the deadline. `NotSent` is said only when no byte of the request can have left; a request that left and
///   got no answer is `Lost`, and one that got an error of the protocol is `Failed`, whatever the error says.
/// - A server that died is started again, with backoff, by a later `tools` or `call`, which wait for it where their time
///   allows; calls in flight become `Lost`.
/// - `tools` gives what the server offers now; it may be answered from what was listed since the server last started.
/// - Dropping a future of `call` does not take the request back; an answer to it is late.
/// - An answer that comes within [`grace`](Self::grace) after its call's deadline is kept for [`late`](Self::late), which
///   gives each one out once, under the id of its call. How many are kept is bounded; what is dropped is logged.
/// - Answers come back as the server gave them, byte for byte: they are matched and read before anything is redacted.
///   Reasons are for people, and redacted; they and `Debug` show none of the [`secrets`](Self::secrets).
/// - Safe to call concurrently.
#[async_trait]
pub trait ToolClient: Debug + Send + Sync + 'static {
    /// The server's name in the configuration.
    fn server(&self) -> &str;

    /// The secrets that the host gave to this server: known exactly, and taken out of everything that is kept or shown.
    fn secrets(&self) -> &Secrets;

    /// Changes with each start of the server, and wherever another process may answer from now on: what was set up in an
    /// earlier life, such as a sign-in, is gone then. Always the same where the server keeps nothing between calls.
    fn life(&self) -> u64;

    /// How long after its deadline a call may still be answered.
    fn grace(&self) -> TimeDelta;

    /// The tools that the server offers; starts it where needed.
    ///
    /// # Errors
    /// When the server does not start or does not answer by the deadline.
    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError>;

    /// Calls a tool.
    async fn call(&self, call: ToolCall) -> Called;

    /// The late answers that came since this was asked last.
    fn late(&self) -> Vec<LateAnswer>;
}
