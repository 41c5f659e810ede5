//! Second step: one proposed action goes to a person, together with the posts that it would make public.

use std::collections::BTreeSet;

use chimera::contracts::Digest;
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::governance::Terms;
use chimera::governance::review::{Enqueued, Review, ReviewState};
use chimera::skill_propose::ActionType;
use chimera::skill_publish::Preview;
use chimera_examples::screen::Screen;
use chimera_examples::{Failure, publish};
use chrono::TimeDelta;

use crate::host::Host;
use crate::launch::Campaign;
use crate::reviewer::{LEASE, reviewer};
use crate::show;

/// For how long the approval holds.
const HOLDS: TimeDelta = TimeDelta::days(1);

/// Sends the first action that publishes to review, and has it decided. A review that was decided in an earlier run stays
/// as it was decided.
pub(crate) async fn review<'a>(
    host: &Host,
    campaign: &Campaign,
    proposal: &'a ProposeOutput,
    screen: &Screen,
) -> Result<(&'a ProposedAction, Review), Failure> {
    show::step(screen, "2  review: a person decides about the first action and the posts behind it");
    let action = proposal.proposed_actions.iter().find(|action| publishes(action));
    let action = action.ok_or("the proposal holds no action that publishes")?;
    let previews = publish::preview(&host.chimera, host.worker(), &campaign.input).await?;
    let review = enqueue(host, campaign, proposal, action, &previews).await?;
    show::sent(screen, action, campaign, &review);
    let review = match review.state {
        state if state.open() => decide(host, &review, proposal, &previews, screen).await?,
        ReviewState::Approved | ReviewState::Executed => {
            show::decided_before(screen, &review);
            review
        }
        state => return Err(format!("the action's review is {}; nothing was sent", state.as_str()).into()),
    };
    // A run that was cut between deciding and recording left the decision in the queue alone.
    host.chimera.desk().settle(&review).await?;
    Ok((action, review))
}

fn publishes(action: &ProposedAction) -> bool {
    [ActionType::PUBLISH, ActionType::SCHEDULE].iter().any(|kind| kind.as_str() == action.action_type)
}

/// Asks the reviewer about exactly what was shown.
async fn decide(
    host: &Host,
    review: &Review,
    proposal: &ProposeOutput,
    previews: &[Preview],
    screen: &Screen,
) -> Result<Review, Failure> {
    publish::show(previews, screen);
    let (desk, namespace, reviewer) = (host.chimera.desk(), &host.worker().namespace, reviewer());
    let yes = screen.ask("Let this action and exactly these posts happen?")?;
    desk.claim(namespace, review.id, &reviewer, LEASE).await?;
    if !yes {
        desk.reject(namespace, review.id, &reviewer).await?;
        return Err("the reviewer said no; nothing was sent".into());
    }
    let also: BTreeSet<Digest> = previews.iter().map(|preview| preview.digest).collect();
    let terms = Terms { also, holds: HOLDS, spec_version: Some(proposal.spec_version.clone()) };
    let decided = desk.approve(namespace, review.id, &reviewer, terms).await?;
    show::decided(screen, yes, &reviewer);
    Ok(decided)
}

async fn enqueue(
    host: &Host,
    campaign: &Campaign,
    proposal: &ProposeOutput,
    action: &ProposedAction,
    previews: &[Preview],
) -> Result<Review, Failure> {
    // STAND-IN for governance::new_action_review
    use chimera::contracts::propose::action_digest;
    use chimera::contracts::{ReviewId, SkillName, derive_uuid};
    let planner = host.planner();
    let subject = action_digest(
        &planner.namespace,
        &proposal.proposal_id,
        &proposal.artifact_id,
        &proposal.spec_version,
        action,
    );
    let document = serde_json::json!({"action": action, "posts": previews.iter().map(|p| p.text.clone()).collect::<Vec<_>>()});
    let new = chimera::governance::review::NewReview {
        id: ReviewId::from_uuid(derive_uuid("stand-in", &[subject.as_bytes()])),
        namespace: planner.namespace.clone(),
        skill: SkillName::Propose,
        request: None,
        correlation: planner.correlation,
        campaign: planner.campaign,
        artifact: proposal.artifact_id.clone(),
        subject,
        document: document.to_string(),
        requested_by: planner.actor.clone(),
        reasons: vec![],
        confidence: None,
        priority: 4,
        refused: false,
        within: TimeDelta::days(1),
    };
    let _ = campaign;
    match host.ports.reviews.enqueue(new).await? {
        Enqueued::Fresh(review) | Enqueued::Known(review) => Ok(*review),
        Enqueued::Conflict(_) => Err("another review has the id of this action's".into()),
    }
}
