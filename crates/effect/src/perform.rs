//! Beginning an attempt and performing it: write before you act.

use chimera_contracts::StoreError;
use chimera_governance::{Approved, Authority, Denial, GateError};
use chrono::TimeDelta;

use crate::attempt::Attempt;
use crate::drive::{Drive, Held, Next};
use crate::effect::Effect;
use crate::journal::{Advanced, Refused, Step};
use crate::kernel::Purpose;
use crate::outcome::{FoundBy, Outcome, Refusal, UnknownOutcome};
use crate::platform::{LateOutcome, Service, Trace, Upload, Uploaded};
use crate::resolve::ELSEWHERE;
use crate::state::EffectState;

impl Drive<'_> {
    /// Records an attempt, after the approval was checked again and the media are with the platform.
    pub(crate) async fn begin(&mut self) -> Result<Next, StoreError> {
        // Whoever asked does not wait any more: what was not begun is left as it is.
        // Nor does anything begin once its worker is told to stop.
        if self.kernel.clock.now() >= self.until || self.halt.is_given() {
            return Ok(Next::Stop);
        }
        let approved = match self.reapprove().await? {
            Ok(approved) => approved,
            Err(refused) => return self.barred(refused).await,
        };
        let Some(service) = self.service() else {
            // Another host on this store may have the tool. Who asks this one is told.
            if self.purpose == Purpose::Background {
                let later = self.kernel.clock.now().checked_add_signed(ELSEWHERE);
                return self.step(Step::PutOff(later), false).await.map(|_| Next::Stop);
            }
            return self.barred(self.not_served()).await;
        };
        let mut uploads = self.record.progress.uploads.clone();
        if service.uploads && uploads.len() < self.record.effect.content().media.len() {
            // Nothing is uploaded for what may not begin.
            let next = self.step(Step::Prepare, true).await?;
            if next == Next::Stop || self.record.progress.lease.is_none() {
                return Ok(Next::Stop);
            }
        }
        match self.upload(&service, &mut uploads).await? {
            Uploading::Done => {}
            Uploading::Refused(refusal) => {
                self.refused = true;
                self.keep_uploads(uploads, true).await?;
                // Nothing is said anew of what was public and is not: it may be asked for again.
                if self.record.progress.state == EffectState::RolledBack {
                    return Ok(Next::Stop);
                }
                // Where another holder was seen this writes nothing.
                return self.step(Step::NotDone(refusal), false).await;
            }
            Uploading::PutOff => {
                self.keep_uploads(uploads, false).await?;
                return Ok(Next::Stop);
            }
        }
        self.attempts_left = self.attempts_left.saturating_sub(1);
        let window = self.kernel.window(&service);
        let advanced = self.kernel.advance(&self.record, Step::Begin { window, uploads }, true).await?;
        if matches!(advanced, Advanced::Applied(_) | Advanced::Already(_)) {
            self.begun = Some(approved);
        }
        let next = self.adopt(advanced).await?;
        if self.record.progress.state == EffectState::Attempting {
            return Ok(next);
        }
        // It waits for its time, its turn or another effect, or moved meanwhile: nothing is sent.
        self.begun = None;
        Ok(Next::Stop)
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
                let reason =
                    "the platform answered with a post that belongs to another effect or was taken back";
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
        // It stays what it is: its caller asks again once what refuses it is mended.
        if self.record.progress.state == EffectState::RolledBack {
            tracing::info!(effect = %self.record.id, why = refused.message, "what was taken back is not attempted again");
            return Ok(Next::Stop);
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
        let checked = match (self.record.authority, self.record.undoes) {
            (Authority::Listed, _) => self.kernel.gate.check_again(effect, id, agent, decision).await,
            (Authority::TakesBack, undoes) => {
                let namespace = &self.request.key.namespace;
                let post = match undoes {
                    Some(undoes) => self.kernel.effect(namespace, undoes.effect).await?,
                    None => None,
                };
                match post {
                    Some(post) => self.kernel.approve_undo(&self.request, &post).await,
                    None => Err(GateError::Denied(Denial::NotItsEffect)),
                }
            }
        };
        // The post may be another one by now.
        let checked = checked.and_then(|approved| match approved.digest() == self.record.effect.digest() {
            true => Ok(approved),
            false => Err(GateError::Denied(Denial::NotItsEffect)),
        });
        match checked {
            Ok(approved) => Ok(Ok(approved)),
            Err(GateError::Store(error)) => Err(error),
            Err(denied) => Ok(Err(Refused { code: denied.code(), platform, message: denied.to_string() })),
        }
    }

    /// Uploads what is not with the platform yet. The lease is renewed meanwhile, and asked for again what stands in the way of
    /// an attempt: an upload may take minutes.
    async fn upload(
        &mut self,
        service: &Service,
        uploads: &mut Vec<Uploaded>,
    ) -> Result<Uploading, StoreError> {
        let (kernel, trace, effect) = (self.kernel, Trace::of(&self.request), self.record.effect.clone());
        let media = if service.uploads { effect.content().media.as_slice() } else { &[] };
        for (index, medium) in media.iter().enumerate().skip(uploads.len()) {
            let call_key = self.record.call_key.step("upload", index);
            let upload = Upload { effect: &effect, media: medium, call_key, trace: &trace };
            let (longest, halt) = (kernel.options.longest_upload, self.halt.clone());
            // Nothing is public by an upload: a worker that stops does not wait for it.
            let uploading = halt.or(kernel.platform.upload(upload));
            match self.holding(&Step::Prepare, longest, uploading).await? {
                Held::Done(Some(Ok(uploaded))) => uploads.push(uploaded),
                Held::Done(Some(Err(refusal))) => return Ok(Uploading::Refused(refusal)),
                Held::Overtime => return Ok(Uploading::Refused(too_long(longest))),
                Held::Done(None) | Held::Gone => return Ok(Uploading::PutOff),
            }
        }
        Ok(Uploading::Done)
    }

    /// Keeps what did arrive, so that only the rest is uploaded again.
    async fn keep_uploads(&mut self, uploads: Vec<Uploaded>, keep: bool) -> Result<(), StoreError> {
        if uploads.len() > self.record.progress.uploads.len() && !self.fenced {
            self.step(Step::Uploaded(uploads), keep).await?;
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

/// An upload that was given up. Nothing becomes public by one.
fn too_long(longest: TimeDelta) -> Refusal {
    let message = format!("an upload did not end within {} s", longest.num_seconds());
    Refusal { code: chimera_contracts::ErrorCode::MediaUploadFailed, message, retry_at: None, said: None }
}

/// What came of uploading.
enum Uploading {
    /// Everything is with the platform.
    Done,
    /// A medium was refused.
    Refused(Refusal),
    /// The attempt may not begin any more, somebody else holds the effect, or the worker stops.
    PutOff,
}

/// An attempt that was held up until nothing of it may go on the wire any more.
fn too_late() -> Refusal {
    let message = "the attempt was held up until it was too late to send; nothing was sent".to_owned();
    Refusal { code: chimera_contracts::ErrorCode::Timeout, message, retry_at: None, said: None }
}
