//! A server of tools inside the test, and a client for it that keeps its contract, or breaks one sentence of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
use chimera_testkit::TestClock;
use chimera_testkit::conformance::tools::{Does, Reached};
use chrono::{DateTime, TimeDelta, Utc};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use serde_json::json;

use crate::failing::once_later;

/// What a credential is here.
pub(crate) const SECRET: &str = "swordfish";

/// Which sentence a client breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None.
    Faithful,
    /// A call that nobody answers is sent again.
    SendsAgain,
    /// Nothing is ever too late.
    SendsLate,
    /// Whose life it is does not matter.
    AnyLife,
    /// What was lost was not sent.
    DeniesSending,
    /// Answers are redacted.
    RedactsAnswers,
    /// Reasons are not.
    TellsSecrets,
    /// Late answers are given out again and again.
    RepeatsLate,
    /// Late answers are given out without a word of whose they are.
    ForgetsCalls,
    /// A call without arguments is given one.
    AddsArguments,
    /// Of calls at one time each gets the answer of the last one.
    MixesAnswers,
    /// Who is asked for something is called again.
    AsksAgain,
    /// A call that failed is sent again.
    RepeatsFailures,
    /// The call that a server died of is sent to its next life as well.
    RepeatsDeaths,
    /// A server that died is not started for a list.
    ListsNoDead,
    /// Tools are listed once.
    ListsOnce,
}

/// What the server does with a call.
type Script = Arc<dyn Fn(&ToolCall) -> Does + Send + Sync>;

/// The server and its client. A clone is the same one.
#[derive(Clone)]
pub(crate) struct FakeServer {
    clock: Arc<TestClock>,
    secrets: Secrets,
    tools: Arc<BTreeSet<String>>,
    script: Script,
    fault: Fault,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    life: u64,
    running: bool,
    away: bool,
    reached: Vec<Reached>,
    /// Who waits for an answer, or did.
    held: Vec<(ToolCall, Does, oneshot::Sender<Called>)>,
    late: Vec<LateAnswer>,
    /// What the server answered last.
    answered: Option<ToolAnswer>,
    /// The call that it died of.
    fatal: Option<ToolCall>,
    lists: usize,
}

/// Without what the server is to say: that may be anything.
impl fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeServer")
            .field("tools", &self.tools)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl FakeServer {
    pub(crate) fn new(clock: Arc<TestClock>, tools: &[(&str, Does)], fault: Fault) -> Self {
        let tools: BTreeMap<String, Does> =
            tools.iter().map(|(name, does)| ((*name).to_owned(), does.clone())).collect();
        let names: Vec<&str> = tools.keys().map(String::as_str).collect();
        let unknown = Does::Fails("there is no such tool".to_owned());
        let script = {
            let tools = tools.clone();
            move |call: &ToolCall| tools.get(&call.tool).unwrap_or(&unknown).clone()
        };
        Self { fault, ..Self::scripted(clock, &names, script) }
    }

    /// A faithful client of a server that does with its calls what the script says.
    pub(crate) fn scripted(
        clock: Arc<TestClock>,
        tools: &[&str],
        script: impl Fn(&ToolCall) -> Does + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock,
            secrets: Secrets::new([SECRET.to_owned()]),
            tools: Arc::new(tools.iter().map(|name| (*name).to_owned()).collect()),
            script: Arc::new(script),
            fault: Fault::Faithful,
            state: Arc::default(),
        }
    }

    /// Nothing can be sent from now on.
    pub(crate) fn go_away(&self) {
        self.state().away = true;
    }

    pub(crate) fn reached(&self) -> Vec<Reached> {
        self.state().reached.clone()
    }

    /// Answers all that is held: those who wait, and for those who do not any more what comes late.
    pub(crate) fn let_go(&self) {
        let mut state = self.state();
        for (call, does, sender) in std::mem::take(&mut state.held) {
            let Does::Holds(answer) = does else { continue };
            let dropped = sender.send(Called::Answered(answer.clone())).is_err();
            let call = if self.fault == Fault::ForgetsCalls { String::new() } else { call.id };
            if dropped {
                state.late.push(LateAnswer { call, answer });
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn start(&self) {
        let mut state = self.state();
        if !state.running {
            state.running = true;
            state.life += 1;
        }
    }

    fn put(&self, call: &ToolCall) {
        let ToolCall { tool, mut arguments, meta, .. } = call.clone();
        if self.fault == Fault::AddsArguments && arguments.is_empty() {
            arguments.insert("text".to_owned(), json!(""));
        }
        self.state().reached.push(Reached { tool, arguments, meta });
    }

    fn reason(&self, text: &str) -> String {
        if self.fault == Fault::TellsSecrets {
            text.to_owned()
        } else {
            self.secrets.redact(text).into_owned()
        }
    }

    async fn held(&self, call: &ToolCall, does: &Does) -> Called {
        let (sender, answer) = oneshot::channel();
        self.state().held.push((call.clone(), does.clone(), sender));
        let deadline = self.clock.sleep_until(call.deadline);
        let lost = |reason: &str| match self.fault {
            Fault::DeniesSending => Called::NotSent { reason: reason.to_owned() },
            _ => Called::Lost { reason: reason.to_owned() },
        };
        match select(answer, deadline).await {
            Either::Left((Ok(called), _)) => called,
            Either::Left((Err(_), _)) => lost("the server died"),
            Either::Right(_) => {
                if self.fault == Fault::SendsAgain {
                    self.put(call);
                }
                lost("the deadline passed")
            }
        }
    }
}

#[async_trait]
impl ToolClient for FakeServer {
    fn server(&self) -> &'static str {
        "fake"
    }

    fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn life(&self) -> u64 {
        self.state().life
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::minutes(5)
    }

    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        let lists = {
            let mut state = self.state();
            state.lists += 1;
            if self.fault == Fault::ListsNoDead && state.life > 0 && !state.running {
                return Err(ServerError {
                    server: "fake".to_owned(),
                    reason: "the server is not running".to_owned(),
                    retry_after: None,
                });
            }
            state.lists
        };
        if self.fault == Fault::ListsOnce && lists > 1 {
            return Ok(Vec::new());
        }
        self.start();
        let input_schema = json!({ "type": "object", "properties": {
            "text": { "type": "string" }, "account": { "type": "string" }, "platform": { "type": "string" },
            "limit": { "type": "integer" }, "idempotency_key": { "type": "string" },
            "tweet_id": { "type": "string" }, "id": { "type": "string" }, "kind": { "type": "string" },
            "media_ids": { "type": "array" }, "filename": { "type": "string" }, "data": { "type": "string" },
            "sha256": { "type": "string" }, "user_id": { "type": "string" },
        } });
        let info = |name: &String| ToolInfo { name: name.clone(), input_schema: input_schema.clone() };
        Ok(self.tools.iter().map(info).collect())
    }

    async fn call(&self, call: ToolCall) -> Called {
        let now = self.clock.now();
        if (now >= call.send_before || now >= call.deadline) && self.fault != Fault::SendsLate {
            return Called::NotSent { reason: "it is too late".to_owned() };
        }
        if self.state().away {
            return Called::NotSent { reason: self.reason(&format!("the server of {SECRET} is away")) };
        }
        self.start();
        if call.life.is_some_and(|life| life != self.life()) && self.fault != Fault::AnyLife {
            return Called::NotSent { reason: "the server was started anew".to_owned() };
        }
        let fatal = self.state().fatal.take().filter(|_| self.fault == Fault::RepeatsDeaths);
        if let Some(fatal) = fatal {
            self.put(&fatal);
        }
        self.put(&call);
        let does = (self.script)(&call);
        match &does {
            Does::Fails(words) => {
                if self.fault == Fault::RepeatsFailures {
                    self.put(&call);
                }
                Called::Failed { reason: self.reason(words) }
            }
            Does::Answers(answer) => {
                let mut answer = answer.clone();
                if self.fault == Fault::RedactsAnswers {
                    answer.texts.iter_mut().for_each(|text| *text = self.secrets.redact(text).into_owned());
                }
                if self.fault == Fault::AsksAgain && answer.result_type.as_deref() == Some("input_required") {
                    self.put(&call);
                }
                self.state().answered = Some(answer.clone());
                if self.fault == Fault::MixesAnswers {
                    once_later().await;
                    answer = self.state().answered.clone().unwrap_or(answer);
                }
                Called::Answered(answer)
            }
            Does::Dies => {
                let mut state = self.state();
                state.running = false;
                state.fatal = Some(call.clone());
                // Whoever waits is told by the end of the channel.
                state.held.clear();
                Called::Lost { reason: "the server died".to_owned() }
            }
            Does::Holds(_) => self.held(&call, &does).await,
        }
    }

    fn late(&self) -> Vec<LateAnswer> {
        let mut state = self.state();
        if self.fault == Fault::RepeatsLate { state.late.clone() } else { std::mem::take(&mut state.late) }
    }
}
