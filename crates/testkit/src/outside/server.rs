//! [`OutsideServer`]: an MCP server over a [`World`], at the port where the host's real code begins.
//!
//! It keeps the contract of [`ToolClient`]: at most one request a call, none at or after `send_before`, an answer by the
//! deadline, late ones within the grace. A call whose future is dropped is done all the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_effect::EffectKind;
use chimera_platform::{
    Called, LateAnswer, META_PREFIX, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::fault::Reply;
use super::nature::KeyHandling;
use super::reading::Question;
use super::world::{Sent, World};
use crate::TestClock;

/// How long after its deadline a call may still be answered, in milliseconds.
pub const GRACE_MS: i64 = 300_000;

/// How long a call that reads takes.
const READ_MS: i64 = 40;

/// The server. A clone is the same one.
#[derive(Clone, Debug)]
pub struct OutsideServer {
    clock: Arc<TestClock>,
    world: Arc<Mutex<World>>,
    secrets: Secrets,
    tools: Arc<Vec<ToolInfo>>,
    /// Answers that come when their call was given up, with the moment. They die with the client, as a child's pipe does.
    late: Arc<Mutex<Vec<(i64, String, usize)>>>,
}

impl OutsideServer {
    /// The server over a world.
    #[must_use]
    pub fn new(clock: Arc<TestClock>, world: Arc<Mutex<World>>) -> Self {
        Self { clock, world, secrets: Secrets::default(), tools: Arc::new(tools()), late: Arc::default() }
    }

    /// The world as it is now.
    fn now(&self) -> (MutexGuard<'_, World>, i64) {
        let now_ms = World::ms(self.clock.now());
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(now_ms);
        (world, now_ms)
    }

    fn late_answers(&self) -> MutexGuard<'_, Vec<(i64, String, usize)>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn act(&self, wish: usize, call: ToolCall) -> Called {
        let (number, answer_ms) = {
            let (mut world, now_ms) = self.now();
            let sent = sent(&world, wish, &call);
            let number = world.receive(now_ms, wish, World::ms(call.send_before), sent);
            let fault = world.calls[number].fault;
            world.trace().line(now_ms, "server", || {
                format!("{} for wish {wish}, call {number}: {fault:?}", call.tool)
            });
            let answer_ms = if fault.reply == Reply::NotSent { now_ms } else { now_ms + fault.after_ms };
            let lost_ms = World::ms(call.deadline);
            let answers = !matches!(fault.reply, Reply::Lost | Reply::Rpc(_) | Reply::NotSent);
            if answers && answer_ms >= lost_ms && answer_ms <= lost_ms + GRACE_MS {
                self.late_answers().push((answer_ms, call.id.clone(), number));
            }
            (number, answer_ms)
        };
        self.wait(answer_ms, call.deadline).await;
        let (mut world, now_ms) = self.now();
        let called = if now_ms >= World::ms(call.deadline) {
            Called::Lost { reason: "no answer by the deadline".to_owned() }
        } else {
            world.said(number)
        };
        world
            .trace()
            .line(now_ms, "server", || format!("says to wish {wish}, call {number}: {}", brief(&called)));
        called
    }

    async fn read(&self, wish: usize, call: ToolCall) -> Called {
        let text = |name: &str| call.arguments.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let question = Question {
            wish,
            kind: text("kind").and_then(|kind| kind_of(&kind)),
            target: text("target"),
            cursor: text("cursor"),
            id: call.arguments.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)),
            tool: call.tool.clone(),
        };
        let now_ms = self.now().1;
        self.wait(now_ms + READ_MS, call.deadline).await;
        let (mut world, now_ms) = self.now();
        let fault = world.next_look(wish);
        let called = world.read(&question, fault, now_ms);
        world.trace().line(now_ms, "server", || {
            let about = question.id.as_deref().or(question.cursor.as_deref()).unwrap_or_default();
            format!("shows to wish {wish}, {} {about}: {}", call.tool, brief(&called))
        });
        called
    }

    async fn wait(&self, until_ms: i64, deadline: DateTime<Utc>) {
        self.clock.sleep_until(World::time(until_ms).min(deadline)).await;
    }
}

#[async_trait]
impl ToolClient for OutsideServer {
    fn server(&self) -> &str {
        "outside"
    }

    fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn life(&self) -> u64 {
        0
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::milliseconds(GRACE_MS)
    }

    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        Ok(self.tools.as_ref().clone())
    }

    async fn call(&self, call: ToolCall) -> Called {
        let wish = call.meta.get(&format!("{META_PREFIX}/request-key")).and_then(|key| wish_of(key));
        let Some(wish) = wish else {
            return Called::NotSent { reason: "the call belongs to no request of this run".to_owned() };
        };
        if self.clock.now() >= call.send_before {
            return Called::NotSent { reason: "it was too late to send it".to_owned() };
        }
        if kind_of(&call.tool).is_some() { self.act(wish, call).await } else { self.read(wish, call).await }
    }

    fn late(&self) -> Vec<LateAnswer> {
        let (mut world, now_ms) = self.now();
        let mut late = Vec::new();
        let mut waiting = self.late_answers();
        for (at_ms, call, number) in std::mem::take(&mut *waiting) {
            if at_ms > now_ms {
                waiting.push((at_ms, call, number));
            } else if let Called::Answered(answer) = world.said(number) {
                world.told_late.push(number);
                world
                    .trace()
                    .line(now_ms, "server", || format!("says late about call {number}: {}", words(&answer)));
                late.push(LateAnswer { call, answer });
            }
        }
        late
    }
}

/// The key of a wish's request.
#[must_use]
pub fn key_of(wish: usize) -> String {
    format!("wish-{wish}")
}

fn wish_of(key: &str) -> Option<usize> {
    key.strip_prefix("wish-")?.parse().ok()
}

fn kind_of(name: &str) -> Option<EffectKind> {
    use EffectKind as K;
    [K::Publish, K::Reply, K::Comment, K::Like, K::Follow, K::Share]
        .into_iter()
        .find(|kind| kind.as_str() == name)
}

fn sent(world: &World, wish: usize, call: &ToolCall) -> Sent {
    let text = |name: &str| call.arguments.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let enforced = matches!(world.scenario.nature.keys, KeyHandling::Enforced { .. });
    Sent {
        kind: world.scenario.wishes[wish].kind,
        text: text("text").unwrap_or_default(),
        target: text("target"),
        key: text("key").filter(|_| enforced),
    }
}

fn tools() -> Vec<ToolInfo> {
    let string = || json!({ "type": "string" });
    let properties = |names: &[&str]| -> serde_json::Value {
        names.iter().map(|name| ((*name).to_owned(), string())).collect::<serde_json::Map<_, _>>().into()
    };
    let tool = |name: &str, names: &[&str]| ToolInfo {
        name: name.to_owned(),
        input_schema: json!({ "type": "object", "properties": properties(names) }),
    };
    let mut tools: Vec<ToolInfo> = ["publish", "reply", "comment", "like", "follow", "share"]
        .iter()
        .map(|name| tool(name, &["text", "target", "account", "key"]))
        .collect();
    tools.push(tool("list_items", &["account", "target", "kind", "cursor"]));
    tools.push(tool("get_item", &["id"]));
    tools.push(tool("get_state", &["target", "account", "kind"]));
    tools
}

fn brief(called: &Called) -> String {
    match called {
        Called::Answered(answer) => words(answer),
        other => format!("{other:?}"),
    }
}

fn words(answer: &ToolAnswer) -> String {
    let flag = if answer.is_error { "isError " } else { "" };
    let kind = answer.result_type.as_deref().unwrap_or_default();
    format!("{flag}{kind}{}", answer.texts.join(" | "))
}
