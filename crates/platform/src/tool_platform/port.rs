//! The port itself, and what its methods share.

use async_trait::async_trait;
use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{
    Attempt, EffectKind, Finding, LateOutcome, LookUp, NotReady, Outcome, Platform, PostOwners, Refusal,
    Service, Upload, Uploaded,
};
use futures_util::future::join_all;

use super::act::Act;
use super::{START, ToolPlatform};

/// How much of a failure stands in a message.
pub(super) const REASON: usize = 300;

#[async_trait]
impl Platform for ToolPlatform {
    fn service(&self, platform: PlatformName, kind: EffectKind) -> Option<Service> {
        let binding = self.bindings.get(&platform)?;
        let service = binding.profile.service(kind)?;
        Some(Service { grace: binding.client.grace(), ..service })
    }

    async fn ready(&self, wanted: &[PlatformName], kind: EffectKind) -> Vec<NotReady> {
        let deadline = self.after(START);
        let asked = wanted.iter().map(|platform| async move {
            match self.acting(*platform, kind) {
                Ok((binding, _)) => binding.ready(kind, deadline).await.err(),
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
