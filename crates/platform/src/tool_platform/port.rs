//! The port itself, and what its methods share.

use async_trait::async_trait;
use chimera_contracts::ErrorCode;
use chimera_effect::{
    AccountRef, Attempt, EffectKind, EffectV1, Finding, LateOutcome, LookUp, NotReady, Outcome, Platform,
    PostOwners, Refusal, Service, Unfit, Upload, Uploaded,
};
use futures_util::future::join_all;

use super::act::Act;
use super::{START, ToolPlatform, fit};

/// How much of a failure stands in a message.
pub(super) const REASON: usize = 300;

#[async_trait]
impl Platform for ToolPlatform {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        let binding = self.binding(account)?;
        let service = binding.profile.service(kind)?;
        Some(Service { grace: binding.client.grace(), ..service })
    }

    fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        // Without a tool there is nothing to fit; that it is missing is told by `service`.
        let Ok((_, tool)) = self.acting(content.account_ref(), content.kind) else { return Vec::new() };
        fit::before_approval(tool, content, media_types)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        let deadline = self.after(START);
        let asked = wanted.iter().map(|account| async move {
            match self.acting(*account, kind) {
                Ok((binding, _)) => binding.ready(account.name, kind, deadline).await.err(),
                Err(missing) => Some(missing),
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.hand_over(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        self.act(&Act {
            effect: attempt.effect(),
            effect_id: attempt.effect_id(),
            uploads: attempt.uploads(),
            call_key: attempt.call_key(),
            trace: attempt.trace(),
            number: attempt.number(),
            send_before: attempt.send_before(),
        })
        .await
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        self.look_for(look, owners).await
    }

    fn late(&self) -> Vec<LateOutcome> {
        self.late_outcomes()
    }
}

pub(super) fn not_ready(faults: NotReady) -> Refusal {
    refusal(faults.code, faults.message)
}

pub(super) fn refusal(code: ErrorCode, message: String) -> Refusal {
    Refusal { code, message, retry_at: None, said: None }
}
