//! Queueing: what a person has to decide about, and what was refused and is only listed.

use chimera_contracts::engage::EngageOutput;
use chimera_contracts::{Confidence, ErrorCode, SkillName};
use chimera_governance::review::{Enqueued, NewReview, Review};
use chimera_governance::route::Reason;
use chimera_governance::{Flag, Policy, Sentiment};
use chimera_platform::text;
use chrono::{DateTime, Utc};

use crate::answer;
use crate::ask::Ask;
use crate::document::EngagementDocument;
use crate::engage::{Pace, check_queued};
use crate::judge::Judged;
use crate::refuse::Refusal;
use crate::skill::EngageSkill;

impl EngageSkill {
    /// Puts an engagement into the review queue; with `refused` it is only listed.
    pub(crate) async fn queue(
        &self,
        ask: &Ask<'_>,
        policy: &Policy,
        judged: &Judged,
        refused: Option<ErrorCode>,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        let document = document(ask, policy, judged, refused);
        let document =
            document.to_json().map_err(|error| Refusal::of(ErrorCode::ValidationError, error.to_string()))?;
        let new = NewReview {
            id: ask.review_id(),
            namespace: ask.namespace().clone(),
            skill: SkillName::Engage,
            request: Some(ask.key.request_id()),
            correlation: Some(ask.correlation),
            campaign: Some(ask.campaign),
            artifact: ask.engagement_id(),
            subject: judged.effect.digest(),
            document,
            requested_by: ask.context.actor.clone(),
            agent: Some(ask.agent),
            reasons: judged.routed.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            confidence: judged.scored.and_then(|scored| Confidence::try_from(scored).ok()),
            priority: priority(judged),
            refused: refused.is_some(),
            within: policy.review_within(),
        };
        match self.ports.reviews.enqueue(new).await.map_err(|error| Refusal::store(&error))? {
            Enqueued::Fresh(review) => queued(&review, self.ports.clock.now()),
            // Another caller of the key was first, and it ran already.
            Enqueued::Admitted => self.recall(ask, pace).await?.ok_or_else(|| {
                Refusal::of(
                    ErrorCode::StorageUnavailable,
                    "the queue knows of a request that the journal does not",
                )
            }),
            // Another caller of the key was first, with a judgement of its own; the first answer counts.
            Enqueued::Known(review) | Enqueued::Conflict(review) => {
                check_queued(ask, &review)?;
                queued(&review, self.ports.clock.now())
            }
        }
    }
}

/// The answer about a review that is not approved (yet).
pub(crate) fn queued(review: &Review, now: DateTime<Utc>) -> Result<EngageOutput, Refusal> {
    use chimera_governance::review::ReviewState as State;
    match review.state {
        state if state.open() && review.expires_at <= now => {
            Err(Refusal::known(ErrorCode::ReviewExpired, "no reviewer decided about it in time"))
        }
        State::Waiting | State::Claimed | State::Deferred | State::Approved | State::Executed => {
            Ok(answer::waiting(review))
        }
        State::Rejected => Err(Refusal::known(ErrorCode::ReviewRejected, "a reviewer rejected it")),
        State::Expired => {
            Err(Refusal::known(ErrorCode::ReviewExpired, "no reviewer decided about it in time"))
        }
        State::Cancelled => Err(Refusal::known(ErrorCode::Cancelled, "it was cancelled before a decision")),
        State::Refused => {
            let document = EngagementDocument::from_json(&review.document).ok();
            let code = document.and_then(|document| document.refused).unwrap_or(ErrorCode::LowConfidence);
            let message = match (code, review.confidence) {
                (ErrorCode::LowConfidence, Some(confidence)) => {
                    format!("the confidence of {confidence} is too low; it is listed for reviewers")
                }
                (ErrorCode::NeverAnswered, _) => {
                    "it would answer harassment, which gets no automated reply; it is listed for reviewers"
                        .to_owned()
                }
                _ => "it was refused; it is listed for reviewers".to_owned(),
            };
            Err(Refusal::known(code, message))
        }
    }
}

fn document(
    ask: &Ask<'_>,
    policy: &Policy,
    judged: &Judged,
    refused: Option<ErrorCode>,
) -> EngagementDocument {
    let content = judged.effect.content();
    let count =
        (!content.text.is_empty()).then(|| text::count_for(content.platform, content.kind, &content.text));
    EngagementDocument {
        v: 1,
        key: ask.key.clone(),
        action: ask.input.action,
        platform: ask.input.platform,
        target: ask.input.target.clone(),
        asked: ask.input.content.clone(),
        thread: judged.thread.clone(),
        personas: ask.input.persona_constraints.clone(),
        agent: ask.agent,
        campaign: ask.campaign,
        correlation: ask.correlation,
        policy: policy.id(),
        count: count.map(|count| format!("{}/{}", count.used, count.limit)),
        refused,
        effect: content.clone(),
    }
}

/// Crises first, then abuse and minors, then what is unfriendly.
fn priority(judged: &Judged) -> u8 {
    let flags = &judged.findings.flags;
    let raised = |wanted: &[Flag]| flags.all().any(|flag| wanted.contains(&flag));
    let negative = judged.findings.sentiment == Sentiment::Negative;
    match () {
        () if raised(&[Flag::Crisis]) => 8,
        () if raised(&[Flag::Minors, Flag::Harassment, Flag::Impersonation, Flag::Instruction]) => 7,
        () if negative => 6,
        () if judged
            .routed
            .reasons
            .iter()
            .any(|reason| matches!(reason, Reason::Thread(_) | Reason::Content(_))) =>
        {
            5
        }
        () => 4,
    }
}
