//! From the skills' answers, and from what the journal holds, to what was claimed.

use chimera::contracts::ErrorCode;
use chimera::contracts::engage::{EngageOutput, EngageStatus};
use chimera::contracts::publish::{PublicationStatus, PublishOutput, PublishStatus};
use chimera::effect::{EffectRecord, EffectState};
use chimera_testkit::outside::Claim;

/// What a caller was told, and the reason that stood with it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) claim: Claim,
    pub(super) words: String,
}

impl Told {
    pub(super) fn of_publish(output: &PublishOutput) -> Self {
        let result = output.publications.first();
        let claim = match result.map(|result| result.status) {
            Some(PublicationStatus::Published) => {
                Claim::Published(result.and_then(|result| result.external_id.clone()))
            }
            Some(PublicationStatus::Failed) => Claim::NotDone,
            Some(PublicationStatus::Unknown) => Claim::Unknown,
            None if output.status == PublishStatus::Failure => Claim::NotDone,
            _ => Claim::Open,
        };
        let code = result.and_then(|result| result.error_code).or(output.error_code);
        let message = result.and_then(|result| result.error_message.clone());
        let message = message.or_else(|| output.error_message.clone()).unwrap_or_default();
        Self { claim, words: words(output.status.as_str(), code, &message) }
    }

    pub(super) fn of_engage(output: &EngageOutput) -> Self {
        let code = output.error.as_ref().map(|error| error.code);
        let claim = match output.status {
            EngageStatus::Success => {
                let id = output.platform_response.as_ref().and_then(|response| response.get("id"));
                Claim::Published(id.and_then(|id| id.as_str()).map(str::to_owned))
            }
            EngageStatus::Failed => Claim::NotDone,
            EngageStatus::Pending if code == Some(ErrorCode::OutcomeUnknown) => Claim::Unknown,
            EngageStatus::Pending => Claim::Open,
        };
        let message = output.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
        Self { claim, words: words(output.status.as_str(), code, message) }
    }

    pub(super) fn of_record(record: &EffectRecord) -> Self {
        let progress = &record.progress;
        let claim = match progress.state {
            EffectState::Published => Claim::Published(progress.post.as_ref().map(|post| post.id.clone())),
            EffectState::NotDone | EffectState::Failed => Claim::NotDone,
            EffectState::Unknown => Claim::Unknown,
            _ => Claim::Open,
        };
        let code = progress.refusal.as_ref().map(|refusal| refusal.code);
        Self { claim, words: words(progress.state.as_str(), code, "") }
    }
}

fn words(status: &str, code: Option<ErrorCode>, message: &str) -> String {
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    format!("{status}{code}{colon}{message}")
}
