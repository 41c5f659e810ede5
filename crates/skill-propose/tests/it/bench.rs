//! A skill over the store in memory, with an input that is good as it is.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::{AuditLedger, Entry, EventType, LedgerQuery, LedgerReader, Page};
use chimera_contracts::propose::{ErrorObject, ProposeInput, ProposeOutput};
use chimera_contracts::{CallContext, Clock, DynSkill, JsonAnswer};
use chimera_skill_propose::{
    CampaignStrategy, Insights, InsightsError, InsightsQuery, InsightsSnapshot, ProposalJournal,
    ProposalStrategy, ProposeOptions, ProposePorts, ProposeSkill,
};
use chimera_testkit::{Memory, MemoryStore, TestClock, TestEntropy, block_on};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// A store and a clock, which a test may wrap before it makes a skill of them.
pub(crate) struct Bench {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<MemoryStore>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let entropy = Arc::new(TestEntropy::seeded(7));
        let store = Arc::new(Memory::new(Arc::<TestClock>::clone(&clock), entropy).open());
        Self { clock, store }
    }

    /// The usual ports, to be changed.
    pub(crate) fn ports(&self) -> ProposePorts {
        ProposePorts {
            journal: Arc::<MemoryStore>::clone(&self.store) as Arc<dyn ProposalJournal>,
            ledger: Arc::<MemoryStore>::clone(&self.store) as Arc<dyn AuditLedger>,
            strategy: Arc::new(CampaignStrategy::new()),
            insights: None,
            clock: Arc::<TestClock>::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(TestEntropy::seeded(11)),
        }
    }

    pub(crate) fn skill(&self) -> ProposeSkill {
        skill(self.ports())
    }

    pub(crate) fn with_strategy(&self, strategy: impl ProposalStrategy) -> ProposeSkill {
        skill(ProposePorts { strategy: Arc::new(strategy), ..self.ports() })
    }

    pub(crate) fn with_insights(&self, insights: impl Insights) -> ProposeSkill {
        skill(ProposePorts { insights: Some(Arc::new(insights)), ..self.ports() })
    }

    /// The events of this type, in order.
    pub(crate) fn events(&self, kind: &'static str) -> Vec<Entry> {
        let query = LedgerQuery { kind: Some(EventType::of(kind)), ..LedgerQuery::default() };
        block_on(self.store.find(&query, Page { from: 0, limit: 10_000 })).unwrap()
    }

    pub(crate) fn proposed(&self) -> Vec<Entry> {
        self.events("skill.engagement_manager.proposed")
    }

    pub(crate) fn refused(&self) -> Vec<Entry> {
        self.events("skill.engagement_manager.refused")
    }
}

pub(crate) fn skill(ports: ProposePorts) -> ProposeSkill {
    ProposeSkill::new(ports, ProposeOptions::default()).unwrap()
}

/// A good input, as JSON.
pub(crate) fn request() -> Value {
    json!({
        "request_id": "req-1",
        "artifact_id": "artifact-42",
        "candidate_context": {
            "target_platforms": ["twitter", "instagram"],
            "audience_constraints": {
                "timezone": "Europe/Berlin",
                "not_before": "2026-02-10T09:00:00",
                "quiet_hours": "22:00-07:00"
            }
        },
        "actor_id": "agent-1",
        "spec_version": "1.0.0",
        "approval_reference": null
    })
}

/// A good input with other constraints.
pub(crate) fn request_with(platforms: &[&str], constraints: &[(&str, &str)]) -> Value {
    let constraints: serde_json::Map<_, _> =
        constraints.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let mut request = request();
    request["candidate_context"] =
        json!({ "target_platforms": platforms, "audience_constraints": constraints });
    request
}

pub(crate) fn input(request: &Value) -> ProposeInput {
    ProposeInput::parser().unwrap().parse(request.to_string().as_bytes()).unwrap()
}

pub(crate) fn context() -> CallContext {
    CallContext::worker("worker-7")
}

pub(crate) fn call(skill: &ProposeSkill, request: &Value) -> JsonAnswer {
    block_on(skill.call_json(&context(), request.to_string().as_bytes())).unwrap()
}

/// The proposal that a request gets.
pub(crate) fn propose(skill: &ProposeSkill, request: &Value) -> ProposeOutput {
    let answer = call(skill, request);
    assert!(!answer.is_error, "{}", answer.json);
    serde_json::from_str(&answer.json).unwrap()
}

/// The error that a request gets.
pub(crate) fn refuse(skill: &ProposeSkill, request: &Value) -> ErrorObject {
    error(&call(skill, request))
}

pub(crate) fn error(answer: &JsonAnswer) -> ErrorObject {
    assert!(answer.is_error, "{}", answer.json);
    serde_json::from_str(&answer.json).unwrap()
}

pub(crate) fn reason(error: &ErrorObject) -> &str {
    error
        .details
        .as_ref()
        .and_then(|details| details.reason.as_deref())
        .expect("a permanent error has a reason")
}

pub(crate) fn pointers(error: &ErrorObject) -> Vec<&str> {
    let faults = error.details.as_ref().and_then(|details| details.faults.as_deref()).unwrap_or_default();
    faults.iter().map(|fault| fault.pointer.as_str()).collect()
}

/// The exact bytes of an entry, as JSON.
pub(crate) fn leaf(entry: &Entry) -> Value {
    serde_json::from_slice(&entry.leaf).unwrap()
}

/// Figures that never change.
#[derive(Clone, Debug)]
pub(crate) struct Figures(pub(crate) Result<Option<InsightsSnapshot>, InsightsError>);

impl Figures {
    pub(crate) fn of(snapshot: &Value) -> Self {
        Self(Ok(Some(serde_json::from_value(snapshot.clone()).unwrap())))
    }
}

#[async_trait]
impl Insights for Figures {
    async fn snapshot(
        &self,
        _: &InsightsQuery,
        _: DateTime<Utc>,
    ) -> Result<Option<InsightsSnapshot>, InsightsError> {
        self.0.clone()
    }
}
