//! Second step: one proposed action goes to a person, together with the posts that it would make public.

use std::collections::BTreeSet;

use chimera::contracts::Digest;
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::governance::review::{Enqueued, Review, ReviewState};
use chimera::governance::{ActionDocument, ActionReview, new_action_review};
use chimera::skill_propose::ActionType;
use chimera::skill_publish::Preview;
use chimera_examples::screen::{Answer, Screen};
use chimera_examples::{Failure, publish};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::host::Host;
use crate::launch::Campaign;
use crate::reviewer::{LEASE, reviewer};
use crate::show;

/// How long the review may wait, and for how long an approval holds.
const WITHIN: TimeDelta = TimeDelta::days(1);
const HOLDS: TimeDelta = TimeDelta::days(1);

/// Before what is merely unsure, behind abuse and crises.
const PRIORITY: u8 = 5;

/// Sends the first action that publishes to review, and has it decided. A review that was decided in an earlier run stays
/// as it was decided.
pub(crate) async fn review<'a>(
    host: &Host,
    campaign: &Campaign,
    proposal: &'a ProposeOutput,
    screen: &Screen,
) -> Result<(&'a ProposedAction, Review), Failure> {
    show::step(
        screen,
        "2  review: a person decides about the first of these actions, and the posts that go with it",
    );
    let action = proposal.proposed_actions.iter().find(|action| publishes(action));
    let action = action.ok_or("the proposal holds no action that publishes")?;
    let previews = publish::preview(&host.chimera, host.worker(), &campaign.input).await?;
    let review = enqueue(host, proposal, action, &previews).await?;
    show::sent(screen, action, campaign, &review);
    let review = match review.state {
        state if state.open() => decide(host, &review, &previews, screen).await?,
        ReviewState::Approved | ReviewState::Executed => review,
        state => return Err(format!("the action's review is {}; nothing was sent", state.as_str()).into()),
    };
    // A run that was cut between deciding and recording left the decision in the queue alone.
    host.chimera.desk().settle(&review).await?;
    show::approved(screen, &review);
    Ok((action, review))
}

fn publishes(action: &ProposedAction) -> bool {
    [ActionType::PUBLISH, ActionType::SCHEDULE].iter().any(|kind| kind.as_str() == action.action_type)
}

/// Queues the action with the exact posts; the same review however often it is queued.
async fn enqueue(
    host: &Host,
    proposal: &ProposeOutput,
    action: &ProposedAction,
    previews: &[Preview],
) -> Result<Review, Failure> {
    let planner = host.planner();
    let new = new_action_review(ActionReview {
        namespace: &planner.namespace,
        proposal,
        action,
        requested_by: &planner.actor,
        agent: planner.agent,
        correlation: planner.correlation,
        campaign: planner.campaign,
        shown: Map::from_iter([("posts".to_owned(), previews.iter().map(shown).collect())]),
        priority: PRIORITY,
        within: WITHIN,
    })?;
    match host.ports.reviews.enqueue(new).await? {
        Enqueued::Fresh(review) | Enqueued::Known(review) => Ok(*review),
        Enqueued::Conflict(_) => {
            Err("this database holds a review of the action with other posts; name another database".into())
        }
        // The review of an action belongs to no request, so that the journal has nothing to say about it.
        Enqueued::Admitted => Err("the store holds a request in the place of the action's review".into()),
    }
}

fn shown(preview: &Preview) -> Value {
    let media: Vec<_> = preview.media.iter().map(|medium| medium.url.clone()).collect();
    json!({
        "platform": preview.platform,
        "account": preview.account,
        "text": preview.text,
        "media": media,
        "effect": preview.digest,
    })
}

/// Asks the reviewer about exactly what was queued.
async fn decide(
    host: &Host,
    review: &Review,
    previews: &[Preview],
    screen: &Screen,
) -> Result<Review, Failure> {
    publish::show(previews, screen);
    let (desk, namespace, reviewer) = (host.chimera.desk(), &host.worker().namespace, reviewer());
    let answer = screen.ask("Let this action and exactly these posts happen?")?;
    if answer == Answer::Nothing {
        return Err("nobody decided, and nothing was sent; answer, or give --yes; with the same --db it goes on where it stopped".into());
    }
    desk.claim(namespace, review.id, &reviewer, LEASE).await?;
    if answer == Answer::No {
        desk.reject(namespace, review.id, &reviewer).await?;
        return Err("the reviewer said no; nothing was sent".into());
    }
    let effects: BTreeSet<Digest> = previews.iter().map(|preview| preview.digest).collect();
    let terms = ActionDocument::from_json(&review.document)?.terms(effects, HOLDS);
    let approved = desk.approve(namespace, review.id, &reviewer, terms).await?;
    show::decided(screen, "approved", &reviewer);
    Ok(approved)
}
