//! The flow: parse -> probe -> plan -> recall -> gate -> admit -> drive -> answer.
//!
//! Up to the admission nothing is recorded but refusals; from there on the journal carries everything, and a call that
//! is cut off anywhere is finished by the next one with the same key, or by the background worker.

use chimera_contracts::publish::{PublishInput, PublishOutput, PublishStrategy};
use chimera_contracts::{CallContext, Digest, EffectId, ErrorCode, PlatformName};
use chimera_effect::step::same_effects;
use chimera_effect::{Admission, Admit, EffectKind, Leased, NewEffect, RequestKey, RequestView};
use chrono::{DateTime, Utc};

use crate::answer;
use crate::approve::claim;
use crate::input::{check_role, check_served};
use crate::plan::{Planned, plan};
use crate::probe::probe;
use crate::refuse::{self, Refusal, request_key};
use crate::skill::PublishSkill;

/// What a request asks for, once planned.
pub(crate) struct Asked {
    pub(crate) key: RequestKey,
    pub(crate) ids: Vec<EffectId>,
    pub(crate) strategy: PublishStrategy,
    pub(crate) until: DateTime<Utc>,
}

impl PublishSkill {
    pub(crate) async fn publish(
        &self,
        context: &CallContext,
        input: &PublishInput,
    ) -> Result<PublishOutput, PublishOutput> {
        let mut digests = Vec::new();
        match self.flow(context, input, &mut digests).await {
            Ok(output) => Ok(output),
            Err(refusal) => {
                self.record_refusal(context, input, &digests, &refusal).await;
                Err(refuse::answer(input, &refusal))
            }
        }
    }

    async fn flow(
        &self,
        context: &CallContext,
        input: &PublishInput,
        digests: &mut Vec<Digest>,
    ) -> Result<PublishOutput, Refusal> {
        check_role(context)?;
        input.check()?;
        check_served(input)?;
        let claim = claim(input)?;
        let planned = self.plan(context, input).await?;
        digests.extend(planned.iter().map(|planned| planned.effect.digest()));

        let key = request_key(context, input);
        let asked = Asked {
            ids: planned.iter().map(|planned| key.effect_id(&planned.effect.digest())).collect(),
            strategy: input.publish_strategy,
            until: self.until(context, planned.len()),
            key,
        };
        if let Some(view) = self.recall(&asked.key, input, &planned).await? {
            return self.go_on(&asked, view).await;
        }
        self.check_ready(input).await?;
        let approved = self.approve(&asked.key, &planned, &claim).await?;
        let effects = self.new_effects(&approved, input.publish_strategy)?;
        let admit = Admit {
            key: asked.key.clone(),
            campaign: input.campaign_id,
            agent: input.agent_id,
            correlation: input.correlation_id,
            task: Some(input.task_id),
            artifact: input.content_bundle.bundle_id.clone(),
            effects,
        };
        match self.ports.kernel.admit(admit).await.map_err(|error| Refusal::store(&error))? {
            Admission::Fresh(RequestView { request, effects }) => {
                let leased = effects.into_iter().map(|record| Leased { request: request.clone(), record });
                let driven = self.drive_fresh(leased.zip(approved).collect(), &asked).await;
                Ok(answer::answer(&request, &driven))
            }
            Admission::Known(view) => self.go_on(&asked, view).await,
            Admission::Conflict { message } => Err(Refusal::whole(ErrorCode::IdempotencyConflict, message)),
            Admission::Refused(refused) => Err(refused.into()),
        }
    }

    /// The effects that an input asks for.
    pub(crate) async fn plan(
        &self,
        context: &CallContext,
        input: &PublishInput,
    ) -> Result<Vec<Planned>, Refusal> {
        let deadline = self.until(context, 1);
        let media = probe(self.ports.media.as_ref(), input, deadline).await?;
        plan(&context.namespace, input, &self.ports.accounts, &media)
    }

    /// The request that has this key already, if it is this one.
    async fn recall(
        &self,
        key: &RequestKey,
        input: &PublishInput,
        planned: &[Planned],
    ) -> Result<Option<RequestView>, Refusal> {
        let view = self.ports.kernel.request(key).await.map_err(|error| Refusal::store(&error))?;
        if let Some(view) = &view {
            let effects = planned.iter().map(|planned| &planned.effect);
            same_effects(view, input.campaign_id, input.agent_id, effects)
                .map_err(|message| Refusal::whole(ErrorCode::IdempotencyConflict, message))?;
        }
        Ok(view)
    }

    /// Whether every target can be reached: a profile serves it, its server starts and offers the tools (PUB-18).
    async fn check_ready(&self, input: &PublishInput) -> Result<(), Refusal> {
        let not_ready = self.ports.kernel.ready(&input.target_platforms, EffectKind::Publish).await;
        let Some(first) = not_ready.first() else { return Ok(()) };
        let told: Vec<String> =
            not_ready.iter().map(|not| format!("{}: {}", not.platform, not.message)).collect();
        Err(Refusal::whole(first.code, told.join("; ")))
    }

    fn new_effects(
        &self,
        approved: &[chimera_governance::Approved<chimera_effect::Effect>],
        strategy: PublishStrategy,
    ) -> Result<Vec<NewEffect>, Refusal> {
        let new = |(position, approved): (usize, &chimera_governance::Approved<chimera_effect::Effect>)| {
            let platform: PlatformName = approved.get().content().platform;
            let service = self.ports.kernel.service(platform, EffectKind::Publish).ok_or_else(|| {
                let message = "no tool is configured to publish there";
                Refusal::about(platform, ErrorCode::PlatformNotConfigured, message)
            })?;
            let wait = strategy == PublishStrategy::Sequential && position > 0;
            Ok(self.ports.kernel.new_effect(approved.clone(), &service, wait))
        };
        approved.iter().enumerate().map(new).collect()
    }

    /// Until when a caller waits: so long for each platform, or its own deadline where that is earlier.
    fn until(&self, context: &CallContext, platforms: usize) -> DateTime<Utc> {
        let platforms = i32::try_from(platforms.max(1)).unwrap_or(i32::MAX);
        let span = self.options.answer_within.checked_mul(platforms).unwrap_or(self.options.answer_within);
        let ours = self.ports.clock.now().checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC);
        context.deadline.map_or(ours, |theirs| theirs.min(ours))
    }
}
