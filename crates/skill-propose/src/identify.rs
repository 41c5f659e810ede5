//! From a plan to a proposal: every action gets its id, and the proposal says what it was made from.

use chimera_contracts::canonical::CanonicalError;
use chimera_contracts::propose::{AlwaysTrue, ProposeInput, ProposeOutput, ProposedAction};

use crate::brief::Brief;
use crate::question::Question;
use crate::strategy::{PlannedAction, ProposalStrategy};

/// The proposal of a plan. Nothing of it comes from a clock or from chance.
pub(crate) fn identify(
    question: &Question,
    input: &ProposeInput,
    brief: &Brief,
    strategy: &dyn ProposalStrategy,
    plan: Vec<PlannedAction>,
) -> Result<ProposeOutput, CanonicalError> {
    let actions = plan.into_iter().enumerate().map(|(position, planned)| {
        let PlannedAction { action_type, target, scheduled_time, estimated_impact } = planned;
        Ok(ProposedAction {
            action_id: question.action_id(position, action_type.as_str(), &target)?,
            action_type: action_type.to_string(),
            target,
            scheduled_time,
            estimated_impact,
            approval_required: AlwaysTrue,
        })
    });
    Ok(ProposeOutput {
        proposal_id: question.proposal_id.to_string(),
        request_id: input.request_id.clone(),
        artifact_id: input.artifact_id.clone(),
        proposed_actions: actions.collect::<Result<_, CanonicalError>>()?,
        provenance: provenance(question, brief, strategy),
        spec_version: input.spec_version.clone(),
    })
}

/// The event that tells of the proposal, then what it was made from (PRO-10).
fn provenance(question: &Question, brief: &Brief, strategy: &dyn ProposalStrategy) -> Vec<String> {
    let insights = brief.insights.as_ref().map(|insights| format!("insights:{}", insights.id));
    let strategy = format!("strategy:{}@{}", strategy.name(), strategy.version());
    std::iter::once(question.event.to_string()).chain(insights).chain([strategy]).collect()
}
