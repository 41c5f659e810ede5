//! The answer: from what the journal keeps to what the contract says.
//!
//! Everything observed (ids, times, durations) comes from the journal, so every caller of a key gets the same answer.

use chimera_contracts::publish::{
    ApprovalType, ApprovedBy, PublicationApproval, PublicationResult, PublicationStatus, PublishMetadata,
    PublishOutput, PublishStatus,
};
use chimera_contracts::{CallContext, ErrorCode, SkillName, StoreError};
use chimera_effect::step::{Tally, Whole, outcome_event};
use chimera_effect::{EffectRecord, EffectState, RequestKey, RequestRecord, Told};
use chimera_governance::ApproverRole;

use crate::skill::PublishSkill;

impl PublishSkill {
    /// What became of a key, at any time (PUB-23); `None` when the key was never admitted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(
        &self,
        context: &CallContext,
        key: &str,
    ) -> Result<Option<PublishOutput>, StoreError> {
        let key = RequestKey {
            namespace: context.namespace.clone(),
            skill: SkillName::Publish,
            key: key.to_owned(),
        };
        let view = self.ports.kernel.request(&key).await?;
        Ok(view.map(|view| {
            let now = self.ports.clock.now();
            let told: Vec<Told> = view.effects.into_iter().map(|record| Told::known(record, now)).collect();
            answer(&view.request, &told)
        }))
    }
}

/// The answer about these effects of a request.
pub(crate) fn answer(request: &RequestRecord, told: &[Told]) -> PublishOutput {
    let tally: Tally = told.iter().map(Told::state).collect();
    let publications: Vec<PublicationResult> = told.iter().map(publication).collect();
    let worst = publications
        .iter()
        .filter_map(|result| result.error_code.map(|code| (code, result)))
        .max_by_key(|(code, _)| severity(*code));
    let ended = told.iter().map(|told| told.record.progress.changed_at).max().unwrap_or(request.admitted_at);
    let duration = ended.signed_duration_since(request.admitted_at).num_milliseconds().max(0).unsigned_abs();
    let status = status(tally.whole());
    // A whole that succeeded reports no code, even where a part was mended on the way.
    let worst = worst.filter(|_| status != PublishStatus::Success);
    let retry = publications.iter().any(|result| result.retry_eligible == Some(true));
    PublishOutput {
        status,
        error_code: worst.map(|(code, _)| code),
        error_message: worst.and_then(|(_, result)| result.error_message.clone()),
        retry_eligible: worst.map(|_| retry),
        faults: None,
        metadata: Some(PublishMetadata {
            idempotency_key: Some(request.key.key.clone()),
            total_platforms: tally.total,
            successful_platforms: tally.published,
            failed_platforms: tally.failed,
            unknown_platforms: Some(tally.unknown),
            pending_platforms: Some(tally.pending),
            execution_duration_ms: Some(duration),
        }),
        publications,
    }
}

const fn status(whole: Whole) -> PublishStatus {
    match whole {
        Whole::Success => PublishStatus::Success,
        Whole::PartialSuccess => PublishStatus::PartialSuccess,
        Whole::Processing => PublishStatus::Processing,
        Whole::Scheduled => PublishStatus::Scheduled,
        Whole::Unknown => PublishStatus::Unknown,
        Whole::Failure => PublishStatus::Failure,
    }
}

/// The top-level code is the worst: unknown, then credentials, then what is final, then what may be retried (PUB-10).
const fn severity(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::OutcomeUnknown => 3,
        ErrorCode::PlatformAuthInvalid => 2,
        code if !code.retryable() => 1,
        _ => 0,
    }
}

fn publication(told: &Told) -> PublicationResult {
    let record = &told.record;
    let progress = &record.progress;
    let base = PublicationResult {
        approval: Some(approval(record)),
        ..PublicationResult::new(record.effect.content().platform, publication_status(told.state()))
    };
    match told.state() {
        EffectState::Published => {
            let post = progress.post.as_ref();
            PublicationResult {
                external_id: post.map(|post| post.id.clone()),
                external_url: post.and_then(|post| post.url.clone()),
                published_at: post.and_then(|post| post.published_at),
                event_id: Some(outcome_event(record)),
                // It is published, and something is public beside it that only a person can remove.
                error_message: record.incident_words(),
                ..base
            }
        }
        EffectState::Unknown => {
            let next_attempt_at = progress.due_at.filter(|_| told.broken.is_none());
            PublicationResult {
                error_code: Some(ErrorCode::OutcomeUnknown),
                error_message: Some(unknown_message(told)),
                retry_eligible: Some(false),
                next_attempt_at,
                ..base
            }
        }
        EffectState::NotDone | EffectState::Failed => {
            let refusal = progress.refusal.as_ref();
            // Credentials are for a person: asking again does not mend them.
            let mendable = refusal.is_none_or(|refusal| refusal.code.retryable());
            let retryable = told.state() == EffectState::NotDone && mendable;
            PublicationResult {
                error_code: refusal.map(|refusal| refusal.code),
                error_message: refusal.map(|refusal| refusal.message.clone()),
                retry_eligible: Some(retryable),
                next_attempt_at: refusal.and_then(|refusal| refusal.retry_at).filter(|_| retryable),
                ..base
            }
        }
        // Why it has not begun: it waits for the outcome of another one, or a switch stops it.
        _ => PublicationResult {
            error_message: record.open_words(),
            next_attempt_at: progress.due_at.filter(|_| record.open_words().is_some()),
            ..base
        },
    }
}

fn unknown_message(told: &Told) -> String {
    match &told.broken {
        Some(error) => format!("how it ended could not be recorded, so it will be looked up: {error}"),
        None => told.record.open_words().unwrap_or_else(|| "the outcome is not known".to_owned()),
    }
}

const fn publication_status(state: EffectState) -> PublicationStatus {
    match state {
        EffectState::Published => PublicationStatus::Published,
        EffectState::NotDone | EffectState::Failed => PublicationStatus::Failed,
        EffectState::Unknown => PublicationStatus::Unknown,
        EffectState::Scheduled => PublicationStatus::Scheduled,
        EffectState::Cancelled => PublicationStatus::Skipped,
        EffectState::RolledBack => PublicationStatus::RolledBack,
        EffectState::Admitted | EffectState::Attempting | EffectState::Processing => {
            PublicationStatus::Processing
        }
    }
}

fn approval(record: &EffectRecord) -> PublicationApproval {
    let (approved_by, approval_type) = match record.approver.role {
        ApproverRole::Judge => (ApprovedBy::Judge, ApprovalType::Auto),
        ApproverRole::HitlReviewer => (ApprovedBy::HitlReviewer, ApprovalType::Hitl),
        // No claim can name a policy, so no post has this approver; were there one, nobody looked at it.
        ApproverRole::Policy => (ApprovedBy::Judge, ApprovalType::Auto),
    };
    PublicationApproval { decision_id: record.decision, approved_by, approval_type }
}
