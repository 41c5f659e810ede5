//! What a reviewer is shown of an engagement, and what whoever executes it reads back.

use chimera_contracts::canonical::{CanonicalError, to_statement};
use chimera_contracts::engage::EngageAction;
use chimera_contracts::{AgentId, CampaignId, CorrelationId, ErrorCode, PlatformName};
use chimera_effect::{Effect, EffectV1, RequestKey};
use serde::{Deserialize, Serialize};

/// An engagement as it waits for a person (GOV-07): exactly what would become public, for whom, and why a person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngagementDocument {
    /// The version of this document: 1.
    pub v: u32,
    /// The caller's key.
    pub key: RequestKey,
    /// What to do.
    pub action: EngageAction,
    /// Where.
    pub platform: PlatformName,
    /// To what.
    pub target: String,
    /// The text as the caller gave it; `None` where there is none or a composer wrote it.
    pub asked: Option<String>,
    /// The words that it answers, as the platform shows them. Untrusted.
    pub thread: Option<String>,
    /// The personas whose rules the text keeps.
    pub personas: Vec<String>,
    /// In whose name.
    pub agent: AgentId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// The trace.
    pub correlation: CorrelationId,
    /// The policy that asked for a person, as `name@version`.
    pub policy: String,
    /// How much of the platform's limit the text uses, as `used/limit`; `None` without a text.
    pub count: Option<String>,
    /// Why it was refused, where it is only listed.
    pub refused: Option<ErrorCode>,
    /// Everything that would become public.
    pub effect: EffectV1,
}

impl EngagementDocument {
    /// The document as it is stored.
    ///
    /// # Errors
    /// When it has no canonical form, which its types rule out.
    pub fn to_json(&self) -> Result<String, CanonicalError> {
        let bytes = to_statement(self)?;
        String::from_utf8(bytes).map_err(|error| CanonicalError::NotJson(error.to_string()))
    }

    /// Reads a stored document back.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_json(json: &str) -> Result<Self, CanonicalError> {
        serde_json::from_str(json).map_err(|error| CanonicalError::NotJson(error.to_string()))
    }

    /// The effect, with its digest.
    ///
    /// # Errors
    /// When it has no canonical form, which its types rule out.
    pub fn fixed_effect(&self) -> Result<Effect, CanonicalError> {
        Effect::new(self.effect.clone())
    }
}
