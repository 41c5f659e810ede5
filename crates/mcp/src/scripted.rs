//! A server of a few lines inside the test, for what the sandbox never says.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleClient,
    service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    clock::TokioClock,
    command::ServerCommand,
    listing::Listener,
    pipes::Pipes,
    state::{Origin, Shared},
};

/// How long anything here is waited for, where the clock is not paused.
const LONG: Duration = Duration::from_secs(60);

/// A running server and what it heard.
pub(crate) struct Scripted {
    pub(crate) service: RunningService<RoleClient, Listener>,
    pub(crate) shared: Arc<Shared>,
    heard: watch::Receiver<Vec<String>>,
    server: JoinHandle<()>,
}

impl Scripted {
    /// Shakes hands; every further request is given to the script, which answers with a result or is silent (`null`).
    pub(crate) async fn serve(script: fn(&Value) -> Value) -> Self {
        Self::speak(ServerCommand::new("scripted", "none"), move |message| {
            if message.get("id").is_none() {
                return String::new();
            }
            match script(message) {
                Value::Null => String::new(),
                result => result_of(message, &result.to_string()),
            }
        })
        .await
    }

    /// Shakes hands; every further message is given to the script, which says what to write, byte for byte.
    pub(crate) async fn speak<S, T>(command: ServerCommand, script: S) -> Self
    where
        S: FnMut(&Value) -> T + Send + 'static,
        T: Into<Vec<u8>> + 'static,
    {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (hears, heard) = watch::channel(Vec::new());
        let server = tokio::spawn(answer(theirs, script, hears));
        let (output, input) = tokio::io::split(ours);
        let shared = Arc::new(Shared::new(Origin::Process(Box::new(command)), Arc::new(TokioClock)));
        let (inbox, replies) = shared.inbox(&shared.listing());
        let (pipes, _) = Pipes::new((output, input), inbox, replies, shared.terms.answer_limit);
        let service =
            serve_client_with_lifecycle(Listener, pipes, ClientLifecycleMode::Initialize).await.unwrap();
        Self { service, shared, heard, server }
    }

    /// Waits until the server was asked this.
    pub(crate) async fn was_asked(&self, method: &str) {
        let mut heard = self.heard.clone();
        let asked = heard.wait_for(|heard| heard.iter().any(|heard| heard == method));
        let asked = timeout(LONG, asked).await;
        asked.unwrap_or_else(|_| panic!("the server was not asked `{method}` in time")).unwrap();
    }

    /// Waits until everything is read that the server has written, by a question that it answers after it.
    pub(crate) async fn is_read(&self) {
        let listed = timeout(LONG, self.service.peer().list_tools(None)).await;
        listed.unwrap_or_else(|_| panic!("the server did not list its tools in time")).unwrap();
    }

    /// The methods in order, once the connection is closed.
    pub(crate) async fn heard(self) -> Vec<String> {
        let Self { service, heard, server, .. } = self;
        service.cancel().await.unwrap();
        let ended = timeout(LONG, server).await;
        ended.unwrap_or_else(|_| panic!("the server did not end with its input")).unwrap();
        heard.borrow().clone()
    }
}

/// The line that answers a request with this result, as it stands.
pub(crate) fn result_of(request: &Value, result: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{result}}}\n", request["id"])
}

async fn answer<S, T>(pipe: DuplexStream, mut script: S, hears: watch::Sender<Vec<String>>)
where
    S: FnMut(&Value) -> T + Send + 'static,
    T: Into<Vec<u8>>,
{
    let (output, mut input) = tokio::io::split(pipe);
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let message: Value = serde_json::from_str(&line).unwrap();
        let method = message["method"].as_str().unwrap().to_owned();
        let written = match method.as_str() {
            "initialize" => {
                assert_eq!(message["params"]["protocolVersion"], "2025-11-25");
                let result = json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": { "tools": {} },
                    "serverInfo": { "name": "scripted", "version": "0" },
                });
                result_of(&message, &result.to_string()).into_bytes()
            }
            "notifications/initialized" => Vec::new(),
            _ => script(&message).into(),
        };
        hears.send_modify(|heard| heard.push(method));
        if !written.is_empty() {
            input.write_all(&written).await.unwrap();
        }
    }
}
