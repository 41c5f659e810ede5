//! The clients that are compared: what a host gets from the SDK, and what it gets from this crate.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chimera_mcp::{HttpEndpoint, HttpServer, ServerCommand, StdioServer, TokioClock};
use chimera_platform::{Called, ToolCall, ToolClient};
use chrono::{TimeDelta, Utc};
use rmcp::{
    RoleClient,
    model::CallToolRequestParams,
    service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
    transport::{StreamableHttpClientTransport, TokioChildProcess},
};
use serde_json::{Map, Value};

/// A client that is ready.
pub(crate) enum Client {
    Bare(RunningService<RoleClient, ()>),
    Ours(Box<dyn ToolClient>),
}

impl Client {
    pub(crate) async fn bare_stdio(program: &Path) -> Self {
        let mut command = tokio::process::Command::new(program);
        command.arg("serve").env_clear();
        let pipes = TokioChildProcess::new(command).expect("the server starts");
        let lifecycle = ClientLifecycleMode::Initialize;
        Self::Bare(serve_client_with_lifecycle((), pipes, lifecycle).await.expect("the server answers"))
    }

    pub(crate) fn our_stdio(program: &Path) -> Self {
        let command = ServerCommand::new("calls", program).arg("serve");
        Self::Ours(Box::new(StdioServer::new(command, Arc::new(TokioClock))))
    }

    pub(crate) async fn bare_http(url: &str) -> Self {
        let transport = StreamableHttpClientTransport::from_uri(url);
        let lifecycle = ClientLifecycleMode::Initialize;
        Self::Bare(serve_client_with_lifecycle((), transport, lifecycle).await.expect("the server answers"))
    }

    pub(crate) fn our_http(url: &str) -> Self {
        let endpoint = HttpEndpoint::new("calls", url).expect("the address is sound");
        Self::Ours(Box::new(HttpServer::new(endpoint, Arc::new(TokioClock))))
    }

    /// Calls a tool once: how long it took, and the structured content of its answer. What is the caller's own, making
    /// the request and dropping the answer, is not in the time.
    pub(crate) async fn call(&self, tool: &'static str) -> (Duration, Value) {
        let arguments = Map::from_iter([("count".to_owned(), Value::from(20))]);
        match self {
            Self::Bare(service) => {
                let call = CallToolRequestParams::new(tool).with_arguments(arguments);
                let begin = Instant::now();
                let answer = service.call_tool(call).await;
                let took = begin.elapsed();
                let answer = answer.expect("the server answers");
                (took, answer.structured_content.unwrap_or_default())
            }
            Self::Ours(client) => {
                let hour = Utc::now() + TimeDelta::hours(1);
                let call = ToolCall {
                    id: "call".to_owned(),
                    tool: tool.to_owned(),
                    arguments,
                    meta: BTreeMap::new(),
                    send_before: hour,
                    deadline: hour,
                    life: None,
                };
                let begin = Instant::now();
                let called = client.call(call).await;
                let took = begin.elapsed();
                let answer = match called {
                    Called::Answered(answer) => Ok(answer),
                    other => Err(other),
                };
                (took, answer.expect("the server answers").structured.unwrap_or_default())
            }
        }
    }
}
