//! The flow: parse -> recall -> probe -> plan -> gate -> admit -> drive -> answer.
//!
//! Up to the admission nothing is recorded but refusals; from there on the journal carries everything, and a call that
//! is cut off anywhere is finished by the next one with the same key, or by the background worker.

use chimera_contracts::publish::{PublishInput, PublishOutput, PublishStrategy};
use chimera_contracts::{CallContext, Digest, ErrorCode};
use chimera_effect::step::same_effects;
use chimera_effect::{
    AccountRef, Admission, Admit, Carry, EffectKind, EffectV1, ExecutionOrder, ExecutionPlan, NewEffect,
    RequestKey, RequestView,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::answer;
use crate::approve::claim;
use crate::input::{check_context, check_role, check_served};
use crate::plan::{Ground, Planned, plan};
use crate::probe::{known_media, probe};
use crate::refuse::{self, Refusal, request_key};
use crate::skill::PublishSkill;

impl PublishSkill {
    pub(crate) async fn publish(&self, context: &CallContext, input: &PublishInput) -> PublishOutput {
        let mut digests = Vec::new();
        match self.flow(context, input, &mut digests).await {
            Ok(output) => output,
            // It may have been admitted: nothing was refused, so nothing is recorded as refused.
            Err(refusal) if refusal.open => refuse::open_answer(input, &refusal),
            Err(refusal) => {
                self.record_refusal(context, input, &digests, &refusal).await;
                refuse::answer(input, &refusal)
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
        check_context(context, input)?;
        input.check()?;
        check_served(input)?;
        let key = request_key(context, input);
        match self.ports.kernel.request(&key).await.map_err(|error| Refusal::store(&error))? {
            Some(view) => self.repeat(context, input, key, view, digests).await,
            None => self.first(context, input, key, digests).await,
        }
    }

    /// A request whose key is known: it needs neither its claim nor its media again, and is told what became of it.
    async fn repeat(
        &self,
        context: &CallContext,
        input: &PublishInput,
        key: RequestKey,
        view: RequestView,
        digests: &mut Vec<Digest>,
    ) -> Result<PublishOutput, Refusal> {
        let planned = self.plan(context, input, Some(&view)).await?;
        digests.extend(planned.iter().map(|planned| planned.effect.digest()));
        check_same(&view, input, &planned)?;
        let carry = self.carry(context, input, key, &planned);
        let request = view.request.clone();
        Ok(answer::answer(&request, &self.ports.kernel.carry_on(&carry, view).await))
    }

    /// A request whose key is new.
    async fn first(
        &self,
        context: &CallContext,
        input: &PublishInput,
        key: RequestKey,
        digests: &mut Vec<Digest>,
    ) -> Result<PublishOutput, Refusal> {
        let claim = claim(input)?;
        let planned = self.plan(context, input, None).await?;
        digests.extend(planned.iter().map(|planned| planned.effect.digest()));
        self.check_ready(&planned).await?;
        let approved = self.approve(&key, &planned, input.agent_id, &claim).await?;
        let effects = self.new_effects(&approved, input.publish_strategy)?;
        let admit = Admit {
            key: key.clone(),
            former_keys: Vec::new(),
            campaign: input.campaign_id,
            agent: input.agent_id,
            asked_by: Some(context.actor.clone()),
            correlation: input.correlation_id,
            task: Some(input.task_id),
            artifact: input.content_bundle.bundle_id.clone(),
            review: None,
            plan: ExecutionPlan { order: order(input), ..ExecutionPlan::default() },
            named_budgets: Vec::new(),
            decisions: Vec::new(),
            reasons: Vec::new(),
            effects,
        };
        let carry = self.carry(context, input, key, &planned);
        let admitted = self.ports.kernel.admit(admit).await.map_err(|error| Refusal::store(&error))?;
        let (admission, leased) = admitted.into_parts();
        match admission {
            Admission::Fresh(view) => {
                let effects = leased.into_iter().zip(approved).collect();
                let told = self.ports.kernel.carry_fresh(effects, &carry).await;
                Ok(answer::answer(&view.request, &told))
            }
            Admission::Known(view) => {
                let request = view.request.clone();
                Ok(answer::answer(&request, &self.ports.kernel.carry_on(&carry, view).await))
            }
            Admission::Conflict { message } => Err(Refusal::whole(ErrorCode::IdempotencyConflict, message)),
            Admission::Refused(refused) => Err(refused.into()),
        }
    }

    fn carry(
        &self,
        context: &CallContext,
        input: &PublishInput,
        key: RequestKey,
        planned: &[Planned],
    ) -> Carry {
        Carry {
            effects: planned.iter().map(|planned| key.effect_id(&planned.effect.digest())).collect(),
            within: self.options.answer_within,
            until: self.until(context, input),
            poll: self.options.poll,
            key,
        }
    }

    /// The effects that an input asks for. Of a request that is known its media are not probed, and it is not asked what the tools
    /// can carry: it is to be told what became of it, whatever the profile has become since.
    pub(crate) async fn plan(
        &self,
        context: &CallContext,
        input: &PublishInput,
        known: Option<&RequestView>,
    ) -> Result<Vec<Planned>, Refusal> {
        let deadline = self.deadline(context, self.options.answer_within);
        let digests = known.map(known_media).unwrap_or_default();
        let media = probe(self.ports.media.as_ref(), input, &digests, deadline).await?;
        let service = |account: AccountRef<'_>| self.ports.kernel.service(account, EffectKind::Publish);
        let unfit = |content: &EffectV1, media_types: &[String]| match known {
            None => self.ports.kernel.unfit(content, media_types),
            Some(_) => Vec::new(),
        };
        let ground = Ground {
            namespace: &context.namespace,
            accounts: &self.ports.accounts,
            media: &media,
            service: &service,
            unfit: &unfit,
        };
        plan(&ground, input)
    }

    /// Whether every target can be reached: a profile serves it, its server starts and offers the tools (PUB-18).
    async fn check_ready(&self, planned: &[Planned]) -> Result<(), Refusal> {
        let wanted: Vec<_> = planned.iter().map(|planned| planned.effect.content().account_ref()).collect();
        let not_ready = self.ports.kernel.ready(&wanted, EffectKind::Publish).await;
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
            let content = approved.get().content();
            let service = self.ports.kernel.service(content.account_ref(), EffectKind::Publish);
            let service = service.ok_or_else(|| {
                let message = "no tool is configured to publish there";
                Refusal::about(content.platform, ErrorCode::PlatformNotConfigured, message)
            })?;
            let wait = strategy == PublishStrategy::Sequential && position > 0;
            Ok(self.ports.kernel.new_effect(approved.clone(), &service, wait))
        };
        approved.iter().enumerate().map(new).collect()
    }

    /// Until when a caller waits: so long for each platform that is worked on after another, or its own deadline where
    /// that is earlier.
    fn until(&self, context: &CallContext, input: &PublishInput) -> DateTime<Utc> {
        let turns = match input.publish_strategy {
            PublishStrategy::Sequential => input.target_platforms.len(),
            PublishStrategy::Parallel => 1,
        };
        let turns = i32::try_from(turns.max(1)).unwrap_or(i32::MAX);
        let within = self.options.answer_within;
        self.deadline(context, within.checked_mul(turns).unwrap_or(within))
    }

    fn deadline(&self, context: &CallContext, span: TimeDelta) -> DateTime<Utc> {
        let ours = self.ports.clock.now().checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC);
        context.deadline.map_or(ours, |theirs| theirs.min(ours))
    }
}

fn order(input: &PublishInput) -> ExecutionOrder {
    match input.publish_strategy {
        PublishStrategy::Sequential => ExecutionOrder::Sequential,
        PublishStrategy::Parallel => ExecutionOrder::Parallel,
    }
}

/// Whether the request that has this key is this one, or a part of it.
fn check_same(view: &RequestView, input: &PublishInput, planned: &[Planned]) -> Result<(), Refusal> {
    let effects = planned.iter().map(|planned| &planned.effect);
    same_effects(view, input.campaign_id, input.agent_id, effects)
        .map_err(|message| Refusal::whole(ErrorCode::IdempotencyConflict, message))
}
