//! First step: what could be done when. Nothing of it happens.

use chimera::contracts::Skill;
use chimera::contracts::propose::{AlwaysNull, CandidateContext, ProposeInput, ProposeOutput};
use chimera_examples::Failure;
use chimera_examples::screen::Screen;

use crate::host::Host;
use crate::launch::Campaign;
use crate::show;

/// Asks for a plan for the bundle and its platforms; the same one however often it is asked.
pub(crate) async fn propose(
    host: &Host,
    campaign: &Campaign,
    screen: &Screen,
) -> Result<ProposeOutput, Failure> {
    show::step(screen, "1  propose: when and where; nothing happens by it");
    let context = host.planner();
    let asked = &campaign.launch.propose;
    let input = ProposeInput {
        request_id: asked.request_id.clone(),
        artifact_id: campaign.input.content_bundle.bundle_id.clone(),
        candidate_context: Some(CandidateContext {
            target_platforms: campaign.input.target_platforms.iter().map(ToString::to_string).collect(),
            audience_constraints: asked.audience_constraints.clone(),
        }),
        actor_id: context.actor.clone(),
        spec_version: asked.spec_version.clone(),
        approval_reference: AlwaysNull,
    };
    let answer = host.chimera.propose().call(&context, input).await?;
    let proposal =
        answer.into_result().map_err(|error| format!("{}: {}", error.error_code, error.message))?;
    show::proposal(screen, &proposal, campaign);
    Ok(proposal)
}
