//! The gate: from planned effects to approved ones. The inline approval record is a claim, never proof (PUB-03).

use chimera_contracts::publish::{ApprovedBy, PublishInput};
use chimera_contracts::{AgentId, ErrorCode};
use chimera_effect::{Effect, RequestKey};
use chimera_governance::{Approved, ApproverRole, Claim, GateError};

use crate::plan::Planned;
use crate::refuse::Refusal;
use crate::skill::PublishSkill;

/// What the input claims about its approval.
pub(crate) fn claim(input: &PublishInput) -> Result<Claim, Refusal> {
    let Some(record) = &input.content_bundle.approval_record else {
        let message = "the bundle has no `approval_record`: have it approved first";
        return Err(Refusal::whole(ErrorCode::NoApprovalRecord, message));
    };
    let role = match record.approved_by {
        ApprovedBy::Judge => ApproverRole::Judge,
        ApprovedBy::HitlReviewer => ApproverRole::HitlReviewer,
    };
    Ok(Claim { artifact: input.content_bundle.bundle_id.clone(), role, decision: record.decision_id })
}

impl PublishSkill {
    /// Passes every planned effect through the gate; the first that does not pass refuses the request.
    pub(crate) async fn approve(
        &self,
        key: &RequestKey,
        planned: &[Planned],
        agent: AgentId,
        claim: &Claim,
    ) -> Result<Vec<Approved<Effect>>, Refusal> {
        let mut approved = Vec::with_capacity(planned.len());
        for Planned { platform, effect, .. } in planned {
            let id = key.effect_id(&effect.digest());
            match self.ports.kernel.approve(effect.clone(), id, agent, claim).await {
                Ok(passed) => approved.push(passed),
                Err(GateError::Store(error)) => return Err(Refusal::store(&error)),
                Err(denied) => return Err(Refusal::about(*platform, denied.code(), denied.to_string())),
            }
        }
        Ok(approved)
    }
}
