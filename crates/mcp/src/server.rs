//! A server on the two pipes of a child process.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ServerError, ToolCall, ToolClient, ToolInfo};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{client::Client, command::ServerCommand, state::Origin};

/// An MCP server as a child process.
///
/// Nothing runs until it is used first. It needs a Tokio runtime with I/O and time enabled; deadlines are taken from the
/// given clock when a call begins and measured by Tokio's.
///
/// - A call is written at most once, and not at or after its `send_before`; the clock is asked again immediately before
///   the first byte, after every start and every queue.
/// - A server that died, or was ended, is started by the next use, 100 ms after its death at the earliest; the wait
///   doubles with each death in a row up to 30 s and starts anew after a life of 10 s. A use within the wait waits as
///   well where its own time allows, and is refused at once where it does not, with the time that is left. A server
///   that fails until its operator changes something is reported as such (`retry_after`).
/// - An answer that comes after its call was given up is kept for `late`, and so are answers that come after the server
///   was told that the call is cancelled, as long as it lives: 256 of them, and 32 MiB, at most; the oldest goes first.
/// - At most 256 calls are in flight; further ones wait and may run out of time, unsent.
/// - Dropping it kills the process and all it started. [`close`](Self::close) ends it in order.
#[derive(Debug)]
pub struct StdioServer {
    client: Client,
}

impl StdioServer {
    /// A server that is started when it is used first.
    #[must_use]
    pub fn new(command: ServerCommand, clock: Arc<dyn Clock>) -> Self {
        Self { client: Client::new(Origin::Process(Box::new(command)), clock) }
    }

    /// Ends the server in order: closes its input, waits 3 s, sends SIGTERM, waits 3 s, kills. Calls in flight become
    /// [`Called::Lost`] unless they are answered meanwhile. It is not started again.
    pub async fn close(&self) {
        self.client.close().await;
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ToolClient for StdioServer {
    fn server(&self) -> &str {
        self.client.server()
    }

    fn secrets(&self) -> &Secrets {
        self.client.secrets()
    }

    fn life(&self) -> u64 {
        self.client.life()
    }

    fn grace(&self) -> TimeDelta {
        self.client.grace()
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.client.late()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.client.tools(deadline).await
    }

    async fn call(&self, call: ToolCall) -> Called {
        self.client.call(call).await
    }
}
