//! `skill_engagement_manager` (seed 000): what it takes and what it answers.
//!
//! It proposes and never acts, and the types say so: [`AlwaysNull`] holds no approval, [`AlwaysTrue`] is never `false`.

mod action;
mod fixed;
mod impact;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;
use crate::fault::{Fault, Faults};
use crate::id::{ErrorId, EventId};
use crate::parse::{Length, Parser, ParserError, opaque, opaque_members};
use crate::skill::{RetryAfter, SkillOutput};

pub use action::{action_bytes, action_digest};
pub use fixed::{AlwaysNull, AlwaysTrue};
pub use impact::{Impact, ImpactError};

/// The contract id on the wire (seed 000, title).
pub const CONTRACT_ID: &str = "skill_engagement_manager";

/// The version of the contract; the seed numbers none, so this is ours.
pub const CONTRACT_VERSION: &str = "1.0.0";

// Bounds of an input.
const MAX_ID: usize = 255;
const MAX_PLATFORMS: usize = 50;
const MAX_NAME: usize = 100;
const MAX_CONSTRAINTS: usize = 100;
const MAX_CONSTRAINT: usize = 2_000;

/// Where the identifiers stand.
const IDS: [&str; 4] = ["/request_id", "/artifact_id", "/actor_id", "/spec_version"];

/// What to propose engagement for (PRO-01). Identifiers are opaque, 1 to 255 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeInput {
    /// Idempotency token: the same one with the same question gets the same answer (PRO-04).
    #[schemars(length(min = 1, max = MAX_ID))]
    pub request_id: String,
    /// The content that is to be engaged with.
    #[schemars(length(min = 1, max = MAX_ID))]
    pub artifact_id: String,
    /// For whom and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_context: Option<CandidateContext>,
    /// Who asks; no part of the key (PRO-04).
    #[schemars(length(min = 1, max = MAX_ID))]
    pub actor_id: String,
    /// The version of the spec that the caller keeps.
    #[schemars(length(min = 1, max = MAX_ID))]
    pub spec_version: String,
    /// Present and null: a proposal is made before any approval (PRO-02).
    pub approval_reference: AlwaysNull,
}

/// For whom and where (PRO-01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateContext {
    /// The platforms to propose for, in the host's names.
    #[serde(default)]
    #[schemars(length(max = MAX_PLATFORMS), inner(length(min = 1, max = MAX_NAME)))]
    pub target_platforms: Vec<String>,
    /// Constraints of the audience, such as `timezone`, `not_before`, `quiet_hours` (PRO-07).
    #[serde(default)]
    #[schemars(transform = bounded_constraints)]
    pub audience_constraints: BTreeMap<String, String>,
}

fn bounded_constraints(schema: &mut schemars::Schema) {
    schema.insert("maxProperties".to_owned(), MAX_CONSTRAINTS.into());
    let bounds = |most: usize| serde_json::json!({ "type": "string", "minLength": 1, "maxLength": most });
    schema.insert("propertyNames".to_owned(), bounds(MAX_NAME));
    schema.insert(
        "additionalProperties".to_owned(),
        serde_json::json!({ "type": "string", "maxLength": MAX_CONSTRAINT }),
    );
}

impl ProposeInput {
    /// A parser of this input.
    ///
    /// # Errors
    /// When the schema does not compile.
    pub fn parser() -> Result<Parser, ParserError> {
        Ok(Parser::new::<Self>()?.with_rules(|document| opaque_members(document, &IDS)))
    }

    /// Checks what the types cannot hold, for inputs that were built and not parsed: bounds.
    ///
    /// An input that [`ProposeInput::parser`] returned has passed.
    ///
    /// # Errors
    /// With all faults.
    pub fn check(&self) -> Result<(), Faults> {
        let id = |pointer, text| Length::characters(pointer, text).within(1, MAX_ID);
        let own = [
            id("/request_id", &self.request_id),
            id("/artifact_id", &self.artifact_id),
            id("/actor_id", &self.actor_id),
            id("/spec_version", &self.spec_version),
        ];
        let texts = [&self.request_id, &self.artifact_id, &self.actor_id, &self.spec_version];
        let controls = IDS.iter().zip(texts).filter_map(|(pointer, text)| opaque(*pointer, text));
        let context = self.candidate_context.as_ref().map(CandidateContext::faults).unwrap_or_default();
        Faults::check(own.into_iter().flatten().chain(controls).chain(context).collect())
    }
}

impl CandidateContext {
    fn faults(&self) -> Vec<Fault> {
        let (platforms, constraints) =
            ("/candidate_context/target_platforms", "/candidate_context/audience_constraints");
        let mut faults = vec![
            Length::of(platforms, &self.target_platforms).within(0, MAX_PLATFORMS),
            Length::members(constraints, self.audience_constraints.len()).within(0, MAX_CONSTRAINTS),
        ];
        faults.extend(self.target_platforms.iter().enumerate().map(|(index, platform)| {
            Length::characters(format_args!("{platforms}/{index}"), platform).within(1, MAX_NAME)
        }));
        for (name, constraint) in &self.audience_constraints {
            let mut pointer = constraints.to_owned();
            crate::json::push_token(&mut pointer, name);
            faults.push(Length::characters(&pointer, name).within(1, MAX_NAME));
            faults.push(Length::characters(&pointer, constraint).within(0, MAX_CONSTRAINT));
        }
        faults.into_iter().flatten().collect()
    }
}

/// What is answered to a request: a proposal, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ProposeAnswer {
    /// A proposal.
    Proposal(ProposeOutput),
    /// An error.
    Error(ErrorObject),
}

impl ProposeAnswer {
    /// The proposal, with `?` for the error.
    ///
    /// # Errors
    /// With the error, when nothing is proposed.
    pub fn into_result(self) -> Result<ProposeOutput, Box<ErrorObject>> {
        match self {
            Self::Proposal(proposal) => Ok(proposal),
            Self::Error(error) => Err(Box::new(error)),
        }
    }
}

impl SkillOutput for ProposeAnswer {
    fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Proposal(_) => None,
            Self::Error(error) => Some(error.error_code),
        }
    }

    /// An error that may pass says after how many seconds to ask again; one that stays says why (PRO-12).
    fn retryable(&self) -> bool {
        self.retry_after().is_some()
    }

    fn retry_after(&self) -> Option<RetryAfter> {
        let Self::Error(error) = self else { return None };
        error.details.as_ref()?.retry_after_seconds.map(RetryAfter::Seconds)
    }
}

/// A proposal (PRO-03); byte-identical whenever the same question is asked (PRO-04).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProposeOutput {
    /// The proposal's id. Derived.
    pub proposal_id: String,
    /// The request that it answers.
    pub request_id: String,
    /// The content that it is about.
    pub artifact_id: String,
    /// What is proposed.
    pub proposed_actions: Vec<ProposedAction>,
    /// Audit events, earliest first, then the inputs used as `kind:id` (PRO-10).
    pub provenance: Vec<String>,
    /// The version of the spec that it keeps.
    pub spec_version: String,
}

/// One action that somebody may take once it is approved (PRO-03).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProposedAction {
    /// The action's id. Derived.
    pub action_id: String,
    /// What to do: `schedule`, `publish`, `promote`, `target`, or another word of the strategy.
    pub action_type: String,
    /// On what or where.
    pub target: String,
    /// When; null when no time was given to derive it from (PRO-07).
    #[serde(default)]
    pub scheduled_time: Option<DateTime<Utc>>,
    /// What it is expected to bring, by metric; the strategy tells what a metric means.
    pub estimated_impact: BTreeMap<String, Impact>,
    /// Always true: nothing here happens without an approval.
    pub approval_required: AlwaysTrue,
}

/// Why nothing is proposed (PRO-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorObject {
    /// This error's id.
    pub error_id: ErrorId,
    /// What kind of error.
    pub error_code: ErrorCode,
    /// The same in words, with the next step.
    pub message: String,
    /// What else is known; null when nothing is.
    #[serde(default)]
    pub details: Option<ErrorDetails>,
    /// When it was found.
    pub timestamp: DateTime<Utc>,
    /// The audit event that tells it; null when it could not be recorded.
    #[serde(default)]
    pub related_event_id: Option<EventId>,
    /// The version of the spec in force.
    pub spec_version: String,
}

/// What else is known about an error (PRO-12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetails {
    /// With `VALIDATION_ERROR`: everything that is wrong with the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<Fault>>,
    /// When permanent: why, as a word for programs, such as `request_id_reused` (PRO-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When transient: after how many seconds to ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

#[cfg(test)]
mod tests;
