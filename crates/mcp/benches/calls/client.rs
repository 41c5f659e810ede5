//! The clients that are compared: what a host gets from the SDK, and what it gets from this crate.

use std::{
    collections::BTreeMap,
    path::PathBuf,
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
    OurStdio(StdioServer),
    OurHttp(HttpServer),
}

/// Where the server is.
pub(crate) enum Place {
    Pipes(PathBuf),
    Url(String),
}

impl Client {
    pub(crate) async fn bare(place: &Place) -> Self {
        let lifecycle = ClientLifecycleMode::Initialize;
        let service = match place {
            Place::Pipes(program) => {
                let mut command = tokio::process::Command::new(program);
                command.arg("serve").env_clear();
                let pipes = TokioChildProcess::new(command).expect("the server starts");
                serve_client_with_lifecycle((), pipes, lifecycle).await
            }
            Place::Url(url) => {
                let transport = StreamableHttpClientTransport::from_uri(url.as_str());
                serve_client_with_lifecycle((), transport, lifecycle).await
            }
        };
        Self::Bare(service.expect("the server answers"))
    }

    /// The first use starts the server.
    pub(crate) fn ours(place: &Place) -> Self {
        let clock = Arc::new(TokioClock);
        match place {
            Place::Pipes(program) => {
                Self::OurStdio(StdioServer::new(ServerCommand::new("calls", program).arg("serve"), clock))
            }
            Place::Url(url) => {
                let endpoint = HttpEndpoint::new("calls", url).expect("the address is sound");
                Self::OurHttp(HttpServer::new(endpoint, clock))
            }
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Bare(service) => {
                service.cancel().await.expect("the client ends");
            }
            Self::OurStdio(server) => server.close().await,
            Self::OurHttp(server) => server.close().await,
        }
    }

    /// Calls a tool once: how long it took, and the structured content of its answer. What is the caller's own, making
    /// the request and dropping the answer, is not in the time.
    pub(crate) async fn call(&self, tool: &'static str) -> (Duration, Value) {
        let arguments = Map::from_iter([("count".to_owned(), Value::from(20))]);
        let ours: &dyn ToolClient = match self {
            Self::Bare(service) => {
                let call = CallToolRequestParams::new(tool).with_arguments(arguments);
                let begin = Instant::now();
                let answer = service.call_tool(call).await;
                let took = begin.elapsed();
                return (took, answer.expect("the server answers").structured_content.unwrap_or_default());
            }
            Self::OurStdio(server) => server,
            Self::OurHttp(server) => server,
        };
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
        let called = ours.call(call).await;
        let took = begin.elapsed();
        let answer = match called {
            Called::Answered(answer) => Ok(answer),
            other => Err(other),
        };
        (took, answer.expect("the server answers").structured.unwrap_or_default())
    }
}
