//! What the host says beside the JSON of a call: who calls, for whom, under which key.
//!
//! It is typed and comes from the host, never from a model's JSON (ENG-02).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, CampaignId, CorrelationId, Namespace};

/// In which role the caller acts (PUB-02). Only a worker may execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerRole {
    /// Executes tasks.
    Worker,
    /// Plans tasks; never executes.
    Planner,
    /// Validates results; never executes.
    Judge,
    /// A human who reviews; never executes.
    Reviewer,
}

impl CallerRole {
    /// The role's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Planner => "planner",
            Self::Judge => "judge",
            Self::Reviewer => "reviewer",
        }
    }
}

/// One call of a skill, as the host knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// The tenant.
    pub namespace: Namespace,
    /// The trace; where the input carries one of its own, that one counts.
    pub correlation: Option<CorrelationId>,
    /// The authenticated principal that calls, in the host's words; ends up in evidence as a digest.
    pub actor: String,
    /// The role of that principal.
    pub role: CallerRole,
    /// The agent in whose name it calls. An input that names another one is refused with `AUTHZ_FAILURE` (GOV-09); where this is
    /// `None`, an input that names an agent is believed, so a host sets it wherever a model writes the input.
    pub agent: Option<AgentId>,
    /// The campaign, which pays. As with `agent`, an input that names another one is refused.
    pub campaign: Option<CampaignId>,
    /// The caller's idempotency key, for contracts whose input holds none. One with a control character is refused.
    pub key: Option<String>,
    /// When the caller stops waiting. Work that is recorded goes on by itself or on the next call.
    pub deadline: Option<DateTime<Utc>>,
}

impl CallContext {
    /// A worker's call in the default namespace, with nothing optional.
    #[must_use]
    pub fn worker(actor: impl Into<String>) -> Self {
        Self {
            namespace: Namespace::default(),
            correlation: None,
            actor: actor.into(),
            role: CallerRole::Worker,
            agent: None,
            campaign: None,
            key: None,
            deadline: None,
        }
    }
}
