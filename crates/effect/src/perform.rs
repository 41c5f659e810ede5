//! Beginning an attempt and performing it: write before you act.

use chimera_contracts::StoreError;
use chimera_governance::{Approved, GateError};

use crate::attempt::Attempt;
use crate::drive::{Drive, Next};
use crate::effect::Effect;
use crate::journal::{Advanced, Refused, Step};
use crate::outcome::{FoundBy, Outcome, Refusal, UnknownOutcome};
use crate::platform::{LateOutcome, Service, Trace, Upload, Uploaded};
use crate::state::EffectState;

impl Drive<'_> {
    /// Records an attempt, after the approval was checked again and the media are with the platform.
    pub(crate) async fn begin(&mut self) -> Result<Next, StoreError> {
        // Whoever asked does not wait any more: what was not begun is left as it is.
        if self.kernel.clock.now() >= self.until {
            return Ok(Next::Stop);
        }
        let approved = match self.reapprove().await? {
            Ok(approved) => approved,
            Err(refused) => return self.barred(refused).await,
        };
        let Some(service) = self.service() else {
            return self.barred(self.not_served()).await;
        };
        let mut uploads = self.record.progress.uploads.clone();
        if let Err(refusal) = self.upload(&service, &mut uploads).await {
            self.refused = true;
            // What did arrive is kept, so that only the rest is uploaded again.
            if uploads.len() > self.record.progress.uploads.len() {
                self.step(Step::Uploaded(uploads), true).await?;
            }
            return self.step(Step::NotDone(refusal), false).await;
        }
        self.attempts_left = self.attempts_left.saturating_sub(1);
        let window = self.kernel.window(&service);
        let advanced = self.kernel.advance(&self.record, Step::Begin { window, uploads }, true).await?;
        if matches!(advanced, Advanced::Applied(_) | Advanced::Already(_)) {
            self.begun = Some(approved);
        }
        let next = self.adopt(advanced).await?;
        if self.record.progress.state != EffectState::Attempting {
            // It waits for another one, or moved meanwhile: nothing is sent.
            self.begun = None;
        }
        Ok(if self.record.progress.waits_for.is_some() { Next::Stop } else { next })
    }

    /// Performs the attempt that this drive recorded.
    pub(crate) async fn perform(&mut self, approved: Approved<Effect>) -> Result<Next, StoreError> {
        let Some(attempt) = Attempt::new(approved, &self.record, &self.request) else {
            let reason = "the recorded attempt and the approval do not fit together; nothing was sent";
            return self.step(Step::Unknown(UnknownOutcome::because(reason)), true).await;
        };
        let outcome = if self.kernel.clock.now() < attempt.send_before() {
            self.kernel.platform.perform(&attempt).await
        } else {
            Outcome::NotDone(too_late())
        };
        let step = match outcome.clone() {
            Outcome::Done(evidence) => Step::Done { evidence, found_by: FoundBy::Answer },
            Outcome::Accepted(pending) => Step::Accepted(pending),
            Outcome::NotDone(refusal) => {
                self.refused = true;
                Step::NotDone(refusal)
            }
            Outcome::Unknown(unknown) => Step::Unknown(unknown),
        };
        // What is still open is worth a look at once; everything else is let go in the same step.
        let open = match &step {
            Step::Unknown(_) => true,
            Step::NotDone(_) => self.record.progress.unsettled_since.is_some(),
            _ => false,
        };
        match self.kernel.advance(&self.record, step, open).await? {
            Advanced::Taken { .. } => {
                let reason = "the platform answered with a post that belongs to another effect";
                self.step(Step::Unknown(UnknownOutcome::because(reason)), true).await
            }
            // Another holder took it over meanwhile: what came of the attempt is recorded all the same.
            Advanced::Fenced => {
                let (effect, attempt) = (self.record.id, self.record.progress.attempts);
                let namespace = self.request.key.namespace.clone();
                self.kernel.observe(LateOutcome { namespace, effect, attempt, outcome }).await?;
                self.adopt(Advanced::Fenced).await
            }
            advanced => self.adopt(advanced).await,
        }
    }

    /// Ends the effect, or at least this drive, because it may not be sent (any more).
    ///
    /// An effect that may be public already stays unknown: it may be looked up, not sent (PUB-21).
    pub(crate) async fn barred(&mut self, refused: Refused) -> Result<Next, StoreError> {
        self.attempts_left = 0;
        self.barred = true;
        self.approved = None;
        if self.record.progress.state == EffectState::Unknown {
            return Ok(Next::On);
        }
        let refusal = Refusal { code: refused.code, message: refused.message, retry_at: None, said: None };
        match self.kernel.advance(&self.record, Step::NotDone(refusal), false).await? {
            Advanced::Applied(record) | Advanced::Already(record) => self.record = *record,
            _ => self.reload().await?,
        }
        Ok(Next::Stop)
    }

    pub(crate) fn service(&self) -> Option<Service> {
        let content = self.record.effect.content();
        self.kernel.platform.service(content.account_ref(), content.kind)
    }

    async fn reapprove(&mut self) -> Result<Result<Approved<Effect>, Refused>, StoreError> {
        if let Some(approved) = self.approved.take() {
            return Ok(Ok(approved));
        }
        let effect = self.record.effect.clone();
        let platform = Some(effect.content().platform);
        let (id, agent, decision) = (self.record.id, Some(self.request.agent), self.record.decision);
        match self.kernel.gate.check_again(effect, id, agent, decision).await {
            Ok(approved) => Ok(Ok(approved)),
            Err(GateError::Store(error)) => Err(error),
            Err(denied) => Ok(Err(Refused { code: denied.code(), platform, message: denied.to_string() })),
        }
    }

    async fn upload(&self, service: &Service, uploads: &mut Vec<Uploaded>) -> Result<(), Refusal> {
        let trace = Trace::of(&self.request);
        let media = if service.uploads { self.record.effect.content().media.as_slice() } else { &[] };
        for (index, medium) in media.iter().enumerate().skip(uploads.len()) {
            let call_key = self.record.call_key.step("upload", index);
            let upload = Upload { effect: &self.record.effect, media: medium, call_key, trace: &trace };
            uploads.push(self.kernel.platform.upload(upload).await?);
        }
        Ok(())
    }

    fn not_served(&self) -> Refused {
        let content = self.record.effect.content();
        Refused {
            code: chimera_contracts::ErrorCode::PlatformNotConfigured,
            platform: Some(content.platform),
            message: format!("no tool is configured to {} on `{}`", content.kind.as_str(), content.platform),
        }
    }
}

/// An attempt that was held up until nothing of it may go on the wire any more.
fn too_late() -> Refusal {
    let message = "the attempt was held up until it was too late to send; nothing was sent".to_owned();
    Refusal { code: chimera_contracts::ErrorCode::Timeout, message, retry_at: None, said: None }
}
