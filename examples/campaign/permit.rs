//! Third step: the permit that the approval of the action stands for, and with it the publication.

use chimera::contracts::publish::{ApprovalRecord, ApprovedBy, PublishInput, PublishOutput};
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::governance::review::{Review, ReviewState};
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
    show::step(screen, "3  publish: under a permit for exactly that");
    let _ = (proposal, action);
    let decision = review.decision.as_ref().ok_or("no decision")?;
    let mut input: PublishInput = campaign.input.clone();
    input.content_bundle.approval_record = Some(ApprovalRecord {
        approved_by: ApprovedBy::HitlReviewer,
        approved_at: decision.decided_at,
        confidence_score: None,
        decision_id: Some(decision.id),
        attestation: None,
    });
    let output = publish::publish(&host.chimera, host.clock(), host.worker(), &input, screen).await?;
    if review.state == ReviewState::Approved {
        host.chimera.desk().hand_over(review).await?;
    }
    Ok(output)
}
