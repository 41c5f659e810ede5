//! What the host says beside the JSON of a call: who calls, for whom, under which key.
//!
//! It is typed and comes from the host, never from a model's JSON (ENG-02).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::{ContextFault, HostError};
use crate::id::{AgentId, CampaignId, CorrelationId, Namespace};
use crate::parse::control_character;

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
    /// The authenticated principal that calls, in the host's words, not empty; ends up in evidence as a digest.
    pub actor: String,
    /// The role of that principal.
    pub role: CallerRole,
    /// The agent in whose name it calls. An input that names another one is refused with `AUTHZ_FAILURE` (GOV-09); where this is
    /// `None`, an input that names an agent is believed, so a host sets it wherever a model writes the input.
    pub agent: Option<AgentId>,
    /// The campaign, which pays. As with `agent`, an input that names another one is refused.
    pub campaign: Option<CampaignId>,
    /// The caller's idempotency key, for contracts whose input holds none; without control characters.
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

    /// Checks what every skill needs of a host.
    ///
    /// # Errors
    /// When the actor is empty.
    pub fn check(&self) -> Result<(), HostError> {
        let faults: Vec<_> = self.no_actor().into_iter().collect();
        if faults.is_empty() { Ok(()) } else { Err(HostError::Context(faults)) }
    }

    /// Checks the same for a contract whose input names no agent, no campaign and no key; gives the agent and the campaign.
    ///
    /// # Errors
    /// With everything that is missing, and with a control character in the key.
    pub fn check_named(&self) -> Result<(AgentId, CampaignId), HostError> {
        let key = self.key.as_deref().and_then(control_character);
        let key = key.map(|(place, character)| ContextFault::Key { place, character });
        let found = |agent, campaign| [self.no_actor(), agent, campaign, key].into_iter().flatten().collect();
        let faults: Vec<_> = match (self.agent, self.campaign) {
            (Some(agent), Some(campaign)) => match found(None, None) {
                faults if Vec::is_empty(&faults) => return Ok((agent, campaign)),
                faults => faults,
            },
            (agent, campaign) => found(
                agent.is_none().then_some(ContextFault::NoAgent),
                campaign.is_none().then_some(ContextFault::NoCampaign),
            ),
        };
        Err(HostError::Context(faults))
    }

    fn no_actor(&self) -> Option<ContextFault> {
        self.actor.is_empty().then_some(ContextFault::NoActor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_context_is_named() {
        let id = uuid::Uuid::from_u128(1);
        let good = CallContext {
            agent: Some(AgentId::from_uuid(id)),
            campaign: Some(CampaignId::from_uuid(id)),
            ..CallContext::worker("worker-1")
        };
        let (actor, agent, campaign) =
            (ContextFault::NoActor, ContextFault::NoAgent, ContextFault::NoCampaign);
        let key = ContextFault::Key { place: 1, character: '\0' };
        for (context, every, named) in [
            (good.clone(), vec![], vec![]),
            (CallContext { key: Some("Ann's key".to_owned()), ..good.clone() }, vec![], vec![]),
            (CallContext { agent: None, ..good.clone() }, vec![], vec![agent]),
            (CallContext { key: Some("a\0".to_owned()), ..good.clone() }, vec![], vec![key]),
            (CallContext { actor: String::new(), ..good }, vec![actor], vec![actor]),
            (CallContext::worker(""), vec![actor], vec![actor, agent, campaign]),
        ] {
            let wrong =
                |faults: Vec<_>| if faults.is_empty() { Ok(()) } else { Err(HostError::Context(faults)) };
            assert_eq!(context.check(), wrong(every), "{context:?}");
            assert_eq!(context.check_named().map(|_| ()), wrong(named), "{context:?}");
        }
    }
}
