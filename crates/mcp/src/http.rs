//! A server behind an address: streamable HTTP.

mod connect;
mod endpoint;
mod error;
mod events;
mod open;
mod read;
mod session;
mod token;
mod transport;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ServerError, ToolCall, ToolClient, ToolInfo};
use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    connect::{HttpAddress, HttpConnection, HttpConnector, TcpConnector},
    endpoint::{EndpointError, HttpEndpoint},
    token::{TokenError, TokenProvider},
};
pub(crate) use self::{
    error::{HttpError, Kind},
    open::open,
};
use crate::{client::Client, state::Origin};

/// An MCP server over streamable HTTP (protocol 2025-11-25).
///
/// Nothing is sent until it is used first. It needs a Tokio runtime with I/O and time enabled; deadlines are taken from
/// the given clock when a call begins and measured by Tokio's.
///
/// - One POST a call, on a connection of its own. Nothing is sent again: not when the connection breaks, not on a
///   redirect, not on 401, not when the session has ended. What is asked again after a stream broke (GET with
///   `Last-Event-ID`) is the rest of the answer.
/// - `NotSent` is said only while no byte of the request was written: name lookup, connecting, TLS and proxies come
///   before. The clock is asked immediately before the first byte.
/// - Before a call in a session that was silent for 10 s, `ping` finds out whether session and token still hold, so that
///   an end of them costs no call.
/// - A session ends with HTTP 404; the next use begins another one, as a process is started again.
/// - At most 256 calls are in flight; further ones wait and may run out of time, unsent.
/// - Dropping it closes its connections. [`close`](Self::close) ends the session as well.
#[derive(Debug)]
pub struct HttpServer {
    client: Client,
}

impl HttpServer {
    /// A server whose session begins when it is used first.
    #[must_use]
    pub fn new(endpoint: HttpEndpoint, clock: Arc<dyn Clock>) -> Self {
        Self { client: Client::new(Origin::Http(Arc::new(endpoint)), clock) }
    }

    /// Ends the session (DELETE, at most 2 s). Calls in flight become [`Called::Lost`]. It is not begun again.
    pub async fn close(&self) {
        self.client.close().await;
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ToolClient for HttpServer {
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
