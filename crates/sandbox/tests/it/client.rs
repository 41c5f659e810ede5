//! A client that knows nothing but lines of JSON, so that what is tested is what is on the wire.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
};

use chimera_sandbox::World;
use serde_json::{Value, json};

/// A server process and the two pipes to it.
pub(crate) struct Client {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
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
        let mut client = Client::start(&self.record(), config);
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
    fn start(record: &Path, config: &Value) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_chimera-sandbox"))
            .arg("--record")
            .arg(record)
            .arg("--config")
            .arg(config.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("standard output");
        Self { process, input, output: BufReader::new(output), early: HashMap::new(), last_id: 0 }
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
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{message}").expect("the server reads");
    }

    /// Sends a call and does not wait.
    pub(crate) fn begin(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    pub(crate) fn wait_for(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer;
            }
            let message = self.read().expect("the server still runs");
            let answered = message["id"].as_u64().expect("an answer");
            self.early.insert(answered, message);
        }
    }

    fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).expect("readable output");
        (read > 0).then(|| serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// Calls a tool and gives its result.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let id = self.begin(tool, arguments);
        let answer = self.wait_for(id);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool that must succeed and gives what it says.
    pub(crate) fn ok(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let text = result["content"][0]["text"].as_str().expect("a text block");
        let parsed: Value = serde_json::from_str(text).expect("the same JSON");
        assert_eq!(parsed, result["structuredContent"]);
        parsed
    }

    /// Calls a tool that must refuse and gives the sentence and the body.
    pub(crate) fn refused(&mut self, tool: &str, arguments: &Value) -> (String, Value) {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().expect("a text block");
        (text.to_owned(), result["structuredContent"]["error"].clone())
    }

    /// Closes the input and gives the exit status and every answer that was still to come.
    pub(crate) fn end(mut self) -> (ExitStatus, HashMap<u64, Value>) {
        drop(self.input.take());
        self.rest()
    }

    /// Waits for a server that ends by itself.
    pub(crate) fn died(mut self) -> (ExitStatus, HashMap<u64, Value>) {
        self.rest()
    }

    fn rest(&mut self) -> (ExitStatus, HashMap<u64, Value>) {
        while let Some(message) = self.read() {
            let answered = message["id"].as_u64().expect("an answer");
            self.early.insert(answered, message);
        }
        let status = self.process.wait().expect("an exit status");
        (status, std::mem::take(&mut self.early))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A failed test must not leave a server behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
