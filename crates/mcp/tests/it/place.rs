//! Servers to call, a clock that stands still, and what the servers recorded.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_harness::{Guard, guard};
use chimera_mcp::{ServerCommand, StdioServer};
use chimera_platform::{Called, ToolAnswer, ToolCall};
use chimera_sandbox::Record;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// Stands still unless it is moved, or moves by one step each time it is looked at.
#[derive(Debug)]
pub(crate) struct TestClock {
    now: Mutex<DateTime<Utc>>,
    step: TimeDelta,
}

impl TestClock {
    pub(crate) fn standing() -> Arc<Self> {
        Self::stepping(TimeDelta::zero())
    }

    pub(crate) fn stepping(step: TimeDelta) -> Arc<Self> {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Arc::new(Self { now: Mutex::new(start), step })
    }

    pub(crate) fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        let mut now = self.now.lock().unwrap();
        *now += by;
        *now
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.advance(self.step)
    }

    async fn sleep_until(&self, _deadline: DateTime<Utc>) {
        panic!("deadlines are measured by the runtime");
    }
}

/// The program that `cargo test` builds of `examples/sandbox_server.rs`.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = profile.join("examples").join(format!("sandbox_server{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is missing: build the examples too", program.display());
    program
}

/// A server of that program, doing what the word says.
pub(crate) fn command(word: &str) -> ServerCommand {
    ServerCommand::new("sandbox", program()).arg(word)
}

/// A folder with the record of one sandbox. What a test waits for while it has one is bounded.
#[derive(Debug)]
pub(crate) struct Place {
    folder: tempfile::TempDir,
    _guard: Guard,
}

impl Place {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let _guard = guard("the end of what a test does with a server");
        Self { folder: tempfile::tempdir().unwrap(), _guard }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sandbox that records here, with one fault on X, once.
    pub(crate) fn faulty(&self, fault: &Value) -> ServerCommand {
        self.sandbox(&json!({ "faults": [{ "platform": "twitter", "fault": fault, "times": 1 }] }))
    }

    pub(crate) fn sandbox(&self, config: &Value) -> ServerCommand {
        command("serve").arg(self.path("record.jsonl")).arg(config.to_string())
    }

    /// A server that answers calls with what these files hold: `TOOL.result` and its like.
    pub(crate) fn saying(&self, files: &[(&str, &[u8])]) -> ServerCommand {
        for (name, content) in files {
            std::fs::write(self.path(name), content).unwrap();
        }
        command("say").arg(self.folder.path())
    }

    /// A server that ends when its tool `end` is called, and cannot start while a file `broken` stands here.
    pub(crate) fn dying(&self) -> ServerCommand {
        self.saying(&[("end.dies", b"")])
    }

    pub(crate) fn record(&self) -> Record {
        Record::open(self.path("record.jsonl")).unwrap()
    }

    /// The labels of the calls, in order.
    pub(crate) fn outcomes(&self) -> Vec<&'static str> {
        self.record().calls().iter().map(|call| call.outcome.label()).collect()
    }
}

pub(crate) fn server(command: ServerCommand, clock: &Arc<TestClock>) -> StdioServer {
    StdioServer::new(command, Arc::<TestClock>::clone(clock))
}

/// A call with an hour of time.
pub(crate) fn post(clock: &TestClock, text: &str) -> ToolCall {
    let now = clock.now();
    ToolCall {
        id: text.to_owned(),
        tool: "post_tweet".to_owned(),
        arguments: serde_json::Map::from_iter([("text".to_owned(), text.into())]),
        meta: BTreeMap::new(),
        send_before: now + TimeDelta::hours(1),
        deadline: now + TimeDelta::hours(1),
        life: None,
    }
}

/// A call of a tool without arguments, with an hour of time.
pub(crate) fn call(clock: &TestClock, tool: &str) -> ToolCall {
    ToolCall { tool: tool.to_owned(), arguments: serde_json::Map::new(), ..post(clock, tool) }
}

/// The same with so much time for everything.
pub(crate) fn in_time(call: ToolCall, clock: &TestClock, time: Duration) -> ToolCall {
    let deadline = clock.now() + TimeDelta::from_std(time).unwrap();
    ToolCall { deadline, ..call }
}

pub(crate) fn answer(called: Called) -> ToolAnswer {
    match called {
        Called::Answered(answer) => answer,
        other => panic!("not answered: {other:?}"),
    }
}

pub(crate) fn not_sent(called: Called) -> String {
    match called {
        Called::NotSent { reason } => reason,
        other => panic!("sent: {other:?}"),
    }
}

pub(crate) fn lost(called: Called) -> String {
    match called {
        Called::Lost { reason } => reason,
        other => panic!("not lost: {other:?}"),
    }
}
