//! A proposed action in the review queue: what the reviewer is shown, and what goes with a yes (PRO-13).
//!
//! The id of the decision about it is the action's `approval_reference`.

use std::collections::BTreeSet;

use chimera_contracts::canonical::{CanonicalError, to_canonical};
use chimera_contracts::propose::{ProposeOutput, ProposedAction, action_digest};
use chimera_contracts::{
    AgentId, CampaignId, CorrelationId, Digest, Namespace, ReviewId, SkillName, derive_uuid,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::desk::Terms;
use crate::review::NewReview;

/// Why a person is asked: every proposed action wants an approval.
const REASON: &str = "approval_required";

/// An action that a person is to decide about.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionReview<'a> {
    /// The tenant.
    pub namespace: &'a Namespace,
    /// The proposal that the action is of.
    pub proposal: &'a ProposeOutput,
    /// The action.
    pub action: &'a ProposedAction,
    /// The authenticated principal that asks; it may not decide.
    pub requested_by: &'a str,
    /// The agent that is to execute the action; an approval permits this agent alone. `None`: any agent.
    pub agent: Option<AgentId>,
    /// The trace.
    pub correlation: Option<CorrelationId>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// What else the reviewer is shown, such as the texts of the bundle.
    pub shown: Map<String, Value>,
    /// 0 to 9; higher goes first.
    pub priority: u8,
    /// How long it may wait.
    pub within: TimeDelta,
}

/// What the reviewer of an action is shown, as it stands in the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionDocument {
    /// The version of this document: 1.
    pub v: u32,
    /// The action.
    pub action: ProposedAction,
    /// The content that it is about.
    pub artifact_id: String,
    /// The proposal that it is of.
    pub proposal_id: String,
    /// The version of the spec that the proposal keeps.
    pub spec_version: String,
    /// What else is shown.
    pub shown: Map<String, Value>,
}

impl ActionDocument {
    /// Reads the document of a review.
    ///
    /// # Errors
    /// When it is not the document of an action.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The document as it is queued: the same action, the same bytes.
    ///
    /// # Errors
    /// When it has no canonical form, which its types rule out.
    pub fn to_json(&self) -> Result<String, CanonicalError> {
        String::from_utf8(to_canonical(self)?).map_err(|error| CanonicalError::NotJson(error.to_string()))
    }

    /// The digest of the action: what an approval of it lists.
    #[must_use]
    pub fn digest(&self, namespace: &Namespace) -> Digest {
        action_digest(namespace, &self.proposal_id, &self.artifact_id, &self.spec_version, &self.action)
    }

    /// What goes with an approval of it: the version of the spec, and the effects of the bundle, so that the publish skill
    /// accepts the same decision.
    #[must_use]
    pub fn terms(&self, effects: BTreeSet<Digest>, holds: TimeDelta) -> Terms {
        Terms { also: effects, holds, spec_version: Some(self.spec_version.clone()) }
    }
}

/// A proposed action, to be queued. Its id derives from the proposal and the action, so that asking twice is one review.
///
/// # Errors
/// When what is shown has no canonical form.
pub fn new_action_review(ask: ActionReview<'_>) -> Result<NewReview, CanonicalError> {
    let document = ActionDocument {
        v: 1,
        action: ask.action.clone(),
        artifact_id: ask.proposal.artifact_id.clone(),
        proposal_id: ask.proposal.proposal_id.clone(),
        spec_version: ask.proposal.spec_version.clone(),
        shown: ask.shown,
    };
    Ok(NewReview {
        id: review_id(ask.namespace, &document),
        namespace: ask.namespace.clone(),
        skill: SkillName::Propose,
        request: None,
        correlation: ask.correlation,
        campaign: ask.campaign,
        artifact: document.artifact_id.clone(),
        subject: document.digest(ask.namespace),
        document: document.to_json()?,
        requested_by: ask.requested_by.to_owned(),
        agent: ask.agent,
        reasons: vec![REASON.to_owned()],
        confidence: None,
        priority: ask.priority,
        refused: false,
        within: ask.within,
    })
}

fn review_id(namespace: &Namespace, document: &ActionDocument) -> ReviewId {
    let parts = [namespace.as_str(), &document.proposal_id, &document.action.action_id].map(str::as_bytes);
    ReviewId::from_uuid(derive_uuid("chimera/action-review/v1", &parts))
}
