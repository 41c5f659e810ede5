//! Third step: the permit that the approval of the action stands for, and with it the publication.

use chimera::contracts::SkillName;
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::contracts::publish::PublishOutput;
use chimera::governance::review::{Review, ReviewState};
use chimera::governance::{ActionPermit, ActionPermits, PermitRequest};
use chimera_examples::screen::Screen;
use chimera_examples::{Failure, publish};

use crate::host::Host;
use crate::launch::Campaign;
use crate::show;

/// Publishes under the permit, and closes the review that it comes from.
pub(crate) async fn publish(
    host: &Host,
    campaign: &Campaign,
    proposal: &ProposeOutput,
    action: &ProposedAction,
    review: &Review,
    screen: &Screen,
) -> Result<PublishOutput, Failure> {
    show::step(screen, "3  publish: the posts that the reviewer saw, under that decision");
    let mut input = campaign.input.clone();
    if host.effects(SkillName::Publish, &input.idempotency_key).await?.is_empty() {
        let permit = permit(host, proposal, action, review).await?;
        show::permit(screen, &permit, action, campaign);
        input.content_bundle.approval_record = Some(permit.approval_record());
    } else {
        // What the journal keeps was permitted when it was admitted, and the approval may have lapsed since.
        show::admitted_before(screen);
    }
    let output = publish::publish(&host.chimera, host.clock(), host.worker(), &input, screen).await?;
    if review.state == ReviewState::Approved {
        host.chimera.desk().hand_over(review).await?;
    }
    Ok(output)
}

/// The permit to execute the action now.
async fn permit(
    host: &Host,
    proposal: &ProposeOutput,
    action: &ProposedAction,
    review: &Review,
) -> Result<ActionPermit, Failure> {
    let worker = host.worker();
    let decision = review.decision.as_ref().ok_or("the review was approved without a decision")?;
    let ask = PermitRequest {
        agent: worker.agent,
        correlation: worker.correlation,
        ..PermitRequest::new(&worker.namespace, proposal, &action.action_id, decision.id, &worker.actor)
    };
    let permit = permits(host).permit(&ask).await.map_err(|denied| format!("{}: {denied}", denied.code()))?;
    match permit.not_before() {
        Some(at) if at > host.clock().now() => {
            Err(format!("the action may not happen before {at}; run this again then").into())
        }
        _ => Ok(permit),
    }
}

fn permits(host: &Host) -> ActionPermits {
    let (approvals, ledger) = (host.ports.approvals.clone(), host.ports.ledger.clone());
    ActionPermits::new(approvals, ledger, host.ground.clock.clone())
}
