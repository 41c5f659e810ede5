//! A client that knows nothing but lines of JSON, so that what is tested is what is on the wire.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use chimera_harness::TestProcess;
use chimera_sandbox::World;
use serde_json::{Value, json};

/// A server process and what it said. A failed test leaves none behind.
pub(crate) struct Client {
    process: TestProcess,
    /// Answers that arrived while another one was waited for.
    early: HashMap<u64, Value>,
    last_id: u64,
}

/// A folder that holds one record.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.folder.path().join("record.jsonl")
    }

    /// Writes a world for servers to read.
    pub(crate) fn world(&self, world: &World) -> PathBuf {
        let path = self.folder.path().join("world.json");
        std::fs::write(&path, world.to_json().expect("a world as JSON")).expect("writable");
        path
    }

    /// Starts a server on the record and shakes hands.
    pub(crate) fn client(&self, config: &Value) -> Client {
        self.client_with(config, &[])
    }

    /// The same with further options of the program.
    pub(crate) fn client_with(&self, config: &Value, options: &[&str]) -> Client {
        let mut client = Client::start(&self.record(), config, options);
        let hello = client.request(
            "initialize",
            &json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "test", "version": "0" },
            }),
        );
        let answer = client.wait_for(hello);
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
        client.notify("notifications/initialized", &json!({}));
        client
    }
}

impl Client {
    fn start(record: &Path, config: &Value, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chimera-sandbox"));
        command.arg("--record").arg(record).arg("--config").arg(config.to_string()).args(options);
        let process = TestProcess::start("the sandbox", &mut command);
        Self { process, early: HashMap::new(), last_id: 0 }
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and does not wait.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn send(&mut self, message: &Value) {
        self.process.write_line(&message.to_string());
    }

    /// Sends a call and does not wait.
    pub(crate) fn begin(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    #[track_caller]
    pub(crate) fn wait_for(&mut self, id: u64) -> Value {
        // Each line is waited for; there are as many as requests.
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer;
            }
            let message = self.read(&format!("the answer to request {id}")).expect("the server still runs");
            let answered = message["id"].as_u64().expect("an answer");
            self.early.insert(answered, message);
        }
    }

    #[track_caller]
    fn read(&mut self, what: &str) -> Option<Value> {
        let line = self.process.next_line(what)?;
        Some(serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// Calls a tool and gives its result.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let id = self.begin(tool, arguments);
        let answer = self.wait_for(id);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool that must succeed and gives what it says.
    #[track_caller]
    pub(crate) fn ok(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let text = result["content"][0]["text"].as_str().expect("a text block");
        let parsed: Value = serde_json::from_str(text).expect("the same JSON");
        assert_eq!(parsed, result["structuredContent"]);
        parsed
    }

    /// Calls a tool that must refuse and gives the sentence and the body.
    #[track_caller]
    pub(crate) fn refused(&mut self, tool: &str, arguments: &Value) -> (String, Value) {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().expect("a text block");
        (text.to_owned(), result["structuredContent"]["error"].clone())
    }

    /// Closes the input and gives the exit status and every answer that was still to come.
    pub(crate) fn end(mut self) -> (ExitStatus, HashMap<u64, Value>) {
        self.process.close_input();
        self.rest()
    }

    /// Waits for a server that ends by itself.
    pub(crate) fn died(mut self) -> (ExitStatus, HashMap<u64, Value>) {
        self.rest()
    }

    fn rest(&mut self) -> (ExitStatus, HashMap<u64, Value>) {
        while let Some(message) = self.read("the end of what it says") {
            let answered = message["id"].as_u64().expect("an answer");
            self.early.insert(answered, message);
        }
        (self.process.end(), std::mem::take(&mut self.early))
    }
}
