//! A refusal: nothing of the request is recorded in the journal, nothing happened, and the ledger knows that it was asked.

use chimera_contracts::publish::{
    PublicationResult, PublicationStatus, PublishInput, PublishMetadata, PublishOutput, PublishStatus,
};
use chimera_contracts::{
    Applied, CallContext, Digest, ErrorCode, Fault, Faults, PlatformName, SkillName, StoreError,
};
use chimera_effect::step::{RefusedRequest, refusal_draft};
use chimera_effect::{Refused, RequestKey};

use crate::skill::PublishSkill;

/// Why a request is refused as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) why: Refused,
    pub(crate) faults: Vec<Fault>,
    /// The store failed so that the request may have been admitted all the same.
    pub(crate) open: bool,
    /// The store does not come back by itself, so that asking again does not help.
    pub(crate) lasts: bool,
}

impl Refusal {
    pub(crate) fn whole(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            why: Refused { code, platform: None, message: message.into() },
            faults: Vec::new(),
            open: false,
            lasts: false,
        }
    }

    pub(crate) fn about(platform: PlatformName, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            why: Refused { code, platform: Some(platform), message: message.into() },
            faults: Vec::new(),
            open: false,
            lasts: false,
        }
    }

    pub(crate) fn faults(code: ErrorCode, faults: Vec<Fault>) -> Self {
        match Faults::check(faults) {
            Err(faults) => {
                Self { faults: faults.as_slice().to_vec(), ..Self::whole(code, faults.to_string()) }
            }
            Ok(()) => Self::whole(code, "refused"),
        }
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        match error.applied {
            Applied::NotApplied => Self {
                lasts: !error.kind.may_pass(),
                ..Self::whole(ErrorCode::StorageUnavailable, error.to_string())
            },
            Applied::MaybeApplied => {
                Self { open: true, ..Self::whole(ErrorCode::OutcomeUnknown, error.to_string()) }
            }
        }
    }
}

impl From<Refused> for Refusal {
    fn from(why: Refused) -> Self {
        Self { why, faults: Vec::new(), open: false, lasts: false }
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::faults(ErrorCode::ValidationError, faults.as_slice().to_vec())
    }
}

pub(crate) fn request_key(context: &CallContext, input: &PublishInput) -> RequestKey {
    RequestKey {
        namespace: context.namespace.clone(),
        skill: SkillName::Publish,
        key: input.idempotency_key.clone(),
    }
}

/// The answer to a refused request: every target failed, for the one reason.
pub(crate) fn answer(input: &PublishInput, refusal: &Refusal) -> PublishOutput {
    let Refused { code, platform, message } = &refusal.why;
    let message = match platform {
        Some(platform) => format!("{platform}: {message}"),
        None => message.clone(),
    };
    let retry_eligible = Some(code.retryable() && !refusal.lasts);
    let failed = |platform: &PlatformName| PublicationResult {
        error_code: Some(*code),
        error_message: Some(message.clone()),
        retry_eligible,
        ..PublicationResult::new(*platform, PublicationStatus::Failed)
    };
    let total = u32::try_from(input.target_platforms.len()).unwrap_or(u32::MAX);
    PublishOutput {
        publications: input.target_platforms.iter().map(failed).collect(),
        metadata: Some(PublishMetadata {
            idempotency_key: Some(input.idempotency_key.clone()),
            total_platforms: total,
            failed_platforms: total,
            ..PublishMetadata::default()
        }),
        faults: (!refusal.faults.is_empty()).then(|| refusal.faults.clone()),
        retry_eligible,
        ..PublishOutput::refusal(*code, message)
    }
}

/// The answer where nobody can say whether the request was admitted: asking again with the same key tells.
pub(crate) fn open_answer(input: &PublishInput, refusal: &Refusal) -> PublishOutput {
    let Refused { code, message, .. } = &refusal.why;
    let message =
        format!("whether the request was recorded is not known; ask again with the same key: {message}");
    let unknown = |platform: &PlatformName| PublicationResult {
        error_code: Some(*code),
        error_message: Some(message.clone()),
        retry_eligible: Some(false),
        ..PublicationResult::new(*platform, PublicationStatus::Unknown)
    };
    let total = u32::try_from(input.target_platforms.len()).unwrap_or(u32::MAX);
    PublishOutput {
        status: PublishStatus::Unknown,
        publications: input.target_platforms.iter().map(unknown).collect(),
        metadata: Some(PublishMetadata {
            idempotency_key: Some(input.idempotency_key.clone()),
            total_platforms: total,
            unknown_platforms: Some(total),
            ..PublishMetadata::default()
        }),
        ..PublishOutput::refusal(*code, message)
    }
}

impl PublishSkill {
    /// Leaves the evidence of a refusal. Nothing happened, so a ledger that fails does not change the answer.
    pub(crate) async fn record_refusal(
        &self,
        context: &CallContext,
        input: &PublishInput,
        effects: &[Digest],
        refusal: &Refusal,
    ) {
        let key = request_key(context, input);
        let draft = refusal_draft(&RefusedRequest {
            key: &key,
            correlation: Some(input.correlation_id),
            actor: &context.actor,
            agent: Some(input.agent_id),
            campaign: Some(input.campaign_id),
            task: Some(input.task_id),
            decision: input.content_bundle.approval_record.as_ref().and_then(|record| record.decision_id),
            effects,
            why: &refusal.why,
        });
        if let Err(error) = self.ports.ledger.append(vec![draft]).await {
            tracing::error!(%error, code = %refusal.why.code, "a refusal could not be recorded");
        }
    }
}
