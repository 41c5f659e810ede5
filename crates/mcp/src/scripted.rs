//! A server of a few lines inside the test, for answers that the sandbox never gives.

use std::sync::{Arc, Mutex};

use rmcp::{
    RoleClient,
    service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    task::JoinHandle,
};

use crate::{
    listing::{Listener, Listing},
    pipes::Pipes,
};

/// A running server and what it heard.
pub(crate) struct Scripted {
    pub(crate) service: RunningService<RoleClient, Listener>,
    heard: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Scripted {
    /// Shakes hands; every further request is given to the script, which answers with a result or is silent (`null`).
    pub(crate) async fn serve(script: fn(&Value) -> Value) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let server = tokio::spawn(answer(theirs, script, Arc::clone(&heard)));
        let (output, input) = tokio::io::split(ours);
        let (pipes, _) = Pipes::new(output, input);
        let listener = Listener { listing: Listing::default() };
        let service =
            serve_client_with_lifecycle(listener, pipes, ClientLifecycleMode::Initialize).await.unwrap();
        Self { service, heard, server }
    }

    /// The methods in order, once the connection is closed.
    pub(crate) async fn heard(self) -> Vec<String> {
        self.service.cancel().await.unwrap();
        self.server.await.unwrap();
        self.heard.lock().unwrap().clone()
    }
}

async fn answer(pipe: DuplexStream, script: fn(&Value) -> Value, heard: Arc<Mutex<Vec<String>>>) {
    let (output, mut input) = tokio::io::split(pipe);
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let message: Value = serde_json::from_str(&line).unwrap();
        let method = message["method"].as_str().unwrap().to_owned();
        let result = match method.as_str() {
            "initialize" => {
                assert_eq!(message["params"]["protocolVersion"], "2025-11-25");
                json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": { "tools": {} },
                    "serverInfo": { "name": "scripted", "version": "0" },
                })
            }
            _ if message.get("id").is_some() => script(&message),
            _ => Value::Null,
        };
        heard.lock().unwrap().push(method);
        if !result.is_null() {
            let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
            input.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
        }
    }
}
