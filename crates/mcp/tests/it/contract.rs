//! The contract of the port, sentence by sentence, over a real server process.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_harness::within;
use chimera_mcp::StdioServer;
use chimera_platform::{ToolAnswer, ToolClient};
use chimera_testkit::conformance::tools::{self, Does, Reached, ToolHarness, ToolServer};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::place::{Place, TestClock, answer, call, server};

/// Enough for a server that is up to take a call, also on a busy machine.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Has the server answer all that it held.
const LET_GO: &str = "let_go";

#[tokio::test]
async fn a_server_process_keeps_the_contract() {
    tools::all(&Processes).await;
}

/// Gives processes that answer by files.
#[derive(Debug)]
struct Processes;

#[async_trait]
impl ToolHarness for Processes {
    fn secret(&self) -> String {
        "opensesame".to_owned()
    }

    async fn server(&self, tools: &[(&str, Does)]) -> Box<dyn ToolServer> {
        let (place, clock) = (Place::new(), TestClock::standing());
        let infos: Vec<Value> = tools
            .iter()
            .map(|(name, _)| json!({ "name": name, "inputSchema": { "type": "object" } }))
            .collect();
        let mut files = vec![
            ("tools".to_owned(), Value::from(infos).to_string()),
            (format!("{LET_GO}.result"), "{}".to_owned()),
        ];
        for (name, does) in tools {
            files.extend(told(name, does));
        }
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, content)| (name.as_str(), content.as_bytes())).collect();
        let command = place.saying(&files).secret_env("PLAIN", self.secret());
        let server = Arc::new(server(command, &clock));
        Box::new(Process { server, clock, place })
    }
}

/// The files by which the server does this.
fn told(name: &str, does: &Does) -> Vec<(String, String)> {
    let file = |kind: &str, content: String| (format!("{name}.{kind}"), content);
    match does {
        Does::Answers(answer) => vec![file("result", written(answer))],
        Does::Holds(answer) => vec![file("result", written(answer)), file("held", String::new())],
        Does::Fails(words) => {
            vec![file("error", json!({ "code": -32602, "message": words }).to_string())]
        }
        Does::Dies => vec![file("dies", String::new())],
    }
}

/// An answer as a server writes it.
fn written(answer: &ToolAnswer) -> String {
    let blocks = answer.texts.iter().map(|text| json!({ "type": "text", "text": text }));
    let mut result = Map::from_iter([("content".to_owned(), blocks.collect())]);
    let mut put = |name: &str, value: Value| result.insert(name.to_owned(), value);
    if answer.is_error {
        put("isError", true.into());
    }
    if let Some(kind) = &answer.result_type {
        put("resultType", kind.as_str().into());
    }
    if let Some(structured) = &answer.structured {
        put("structuredContent", structured.clone());
    }
    Value::from(result).to_string()
}

struct Process {
    server: Arc<StdioServer>,
    clock: Arc<TestClock>,
    place: Place,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Process {
    /// The calls that the server wrote down, apart from those that had it let go.
    fn calls(&self) -> Vec<Reached> {
        let lines = std::fs::read_to_string(self.place.path("calls")).unwrap_or_default();
        let whole = lines.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let calls = whole.map(|line| reached(&serde_json::from_str(line).unwrap()));
        calls.filter(|call| call.tool != LET_GO).collect()
    }
}

fn reached(params: &Value) -> Reached {
    let member = |name: &str| params[name].as_object().cloned().unwrap_or_default();
    let texts =
        member("_meta").into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    Reached {
        tool: params["name"].as_str().unwrap().to_owned(),
        arguments: member("arguments"),
        meta: texts.collect(),
    }
}

#[async_trait]
impl ToolServer for Process {
    fn client(&self) -> Arc<dyn ToolClient> {
        Arc::<StdioServer>::clone(&self.server)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn patience(&self) -> TimeDelta {
        TimeDelta::from_std(PATIENCE).unwrap()
    }

    /// Deadlines are measured by the runtime.
    async fn pass(&self, _: DateTime<Utc>) {}

    async fn reached(&self, count: usize) -> Vec<Reached> {
        loop {
            let calls = self.calls();
            if calls.len() >= count {
                return calls;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn let_go(&self) {
        let called = within("the server to let go", self.server.call(call(&self.clock, LET_GO)));
        answer(called.await);
    }
}
