//! The reviewer: sees exactly what would be sent, and decides about exactly that.

use std::collections::BTreeSet;

use chimera::contracts::publish::{ApprovalRecord, ApprovedBy, PublishInput};
use chimera::contracts::{CallContext, DecisionId, Digest, SkillName, SystemEntropy, fresh_uuid};
use chimera::effect::RequestKey;
use chimera::governance::{
    ApprovalStore, Approver, ApproverRole, BudgetScope, Decision, Recorded, Standing, Verdict, permits,
};
use chimera_examples::screen::{Answer, Screen};
use chimera_examples::{Failure, publish};

use crate::host::Host;
use crate::show;

/// Who reviews. A real host takes this from its own sign-in.
const REVIEWER: &str = "reviewer@example.com";

/// Shows the posts, asks, records the decision, and puts the claim of it into the input.
pub(crate) async fn approve(
    host: &Host,
    context: &CallContext,
    input: &mut PublishInput,
    screen: &Screen,
) -> Result<(), Failure> {
    let previews = publish::preview(&host.chimera, context, input).await?;
    publish::show(&previews, screen);
    let effects: BTreeSet<Digest> = previews.iter().map(|preview| preview.digest).collect();
    let decision = match standing(host, context, input, &effects).await? {
        Some(standing) => {
            show::approved_before(screen, &standing.decision);
            standing.decision
        }
        None => decide(host, context, input, effects, screen).await?,
    };
    input.content_bundle.approval_record = Some(ApprovalRecord {
        approved_by: ApprovedBy::HitlReviewer,
        approved_at: decision.decided_at,
        confidence_score: None,
        decision_id: Some(decision.id),
        attestation: None,
    });
    let scope = BudgetScope::campaign(context.namespace.clone(), input.campaign_id);
    host.ground.fund(&scope).await
}

/// A decision about all of these effects that was made in an earlier run, still holds, and was used by nobody else.
async fn standing(
    host: &Host,
    context: &CallContext,
    input: &PublishInput,
    effects: &BTreeSet<Digest>,
) -> Result<Option<Standing>, Failure> {
    let Some(first) = effects.first() else { return Ok(None) };
    let namespace = context.namespace.clone();
    let key = RequestKey { namespace, skill: SkillName::Publish, key: input.idempotency_key.clone() };
    let standings = host.ground.store.about_effect(&context.namespace, first).await?;
    let now = host.clock().now();
    Ok(standings.into_iter().find(|standing| {
        let ours = standing.used_by.is_none_or(|user| user == key.effect_id(first));
        let permitted = |effect| {
            permits(&standing.decision, &context.namespace, effect, Some(input.agent_id), now).is_ok()
        };
        ours && effects.iter().all(permitted)
    }))
}

async fn decide(
    host: &Host,
    context: &CallContext,
    input: &PublishInput,
    effects: BTreeSet<Digest>,
    screen: &Screen,
) -> Result<Decision, Failure> {
    if screen.ask("Publish exactly this?")? != Answer::Yes {
        return Err("the reviewer said no; nothing was sent".into());
    }
    let decision = Decision {
        id: DecisionId::from_uuid(fresh_uuid(host.clock().now(), &SystemEntropy)?),
        namespace: context.namespace.clone(),
        artifact: input.content_bundle.bundle_id.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: REVIEWER.to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some(input.agent_id.to_string()),
        agent: Some(input.agent_id),
        decided_at: host.clock().now(),
        expires_at: None,
        revoked_at: None,
        effects,
        confidence: None,
        spec_version: None,
        takes_back: false,
    };
    match host.ground.store.record(decision.clone()).await? {
        Recorded::New | Recorded::Already => {
            show::approved(screen, &decision);
            Ok(decision)
        }
        Recorded::Conflict => Err("another decision has this id".into()),
    }
}
